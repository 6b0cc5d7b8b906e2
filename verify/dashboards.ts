/** What the checks read of a dashboard as Grafana stores it. */
export interface Dashboard {
  readonly title: string;
  readonly tags?: readonly string[];
  readonly templating?: {
    readonly list?: readonly {
      readonly name: string;
      readonly type: string;
      readonly current?: { readonly value?: unknown };
    }[];
  };
}

// Grafana's own sources: annotations, mixed queries, another panel's result, expressions
const BUILT_IN = new Set(["grafana", "-- Grafana --", "-- Mixed --", "-- Dashboard --", "__expr__"]);

/** References to a datasource that Grafana does not have, variables resolved; empty means that all are bound. */
export function unboundDatasources(dashboard: Dashboard, uids: ReadonlySet<string>): readonly string[] {
  const variables = new Map(
    (dashboard.templating?.list ?? [])
      .filter(({ type }) => type === "datasource")
      .map(({ name, current }) => [name, String(current?.value)]),
  );
  const wrong = references(dashboard).filter((reference) => {
    const uid = /^\$\{?(\w+)\}?$/.exec(reference)?.[1];
    const resolved = uid === undefined ? reference : (variables.get(uid) ?? reference);
    return !BUILT_IN.has(resolved) && !uids.has(resolved);
  });
  return [...new Set(wrong)];
}

/** Every datasource that something in the dashboard names, by uid or by name; null stands for the default one. */
function references(value: unknown): string[] {
  if (Array.isArray(value)) {
    return value.flatMap(references);
  }
  if (typeof value !== "object" || value === null) {
    return [];
  }
  return Object.entries(value).flatMap(([key, item]) => {
    if (key !== "datasource") {
      return references(item);
    }
    const reference: unknown = typeof item === "object" && item !== null ? (item as { uid?: unknown }).uid : item;
    return typeof reference === "string" ? [reference] : [];
  });
}
