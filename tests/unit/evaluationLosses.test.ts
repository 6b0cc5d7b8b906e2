import { setTimeout } from "node:timers/promises";
import { LabAccess } from "../../tools/pull-request/evaluation/labAccess";
import { causeFinder, ChangedLine, parseDiff } from "../../tools/pull-request/evaluation/causes";
import { pathsOf } from "../../tools/pull-request/evaluation/load";
import { compareSnapshots, findLosses, Loss } from "../../tools/pull-request/evaluation/losses";
import { lossText } from "../../tools/pull-request/evaluation/lossText";
import { Presence, QueryResult } from "../../tools/pull-request/evaluation/presence";
import { QueryOwner, Snapshot, takeSnapshot } from "../../tools/pull-request/evaluation/snapshot";
import { fakeApi, panel } from "../support/panels";

const RESULT: QueryResult = { absent: [], present: [], jobs: ["app"], series: 2, labels: ["path"], filters: undefined };
const PANEL: QueryOwner = { kind: "panel", name: "Rate", dashboard: "Own" };
const ALERT: QueryOwner = { kind: "alert", name: "Down" };

const snapshot = (owner: QueryOwner, result: Partial<QueryResult>): Snapshot =>
  new Map([[owner.name, { owner, result: { ...RESULT, ...result } }]]);
const loss = (more: Partial<Loss> = {}): Loss => ({ ...PANEL, selectors: [], labels: [], jobs: ["app"], ...more });

describe("the loss of an applied change", () => {
  it.each<[string, QueryOwner, Partial<QueryResult>, Partial<QueryResult>, readonly Loss[]]>([
    ["a metric", PANEL, {}, { absent: ["a"], series: 0 }, [loss({ selectors: ["a"] })]],
    ["a metric that only a longer window still has", PANEL, {}, { absent: ["a"] }, [loss({ selectors: ["a"] })]],
    ["a label", PANEL, {}, { labels: [] }, [loss({ labels: ["path"] })]],
    ["every series", PANEL, {}, { series: 0 }, [loss()]],
    ["a rule's metric", ALERT, {}, { absent: ["up"] }, [{ ...ALERT, selectors: ["up"], labels: [], jobs: ["app"] }]],
    ["nothing of an alert that is over", ALERT, { series: 1 }, { series: 0 }, []],
    ["nothing of a query that compares", PANEL, { filters: "compares" }, { series: 0, filters: "compares" }, []],
    ["nothing of a job that is gone", PANEL, { jobs: ["app", "shop"], labels: ["path", "team"] }, {}, []],
    [
      "what only some repetitions of a panel had",
      PANEL,
      { absent: ['a{job="x"}'], present: ['a{job="y"}'] },
      { absent: ['a{job="x"}', 'a{job="y"}', 'a{job="new"}'], series: 0 },
      [loss({ selectors: ['a{job="y"}'] })],
    ],
    ["nothing of a query without data", PANEL, { absent: ["a"], series: 0 }, { absent: ["a", "b"], series: 0 }, []],
    ["nothing that was not there", PANEL, { absent: ["a"] }, { absent: ["a"] }, []],
  ])("is %s", (_, owner, before, after, expected) => {
    expect(compareSnapshots(snapshot(owner, before), snapshot(owner, after))).toEqual(expected);
  });

  it("excludes data that is no longer declared, and data that returns", async () => {
    expect(compareSnapshots(snapshot(PANEL, {}), new Map())).toEqual([]);
    const later = [snapshot(PANEL, { absent: ["a"] }), snapshot(PANEL, {})];
    const take = (): Promise<Snapshot> => Promise.resolve(later.shift() ?? new Map());
    expect(await findLosses(snapshot(PANEL, {}), take, Date.now() + 10_000, () => Promise.resolve())).toEqual([]);
    expect(later).toEqual([]);
  });
});

describe("a lab that is asked", () => {
  const matcher = (value: string): object => ({ name: "__name__", type: "=", value });
  const selector = (value: string): object => ({ type: "vectorSelector", matchers: [matcher(value)] });
  const TREES: Readonly<Record<string, object>> = {
    a: selector("a"),
    "a or gone": { type: "binaryExpr", op: "or", lhs: selector("a"), rhs: selector("gone") },
    "absent(gone)": { type: "call", func: { name: "absent" }, args: [selector("gone")] },
    "a - gone": { type: "binaryExpr", op: "-", lhs: selector("a"), rhs: selector("gone") },
  };
  const { api } = fakeApi({
    dashboard: { panels: [panel("Rate", "a"), panel("Rate", "a - gone"), panel("Firing", 'ALERTS{alertname="A"}')] },
    prometheus: (path, { query = "" }) => {
      switch (path) {
        case "parse_query":
          return TREES[query];
        case "rules":
          return { groups: [{ rules: [{ name: "Gone", query: "absent(gone)", type: "alerting" }] }] };
        default: {
          const none = query.includes("gone") && query !== "a or gone";
          return { resultType: "vector", result: none ? [] : [{ metric: { job: "app", path: "/" }, value: [0, "1"] }] };
        }
      }
    },
  });

  it.each([
    ["a", []],
    ["a - gone", ["gone"]],
    ["a or gone", []],
    ["absent(gone)", []],
  ])("says which selectors %s needs and has not", async (expr, absent) => {
    const found = await new Presence(api, "prom").find(expr);
    expect(found.absent).toEqual(absent);
  });

  it.each([
    [undefined, "20s"],
    [4, "20s"],
    [240, "4m"],
  ])("has rates over as long as a series is fresh, %s s, and 20 s at least", async (fresh, window) => {
    const queries: string[] = [];
    const rates = fakeApi({
      dashboard: {},
      prometheus: (path, { query = "" }) => {
        queries.push(query);
        return path === "parse_query" ? TREES.a : { resultType: "vector", result: [] };
      },
    });
    await new Presence(rates.api, "prom", fresh).find("rate(a[${__rate_interval}])");
    expect(queries).toContain(`rate(a[${window}])`);
  });

  it("is asked for every panel and rule, except for active alerts, which end", async () => {
    const sources = await api.datasources();
    const lab: LabAccess = { api, sources, since: 0, scrapeSeconds: 5, pause: setTimeout, restore: (text) => text };
    const all = [...(await takeSnapshot(lab, ["u"])).values()].map(({ owner, result }) => [owner.name, result.absent]);
    expect(all).toEqual([
      ["Rate", []],
      ["Rate 2", ["gone"]],
      ["Gone", []],
    ]);
  });
});

describe("the likely cause", () => {
  const DIFF = [
    "diff --git a/assets/app.py b/assets/app.py",
    "--- a/assets/app.py",
    "+++ b/assets/app.py",
    "@@ -107 +107 @@ def count(app):",
    '-        "http_requests_total",',
    '+        "http_request_total",',
    "diff --git a/lib/jobs.ts b/lib/jobs.ts",
    "--- a/lib/jobs.ts",
    "+++ /dev/null",
    "@@ -3,2 +2,0 @@",
    "--- a comment",
    '-    jobs: ["cadvisor"],',
    "diff --git a/docs/x.md b/docs/x.md",
    "--- a/docs/x.md",
    "+++ b/docs/x.md",
    "@@ -1 +1 @@",
    "-http_requests_total",
    "+x",
  ].join("\n");
  const lines = parseDiff(DIFF);
  const at = (causes: readonly ChangedLine[]): readonly string[] =>
    causes.map(({ file, line, sign }) => `${sign}${file}:${String(line)}`);

  it("is read from the diff with its line, without what decides nothing", () => {
    expect(at(lines)).toEqual(["-assets/app.py:107", "+assets/app.py:107", "-lib/jobs.ts:3", "-lib/jobs.ts:4"]);
  });

  it.each<[string, Partial<Loss>, readonly string[]]>([
    ["the metric", { selectors: ['http_requests_total{job="app"}'] }, ["-assets/app.py:107"]],
    ["the job", { selectors: ["container_last_seen"], jobs: ["cadvisor"] }, ["-lib/jobs.ts:4"]],
    ["none", { selectors: ["other"], jobs: ["other"] }, []],
  ])("is a line that names %s", (_, more, expected) => {
    expect(at(causeFinder(lines)(loss(more)))).toEqual(expected);
  });

  it("is listed with all that it takes away", () => {
    const losses = [
      loss({ selectors: ["container_last_seen"], jobs: ["cadvisor"] }),
      loss({ ...ALERT, selectors: ["container_oom_total"], jobs: ["cadvisor"] }),
      loss({ name: "Other", labels: ["zone"], jobs: [] }),
    ];
    const [by, without = ""] = lossText(losses, lines);
    expect(by).toContain(
      '**Data lost when the change is applied**: panel `Rate`, alert `Down`. Likely cause: lib/jobs.ts:4 `- jobs: ["cadvisor"],`.',
    );
    expect(by).toContain("panel Rate (Own): no longer any series of container_last_seen\nalert Down");
    expect(without).toContain("No line of the change names the missing data.");
    expect(without).toContain("its series no longer have the label zone");
  });
});

describe("the load on the app", () => {
  it("is the same in every run, with every path and few errors", () => {
    const take = (): readonly string[] => {
      const paths = pathsOf();
      return Array.from({ length: 100 }, () => paths.next().value);
    };
    const paths = take();
    expect(take()).toEqual(paths);
    const count = (path: string): number => paths.filter((it) => it === path).length;
    expect(["/", "/fast", "/slow", "/error"].map(count)).toEqual([46, 46, 4, 4]);
  });
});
