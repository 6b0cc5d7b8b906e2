import { Sample } from "../lab";

/** Request to Prometheus for the query of a variable. */
interface FindRequest {
  readonly path: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** Extracts the options from Prometheus' response. */
  readonly read: (data: never) => readonly string[];
}

/** The request behind `label_values(…)`, `query_result(…)`, `metrics(…)`, `label_names()` or a plain selector. */
export function findRequest(query: string): FindRequest {
  const [, call, inside = ""] = /^\s*(label_values|query_result|metrics|label_names)\((.*)\)\s*$/s.exec(query) ?? [];
  switch (call) {
    case "label_values": {
      const [, selector = "", label = ""] = /^(?:(.*),)?\s*([a-zA-Z_]\w*)\s*$/s.exec(inside) ?? [];
      return { path: `label/${label}/values`, parameters: matching(selector), read: (values: string[]) => values };
    }
    case "query_result":
      return { path: "query", parameters: { query: inside }, read: readSamples };
    case "metrics": {
      const name = new RegExp(inside.trim());
      const read = (names: string[]): string[] => names.filter((it) => name.test(it));
      return { path: "label/__name__/values", parameters: {}, read };
    }
    case "label_names":
      return { path: "labels", parameters: {}, read: (labels: string[]) => labels };
    default:
      return {
        path: "series",
        parameters: matching(query),
        read: (series: Record<string, string>[]) => series.map((labels) => seriesName(labels, ", ")),
      };
  }
}

function matching(selector: string): Record<string, string> {
  const trimmed = selector.trim();
  return trimmed === "" || /^\{\s*\}$/.test(trimmed) ? {} : { "match[]": trimmed };
}

/** Formatted as Grafana does, so that a variable's regex captures what its author meant. */
function readSamples({ resultType, result }: { resultType: string; result: never }): string[] {
  if (resultType === "scalar" || resultType === "string") {
    return [(result as [number, string])[1]];
  }
  return (result as Sample[]).map(
    ({ metric, value: [time, value] }) => `${seriesName(metric, ",", true)} ${value} ${String(time * 1000)}`,
  );
}

function seriesName(
  { __name__: name = "", ...labels }: Record<string, string>,
  separator: string,
  braces = false,
): string {
  const list = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return list.length === 0 && !braces ? name : `${name}{${list.join(separator)}}`;
}
