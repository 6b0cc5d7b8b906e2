import { Frame } from "../../verify/panels/grafana";
import { QueryFinding } from "../../verify/panels/queries";

/** A series that a panel shows, or a row of a table. */
export interface Series {
  /** Legend; empty if it would repeat the query. */
  readonly name: string;
  readonly refId: string;
  readonly labels: Readonly<Record<string, string>>;
  /** In order of time; null for a missing value. */
  readonly values: readonly (number | null)[];
}

type QueryFrames = Pick<QueryFinding, "frames" | "refId" | "expr">;
type Entities = NonNullable<NonNullable<Frame["data"]>["entities"]>[number];

/** Series of a query's frames; a table row becomes a series with one value. */
export function seriesOf({ frames, refId, expr }: QueryFrames): readonly Series[] {
  return frames.flatMap(({ schema, data }) => {
    const columns = (schema?.fields ?? []).map((field, index) => ({
      field,
      values: data?.values?.[index] ?? [],
      entities: data?.entities?.[index] ?? null,
    }));
    const texts = columns.filter(({ field }) => field.type === "string");
    return columns
      .filter(({ field, values }) => field.type === "number" && values.length > 0)
      .flatMap(({ field, values, entities }): Series[] => {
        const numbers = values.map((value, row) => numberOf(value, row, entities));
        const { labels = {}, name = "", config } = field;
        if (texts.length === 0) {
          const legend = config?.displayNameFromDS?.trim() ?? nameOf(labels, name);
          return [{ name: legend === expr ? "" : legend, refId, labels, values: numbers }];
        }
        return numbers.map((value, row) => {
          const own = Object.fromEntries(texts.map((it) => [it.field.name ?? "", it.values[row] as string]));
          return { name: nameOf(own, name), refId, labels: own, values: [value] };
        });
      });
  });
}

function nameOf(labels: Readonly<Record<string, string>>, otherwise: string): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return pairs.length === 0 ? otherwise : `{${pairs.join(", ")}}`;
}

/** Grafana encodes an infinity as null, and lists its row in `entities`. */
function numberOf(value: unknown, row: number, entities: Entities): number | null {
  if (typeof value === "number") {
    return value;
  }
  if (entities?.Inf?.includes(row) === true) {
    return Infinity;
  }
  return entities?.NegInf?.includes(row) === true ? -Infinity : null;
}
