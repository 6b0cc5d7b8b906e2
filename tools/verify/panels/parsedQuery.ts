import { attempt } from "../../../lib/shared/attempt";

/** A matcher of a selector, as Prometheus' parser returns it. */
export interface Matcher {
  readonly name: string;
  readonly type: string;
  readonly value: string;
}

export interface Selector {
  readonly matchers: readonly Matcher[];
  /** Whether it is a range selector such as `[5m]`. */
  readonly overTime: boolean;
  /** Seconds by which its `offset` looks back; 0 without one. */
  readonly offset: number;
  /** Whether it selects a native histogram: it is the argument of a histogram function and is not grouped by `le`. */
  readonly histogram: boolean;
}

/** The parts of a query that matter for missing data, from Prometheus' parser. */
export interface ParsedQuery {
  /** Selectors that all need data for the query to have data. */
  readonly selectors: readonly Selector[];
  /** The sides of each `or`; data in one of them is enough. */
  readonly either: readonly (readonly ParsedQuery[])[];
  /** Whether a comparison drops values, such as `> 0`. */
  readonly compares: boolean;
  /** Why it may rightly have no data although its selectors do; undefined if it drops no series. */
  readonly filters: string | undefined;
}

/** A node of the syntax tree, with the fields of the parser that are read. */
interface Tree {
  readonly type?: unknown;
  readonly matchers?: readonly Matcher[];
  readonly op?: unknown;
  readonly bool?: unknown;
  /** In milliseconds. */
  readonly offset?: number;
  readonly func?: { readonly name?: unknown };
  readonly grouping?: readonly unknown[];
  readonly lhs?: unknown;
  readonly rhs?: unknown;
}

const COMPARISON = "no value passes its comparison";
const PRESENCE = "the series that it looks for the absence of exist";
const EXCLUSION = "its unless leaves no series";
/** Functions that return a value if their argument finds nothing. */
const ABSENCE = new Set(["absent", "absent_over_time"]);
const COMPARISONS = new Set(["==", "!=", ">", "<", ">=", "<="]);

/**
 * Selectors and comparisons in the syntax tree of Prometheus' parser.
 *
 * @param back Milliseconds by which a subquery around it looks back.
 */
export function readTree(tree: unknown, histogram = false, back = 0): ParsedQuery {
  if (typeof tree !== "object" || tree === null) {
    return { selectors: [], either: [], compares: false, filters: undefined };
  }
  const { type, matchers, offset = 0, op, bool, func, grouping, lhs, rhs } = tree as Tree;
  if (type === "vectorSelector" || type === "matrixSelector") {
    const overTime = type === "matrixSelector";
    return {
      selectors: [{ matchers: matchers ?? [], overTime, offset: (back + offset) / 1000, histogram }],
      either: [],
      compares: false,
      filters: undefined,
    };
  }
  if (type === "call" && ABSENCE.has(String(func?.name))) {
    return { selectors: [], either: [], compares: false, filters: PRESENCE };
  }
  if (op === "or") {
    const sides = [lhs, rhs].map((side) => readTree(side, histogram, back));
    return { selectors: [], either: [sides], compares: false, filters: filtersOf(sides) };
  }
  if (op === "unless") {
    // the right side only removes series, so it does not matter if it finds nothing
    const left = readTree(lhs, histogram, back);
    return { ...left, filters: left.filters ?? EXCLUSION };
  }
  const native = (histogram || String(func?.name).startsWith("histogram_")) && grouping?.includes("le") !== true;
  const parts = Object.values(tree).map((part) => readTree(part, native, back + offset));
  const compares = type === "binaryExpr" && COMPARISONS.has(String(op)) && bool !== true;
  return {
    selectors: parts.flatMap(({ selectors }) => selectors),
    either: parts.flatMap(({ either }) => either),
    compares: compares || parts.some((part) => part.compares),
    filters: compares ? COMPARISON : filtersOf(parts),
  };
}

function filtersOf(parts: readonly ParsedQuery[]): string | undefined {
  return parts.find(({ filters }) => filters !== undefined)?.filters;
}

/** The metric name of a selector; empty if there is none, or more than one. */
export function metricOf(matchers: readonly Matcher[]): string {
  return matchers.find(({ name, type }) => name === "__name__" && type === "=")?.value ?? "";
}

/** The regular expression of a matcher; undefined for syntax of RE2 that JavaScript does not support. */
export function regexOf(value: string): RegExp | undefined {
  return attempt(() => new RegExp(`^(?:${value})$`));
}

/** A selector in PromQL. */
export function written(matchers: readonly Matcher[]): string {
  const metric = metricOf(matchers);
  const plain = metric === "" || /^[a-zA-Z_:][\w:]*$/.test(metric);
  const labels = matchers
    .filter(({ name, type }) => name !== "__name__" || type !== "=")
    .map(({ name, type, value }) => `${quoteName(name)}${type}${JSON.stringify(value)}`);
  const list = [...(plain ? [] : [JSON.stringify(metric)]), ...labels];
  return `${plain ? metric : ""}${list.length === 0 ? "" : `{${list.join(",")}}`}`;
}

/** A label's name in PromQL; quoted only if it has to be, as releases before 3 do not support quotes. */
export function quoteName(name: string): string {
  return /^[a-zA-Z_]\w*$/.test(name) ? name : JSON.stringify(name);
}
