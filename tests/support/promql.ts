import type { LRParser } from "@lezer/lr";

/** Names that a query uses. */
export interface Asked {
  /** Each metric with the labels that its selectors match. */
  readonly selectors: readonly { readonly metric: string; readonly labels: readonly string[] }[];
  /** Labels that the query groups or joins by. */
  readonly grouping: readonly string[];
}

// the package is declared as an ES module, although this build is CommonJS
const { parser } = jest.requireActual<{ parser: LRParser }>("@prometheus-io/lezer-promql");

/** The query as Grafana sends it with everything selected. */
export function withoutVariables(query: string): string {
  return query
    .replaceAll("$__rate_interval", "20s")
    .replaceAll("$__range", "1h")
    .replace(/\$[a-z]\w*/g, ".*");
}

/** Parses a PromQL query; throws if it is invalid. */
export function parseQuery(query: string): Asked {
  const selectors: { metric: string; labels: string[] }[] = [];
  const grouping: string[] = [];
  parser.parse(query).iterate({
    enter: ({ type, from, to, node }) => {
      const text = query.slice(from, to);
      if (type.isError) {
        throw new Error(`no PromQL at ${String(from)}: ${query}`);
      } else if (type.name === "Identifier") {
        selectors.push({ metric: text, labels: [] });
      } else if (type.name === "LabelName" && node.parent?.name === "GroupingLabels") {
        grouping.push(text);
      } else if (type.name === "LabelName") {
        selectors.at(-1)?.labels.push(text);
      }
    },
  });
  return { selectors, grouping };
}
