import { Panel } from "../../verify/panels/model";

/** The value of a series that a panel shows. */
export interface Reduced {
  /** Undefined if the series has none. */
  readonly value: number | undefined;
  /** Whether the panel shows another value, which only Grafana's page calculates; this is the last one then. */
  readonly other: boolean;
}

/** Panel types with `reduceOptions`; the others show the last value in their legend at most. */
const REDUCING = new Set(["stat", "gauge", "bargauge", "piechart", "radialbar"]);

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

/** Grafana's calculations over the values that are not null (standardCalcs in packages/grafana-data). */
const CALCULATIONS: Readonly<Record<string, (values: readonly number[]) => number>> = {
  lastNotNull: (values) => values.at(-1) ?? NaN,
  firstNotNull: ([first = NaN]) => first,
  min: (values) => Math.min(...values),
  max: (values) => Math.max(...values),
  sum,
  mean: (values) => sum(values) / values.length,
  range: (values) => Math.max(...values) - Math.min(...values),
  diff: (values) => (values.at(-1) ?? NaN) - (values[0] ?? NaN),
};

/** The value of a series by the first calculation of its panel; Grafana's default is the last value that is not null. */
export function reduceSeries({ type, options }: Panel, all: readonly (number | null)[]): Reduced {
  const { calcs, values: each } = options?.reduceOptions ?? {};
  const chosen = REDUCING.has(type) && Array.isArray(calcs) ? (calcs as readonly unknown[])[0] : undefined;
  const name = typeof chosen === "string" ? chosen : "lastNotNull";
  if (each !== true && (name === "last" || name === "first")) {
    return { value: all.at(name === "last" ? -1 : 0) ?? undefined, other: false };
  }
  const known = Object.hasOwn(CALCULATIONS, name) && !(each === true && all.length > 1);
  const values = all.filter((value) => value !== null);
  const value = values.length === 0 ? undefined : CALCULATIONS[known ? name : "lastNotNull"]?.(values);
  return { value, other: !known };
}
