import { ownDashboards } from "../../dashboards";
import { Exposed, NOT_EVERYWHERE, queriesOf, readExposed, unknownIn } from "../support/exposed";
import { parseQuery, withoutVariables } from "../support/promql";

/** What the tests read of a dashboard in the form that Grafana gets. */
interface Model {
  readonly uid: string;
  readonly panels: readonly {
    readonly targets: readonly { readonly expr: string; readonly legendFormat?: string }[];
  }[];
}

const EXPOSED: Exposed = { ...readExposed(), ...NOT_EVERYWHERE };
const MODELS = [
  ...ownDashboards({ namePrefix: "team.a-" }),
  ...ownDashboards({ namePrefix: "team.a-", engine: "swarm" }).filter(({ home }) => home),
].map(({ model }) => JSON.parse(JSON.stringify(model)) as unknown as Model);

describe.each(MODELS.map((model) => [model.uid, model] as const))("dashboard %s", (_, model) => {
  const targets = model.panels.flatMap((it) => it.targets);

  it("queries in PromQL only metrics and labels that the lab exposes", () => {
    const queries = queriesOf(model);
    expect(queries.length).toBeGreaterThan(0);
    for (const query of queries) {
      expect({ query, unknown: unknownIn(query) }).toStrictEqual({ query, unknown: [] });
    }
  });

  it("names series by labels that the query keeps", () => {
    for (const { expr, legendFormat = "" } of targets) {
      const { selectors, grouping } = parseQuery(withoutVariables(expr));
      const kept = /\bby \(/.test(expr) ? grouping : selectors.flatMap(({ metric }) => EXPOSED[metric] ?? []);
      const named = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = ""]) => label);
      expect({ expr, lost: named.filter((label) => !kept.includes(label)) }).toStrictEqual({ expr, lost: [] });
    }
  });

  it("shows counters as rates only", () => {
    const raw = targets.map(({ expr }) => expr.replace(/rate\(\w+(\{[^}]*\})?\[\$__rate_interval\]\)/g, ""));
    expect(raw.filter((rest) => /_(total|count|bucket|sum)\b/.test(rest))).toStrictEqual([]);
  });
});

describe("the analysis of a query", () => {
  it("finds its metrics, the labels that they match, and the labels that it groups and joins by", () => {
    expect(parseQuery('sum by (a) (rate(m{x="1", y=~"2"}[5m])) / on (b) n or time() - vector(1)')).toStrictEqual({
      selectors: [
        { metric: "m", labels: ["x", "y"] },
        { metric: "n", labels: [] },
      ],
      grouping: ["a", "b"],
    });
  });

  it.each(["sum(", "a b", "rate(up[$__rate_interval])", 'up{job="a}'])("rejects %s", (query) => {
    expect(() => parseQuery(query)).toThrow("no PromQL at");
  });

  it.each([
    ["no_such_metric", ["no_such_metric"]],
    ['up{path="/"}', ["up{path}"]],
    ["sum by (path) (up)", ["path"]],
    ['sum by (job) (up{job="a"})', []],
  ])("finds in %s the part that no lab exposes", (query, unknown) => {
    expect(unknownIn(query)).toStrictEqual(unknown);
  });

  it("treats every variable of Grafana as matching everything", () => {
    expect(withoutVariables('rate(m{path=~"$path"}[$__rate_interval])')).toBe('rate(m{path=~".*"}[20s])');
  });
});
