import { dashboardDetail, dashboardFolds, dashboardRows, nameBoth } from "../../tools/pull-request/report/dashboards";
import { Properties } from "../../tools/pull-request/report/events";

type Json = Readonly<Record<string, unknown>>;

const panel = (title: unknown, expr: string, more: Json = {}): Json => ({
  title,
  type: "stat",
  targets: [{ refId: "A", expr }],
  ...more,
});

const inputs = (panels: readonly unknown[], more: Json = {}): Properties => ({
  configJson: JSON.stringify({ title: "Board", panels, ...more }),
});

const rows = (before: Properties, after: Properties): string[] =>
  dashboardRows({ before, after }).map(({ operation, kind, name, detail }) =>
    [operation, kind, name, detail].join(" | "),
  );

describe("the panels of a dashboard", () => {
  it("are added, removed and given other queries", () => {
    const before = inputs([panel("Same", "a"), panel("Gone", "b"), panel("Other", "c")]);
    const after = inputs([panel("Same", "a"), panel("Other", "min(c)"), panel("New", "d")]);
    expect(rows(before, after)).toStrictEqual([
      "delete | panel | Gone (Board) | `b`",
      "update | panel | Other (Board) | query A: `c` → `min(c)`",
      "create | panel | New (Board) | `d`",
    ]);
    expect(dashboardDetail({ before, after })).toBe("");
  });

  it("that are only in another place have no row", () => {
    const before = inputs([panel("One", "a", { id: 1, gridPos: { x: 0 } }), panel("Two", "b", { id: 2 })]);
    const after = inputs([panel("Two", "b", { id: 1 }), panel("One", "a", { id: 2, gridPos: { x: 12 } })]);
    expect(rows(before, after)).toStrictEqual([]);
    expect(dashboardFolds({ before, after })).toStrictEqual([]);
  });

  it("are found in rows, and keep their names when they move into one", () => {
    const row = (...panels: Json[]): Json => ({ type: "row", title: "Row", panels });
    expect(rows(inputs([panel("One", "a")]), inputs([row(panel("One", "a"))]))).toStrictEqual([
      "create | panel | Row (Board) | ",
    ]);
    expect(rows(inputs([row(panel("One", "a"))]), inputs([row(panel("One", "b"))]))).toStrictEqual([
      "update | panel | One (Board) | query A: `a` → `b`",
    ]);
  });

  it("with equal titles are distinguished, and those without one named by their type", () => {
    const untitled = [panel(undefined, "a"), panel("", "b"), panel(5, "c"), panel(null, "d", { type: undefined })];
    const before = inputs([panel("One", "a"), panel("One", "b")]);
    expect(rows(before, inputs([panel("One", "a"), panel("One", "c"), ...untitled]))).toStrictEqual([
      "update | panel | One 2 (Board) | query A: `b` → `c`",
      "create | panel | a stat (Board) | `a`",
      "create | panel | a stat 2 (Board) | `b`",
      "create | panel | a stat 3 (Board) | `c`",
      "create | panel | a panel (Board) | `d`",
    ]);
  });

  it("show other fields of a query, further queries and the rest", () => {
    const targets = (...all: Json[]): Json => panel("One", "", { targets: all });
    const before = targets({ refId: "A", expr: "a", legendFormat: "x" }, { refId: "B", expr: "b" }, { expr: "c" });
    const after = targets({ refId: "A", expr: "a", legendFormat: "y" }, { refId: "C", expr: "d" }, { expr: "e" });
    expect(rows(inputs([before]), inputs([{ ...after, unit: "s" }]))).toStrictEqual([
      "update | panel | One (Board) | query A: legendFormat: `x` → `y`, query B: `b` (removed), query unnamed: `c` → `e` and 2 more",
    ]);
    expect(rows(inputs([panel("One", "a")]), inputs([panel("One", "a", { type: "bars" })]))).toStrictEqual([
      "update | panel | One (Board) | type: `stat` → `bars`",
    ]);
  });

  it("show queries that are not PromQL as new or removed", () => {
    const a = { refId: "A", expr: "a" };
    const math = { refId: "B", type: "math", expression: "$A * 2" };
    const other = { refId: "C", queryType: "randomWalk" };
    const [one, all] = [
      { title: "One", targets: [a] },
      { title: "One", targets: [a, math, other] },
    ];
    expect(rows(inputs([all]), inputs([one]))).toStrictEqual([
      'update | panel | One (Board) | query B: `$A * 2` (removed), query C: `{"refId":"C","queryType":"randomWalk"}` (removed)',
    ]);
    expect(rows(inputs([one]), inputs([all]))[0]).toContain("query B: `$A * 2` (new)");
    expect(rows(inputs([]), inputs([all]))[0]).toContain("`a`, `$A * 2`, ");
  });

  it("have a diff each, beginning with their queries", () => {
    const before = inputs([panel("One", "a", { zoom: 1, targets: [{ hide: false, refId: "A", expr: "a" }] })]);
    const after = inputs([panel("One", "b", { zoom: 1, targets: [{ hide: false, refId: "A", expr: "b" }] })]);
    const [fold, ...others] = dashboardFolds({ before, after });
    expect([fold?.title, others]).toStrictEqual(["panel One (Board) (+1 −1)", []]);
    expect(fold?.diff).toContain("queries:\n-  - expr: a\n+  - expr: b\n     refId: A\n     hide: false");
  });
});

describe("the rest of a dashboard", () => {
  it("has added, removed and changed variables", () => {
    const variables = (...list: unknown[]): Json => ({ templating: { list } });
    const before = inputs([], variables({ name: "same" }, { name: "gone" }, { name: "job", query: "a" }));
    const after = inputs([], variables({ name: "job", query: "b" }, { name: "same" }, { name: "new" }));
    expect(rows(before, after)).toStrictEqual([
      "delete | variable | gone (Board) | ",
      "update | variable | job (Board) | query: `a` → `b`",
      "create | variable | new (Board) | ",
    ]);
    expect(dashboardDetail({ before, after })).toBe("");
    expect(rows(inputs([], { templating: [] }), inputs([], { templating: { list: "x" } }))).toStrictEqual([]);
  });

  it("is described in words", () => {
    const [before, after] = [inputs([]), inputs([], { title: "Other", refresh: "5s", time: { from: "now-1h" } })];
    expect(dashboardDetail({ before, after })).toBe(
      'title: `Board` → `Other`, refresh: `5s` (new), time: `{"from":"now-1h"}` (new)',
    );
  });

  it.each(["[secret]", "(known after the update)", "null", undefined])(
    "that is %j gives no rows for the panels in the other one",
    (configJson) => {
      const [before, after] = [inputs([panel("One", "a")]), { configJson }];
      expect(rows(before, after)).toStrictEqual([]);
      expect(rows(after, before)).toStrictEqual([]);
      expect(dashboardFolds({ before, after })).toStrictEqual([]);
      expect(dashboardDetail({ before, after })).toMatch(/^configJson: `/);
      expect(dashboardDetail({ before: after, after })).toBe("");
    },
  );
});

describe("panels with one title", () => {
  type Names = readonly (readonly [string, unknown, unknown])[];
  const names = (before: readonly object[], after: readonly object[]): Names => {
    const [old, now] = nameBoth({ panels: before }, { panels: after });
    return [...new Set([...old.keys(), ...now.keys()])]
      .map((name) => [name, old.get(name)?.type, now.get(name)?.type] as const)
      .filter(([, one, other]) => one !== other);
  };
  const up = (type: string, id?: number): object => ({ title: "Up", type, ...(id === undefined ? {} : { id }) });

  it("are the same that show the same, whatever comes before them", () => {
    const [a, b, c] = [up("a"), up("b"), up("c")];
    expect(names([a, b], [c, a, b])).toEqual([["Up", undefined, "c"]]);
    expect(names([a, b, c], [b, c])).toEqual([["Up 3", "a", undefined]]);
    expect(names([a, b], [b, a])).toEqual([]);
  });

  it("are those with the same id where they show something else, or in the same order", () => {
    expect(names([up("a", 1), up("b", 2)], [up("x", 2), up("y", 1)])).toEqual([
      ["Up 2", "a", "y"],
      ["Up", "b", "x"],
    ]);
    expect(names([up("a"), up("b")], [up("x"), up("y")])).toEqual([
      ["Up", "a", "x"],
      ["Up 2", "b", "y"],
    ]);
  });

  it("and one that is called as another would be numbered have each a name", () => {
    const all = [up("a"), { title: "Up 2", type: "b" }, up("c")];
    expect(names(all, all)).toEqual([]);
    expect(names(all, [])).toEqual([
      ["Up", "a", undefined],
      ["Up 2", "b", undefined],
      ["Up 3", "c", undefined],
    ]);
  });
});
