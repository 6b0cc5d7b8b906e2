/** A matcher of a selector, in the terms of Prometheus' parser. */
export interface Matcher {
  readonly name: string;
  readonly type: string;
  readonly value: string;
}

export interface Selector {
  readonly matchers: readonly Matcher[];
  /** Whether it takes a range of samples, as `[5m]` does. */
  readonly overTime: boolean;
  /** Whether it means a native histogram: a function for histograms reads it, and nothing groups it by `le`. */
  readonly histogram: boolean;
}

/** What the reasons need of a query, as Prometheus' parser reads it. */
export interface ParsedQuery {
  /** Selectors that all have to find something, lest there is no data. */
  readonly selectors: readonly Selector[];
  /** The sides of each `or`, of which one with data is enough. */
  readonly either: readonly (readonly ParsedQuery[])[];
  /** Whether a comparison drops values, as `> 0` does. */
  readonly filters: boolean;
}

/** A node of the tree, of which the parser's other fields are parts. */
interface Tree {
  readonly type?: unknown;
  readonly matchers?: readonly Matcher[];
  readonly op?: unknown;
  readonly bool?: unknown;
  readonly func?: { readonly name?: unknown };
  readonly grouping?: readonly unknown[];
  readonly lhs?: unknown;
  readonly rhs?: unknown;
}

/** Functions that answer where their argument finds nothing. */
const ABSENCE = new Set(["absent", "absent_over_time"]);
const COMPARISONS = new Set(["==", "!=", ">", "<", ">=", "<="]);

/** Selectors and comparisons in what Prometheus' parser says of a query. */
export function readTree(tree: unknown, histogram = false): ParsedQuery {
  if (typeof tree !== "object" || tree === null) {
    return { selectors: [], either: [], filters: false };
  }
  const { type, matchers, op, bool, func, grouping, lhs, rhs } = tree as Tree;
  if (type === "vectorSelector" || type === "matrixSelector") {
    const selector = { matchers: matchers ?? [], overTime: type === "matrixSelector", histogram };
    return { selectors: [selector], either: [], filters: false };
  }
  if (type === "call" && ABSENCE.has(String(func?.name))) {
    return { selectors: [], either: [], filters: false };
  }
  if (op === "or") {
    return { selectors: [], either: [[readTree(lhs, histogram), readTree(rhs, histogram)]], filters: false };
  }
  if (String(func?.name).startsWith("absent")) {
    return { selectors: [], either: [], filters: false }; // it has a value where its selector finds nothing
  }
  if (op === "unless") {
    return readTree(lhs, histogram); // the right side takes away, so it is no reason when it finds nothing
  }
  const native = (histogram || String(func?.name).startsWith("histogram_")) && grouping?.includes("le") !== true;
  const parts = Object.values(tree).map((part) => readTree(part, native));
  const compares = type === "binaryExpr" && COMPARISONS.has(String(op)) && bool !== true;
  return {
    selectors: parts.flatMap(({ selectors }) => selectors),
    either: parts.flatMap(({ either }) => either),
    filters: compares || parts.some(({ filters }) => filters),
  };
}

/** The metric that a selector names; empty where it names none, or several. */
export function metricOf(matchers: readonly Matcher[]): string {
  return matchers.find(({ name, type }) => name === "__name__" && type === "=")?.value ?? "";
}

/** A selector in PromQL. */
export function written(matchers: readonly Matcher[]): string {
  const labels = matchers.filter(({ name, type }) => name !== "__name__" || type !== "=");
  const list = labels.map(({ name, type, value }) => `${name}${type}${JSON.stringify(value)}`);
  return `${metricOf(matchers)}${list.length === 0 ? "" : `{${list.join(",")}}`}`;
}
