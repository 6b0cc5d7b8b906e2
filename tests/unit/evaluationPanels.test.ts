import { changesDatasource, findPanelChanges } from "../../tools/pull-request/evaluation/changedPanels";
import { isFailing } from "../../tools/pull-request/evaluation/panelEvaluation";
import { seriesOf } from "../../tools/pull-request/evaluation/series";
import { Step } from "../../tools/pull-request/report/events";
import { board, reportOn, stat, update } from "../support/panelReports";
import { DASHBOARD, step } from "../support/reports";

const variable = (name: string, query: string): object => ({ name, type: "custom", query });

describe("the panels that are asked", () => {
  it("are those that a change adds, changes or removes, and those of a changed variable", () => {
    const before = board([stat("Same", "a"), stat("Gone", "b"), stat("Changed", "c"), stat("By it", "d{x=~'$job'}")], {
      templating: { list: [variable("job", "x")] },
    });
    const after = board([stat("Same", "a"), stat("Changed", "e"), stat("By it", "d{x=~'$job'}"), stat("New", "f")], {
      templating: { list: [variable("job", "y")] },
    });
    const names = (steps: readonly Step[]): readonly (readonly unknown[])[] =>
      findPanelChanges(steps).map(({ name, by, before: old, after: now }) => [name, !!old, !!now, by]);
    expect(names([step("refresh", DASHBOARD, "own", { before, after: before }), update(before, after)])).toEqual([
      ["Changed", true, true, undefined],
      ["By it", true, true, "its variable job"],
      ["New", false, true, undefined],
      ["Gone", true, false, undefined],
    ]);
    const same = step("same", DASHBOARD, "own", {
      before: board([stat("Same", "a")]),
      after: board([stat("Same", "a")]),
    });
    expect(names([same])).toEqual([]);
    expect(changesDatasource([same])).toBe(false);
    expect(changesDatasource([step("update", "grafana:oss/dataSource:DataSource", "prometheus", {})])).toBe(true);
  });
});

describe("the report", () => {
  it("marks a panel that had data and has none, fails, and says which metric is missing", async () => {
    const { report, problems } = await reportOn([update(board([stat("Up", "up")]), board([stat("Up", "typo")]))], {
      typo: { frames: [] },
    });
    expect(problems).toEqual(["1 panel shows no data"]);
    expect(report).toContain("## Lab preview: 1 to update; 1 panel shows no data");
    expect(report).toContain(
      "| ~ update | panel | `Up (Own)` | query A: `up` → `typo`; reads `1` ▄ → **no data** (no series of typo) **lost its data** |",
    );
    expect(report).toContain("[Open it in your own lab](http://127.0.0.1:3000/d/own?viewPanel=3)");
  });

  it("shows a plain number where the settings of a panel are not those of Grafana", async () => {
    const settings = [
      { fieldConfig: { defaults: { thresholds: { mode: "absolute", steps: null } } } },
      { fieldConfig: { overrides: [{ matcher: { id: "byType", options: "number" } }] } },
      { type: "singlestat", valueMaps: null },
      { type: "graph", seriesOverrides: null },
    ];
    const { report, problems } = await reportOn([
      update(board([]), board(settings.map((more, index) => stat(`Odd ${String(index)}`, "up", more)))),
    ]);
    expect(problems).toEqual([]);
    expect(report.match(/`Odd \d \(Own\)` \| `up`; reads `1` ▄/g)).toHaveLength(settings.length);
  });

  it("shows the unit and the text that a panel gives a value", async () => {
    const texts = { defaults: { mappings: [{ type: "value", options: { 1: { text: "Success" } } }] } };
    const { report } = await reportOn([
      update(
        board([stat("Took", "a"), stat("State", "a")]),
        board([
          stat("Took", "a", { fieldConfig: { defaults: { unit: "s" } } }),
          stat("State", "a", { fieldConfig: texts }),
        ]),
      ),
    ]);
    expect(report).toMatch(/`Took \(Own\)` \| .*; reads `1` ▄ → `1 s` ▄ \|/);
    expect(report).toMatch(/`State \(Own\)` \| .*; reads `1` ▄ → `Success` ▄ \|/);
  });

  it("of a query that is written otherwise says that no result changes", async () => {
    const { report, problems } = await reportOn([update(board([stat("Up", "up")]), board([stat("Up", "up ")]))]);
    expect(report).toContain("\n\nQueried 1 panel before and after: the results are identical.\n\n");
    expect(report).toContain("; unchanged: `1` ▄ |");
    expect(problems).toEqual([]);
  });

  it("gives an error in Prometheus' words, and nothing in them breaks out", async () => {
    const { report } = await reportOn([update(board([stat("Up", "up")]), board([stat("Up", "up{")]))], {
      "up{": { error: "bad_data: 1:4: parse error | <b>preview-x</b> @all" },
    });
    expect(report).toContain(
      "→ **error** bad_data: 1:4: parse error &#124; &lt;b>x&lt;/b> @&#8203;all **lost its data** |",
    );
  });

  it("of many panels is cut, those first that show nothing", async () => {
    const many = (expr: string): object[] =>
      Array.from({ length: 300 }, (_, at) => stat(`P${String(at)}`, `${expr}${String(at)}`));
    const { report } = await reportOn([update(board(many("a")), board(many("b")))], { b299: { frames: [] } });
    expect(report.length).toBeLessThan(60_000);
    expect(report.split("\n")[6]).toContain("`P299 (Own)`");
    expect(report).toContain("241 more lines of the table are cut.");
  });
});

describe("a panel without data", () => {
  it("is new and dark, or was dark before", () => {
    const [data, none] = [
      { state: "data", series: [] },
      { state: "missing", series: [] },
    ] as const;
    expect(isFailing({ readingBefore: data, readingAfter: none })).toBe(true);
    expect(isFailing({ readingBefore: undefined, readingAfter: none })).toBe(true);
    expect(isFailing({ readingBefore: none, readingAfter: none })).toBe(false);
    expect(isFailing({ readingBefore: data, readingAfter: { state: "explained", series: [] } })).toBe(false);
    expect(isFailing({ readingBefore: data, readingAfter: undefined })).toBe(false);
  });
});

describe("the series of a result", () => {
  it("have the name of the legend, and infinities", () => {
    const field = { type: "number", name: "Value", labels: { path: "/" } };
    const frames = [
      {
        schema: { fields: [{ type: "time" }, { ...field, config: { displayNameFromDS: "of / " } }] },
        data: {
          values: [
            [1, 2],
            [1, null],
          ],
          entities: [null, { Inf: [1] }],
        },
      },
      { schema: { fields: [{ type: "time" }, field] }, data: { values: [[1], [3]] } },
    ];
    expect(seriesOf({ frames, refId: "A", expr: "a" }).map(({ name, values }) => [name, values])).toEqual([
      ["of /", [1, Infinity]],
      ['{path="/"}', [3]],
    ]);
  });

  it("are the rows of a table", () => {
    const fields = [{ type: "time" }, { type: "string", name: "job" }, { type: "number", name: "Value" }];
    const frames = [
      {
        schema: { fields },
        data: {
          values: [
            [1, 1],
            ["x", "y"],
            [3, 4],
          ],
        },
      },
    ];
    expect(seriesOf({ frames, refId: "A", expr: "a" }).map(({ name, values }) => [name, values])).toEqual([
      ['{job="x"}', [3]],
      ['{job="y"}', [4]],
    ]);
  });
});
