import { setTimeout } from "node:timers/promises";
import { findPanelChanges } from "../../tools/pull-request/evaluation/changedPanels";
import { evaluatePanels } from "../../tools/pull-request/evaluation/panelEvaluation";
import { restoreText } from "../../tools/pull-request/evaluation/restore";
import { fakeApi, frame } from "../support/panels";
import { board, graph, reportOn, stat, update } from "../support/panelReports";
import { DASHBOARD, step } from "../support/reports";

const NONE = { frames: [] };
const LOST = "**lost its data**";

/** The line of the table about a panel. */
function lineOf(report: string, name: string): string {
  return report.split("\n").find((line) => line.includes(`| \`${name} (Own)\` |`)) ?? "";
}

describe("a panel with several queries", () => {
  it("fails where one of them loses its data and the other has some", async () => {
    const change = update(board([graph("Both", "a", "b")]), board([graph("Both", "a", "typo")]));
    const { report, problems } = await reportOn([change], { typo: NONE });
    expect(problems).toEqual(["1 panel lacks the data of a query"]);
    expect(lineOf(report, "Both")).toContain(
      "reads 2 series: value `1`, value `1` → `1` ▄, query B: **no data** (no series of typo) **query B lost its data** |",
    );
    expect(report.split("\n")[6]).toBe(lineOf(report, "Both"));
  });

  it("says of a new query without data that it has none, and not that it had some", async () => {
    const change = update(board([graph("Both", "a")]), board([graph("Both", "a", "typo")]));
    const { report, problems } = await reportOn([change], { typo: NONE });
    expect(problems).toEqual([]);
    expect(lineOf(report, "Both")).toContain("reads `1` ▄ → `1` ▄, query B: **no data** (no series of typo) |");
  });

  it("is in error by one of them, and shows the other", async () => {
    const change = update(board([graph("Both", "a", "b")]), board([graph("Both", "a", "b{")]));
    const { report, problems } = await reportOn([change], { "b{": { error: "parse error" } });
    expect(problems).toEqual(["1 panel is in error"]);
    expect(lineOf(report, "Both")).toContain("→ **error** parse error, `1` ▄ **query B lost its data** |");
  });

  it("is not excused by one of them for another", async () => {
    const change = update(board([graph("Both", "a", "b")]), board([graph("Both", "a offset 1h", "typo")]));
    const { problems } = await reportOn([change], { "a offset 1h": NONE, typo: NONE });
    expect(problems).toEqual(["1 panel shows no data"]);
  });
});

describe("a panel without data", () => {
  it("may be empty as nothing passes its comparison, as all is well, but not by a metric that is not there", async () => {
    const empty = { "a > 9": NONE, "typo > 0": NONE };
    const before = board([stat("Well", "a > 0"), stat("Wrong", "a > 0")]);
    const { report, problems } = await reportOn(
      [update(before, board([stat("Well", "a > 9"), stat("Wrong", "typo > 0"), stat("New", "a > 9")]))],
      empty,
    );
    expect(problems).toEqual(["1 panel shows no data"]);
    expect(lineOf(report, "Well")).toContain("reads `1` ▄ → no data (no value passes its comparison) |");
    expect(lineOf(report, "New")).toContain("reads no data (no value passes its comparison) |");
    expect(lineOf(report, "Wrong")).toContain(LOST);
  });

  it("never had data where it is new, or where only a reason excused it", async () => {
    const change = update(board([stat("Was", "a > 9")]), board([stat("Was", "typo"), stat("New", "typo")]));
    const { report, problems } = await reportOn([change], { "a > 9": NONE, typo: NONE });
    expect(problems).toEqual(["2 panels show no data"]);
    expect(report).not.toContain(LOST);
  });

  it("is not excused by the age of the lab where the metric is not there", async () => {
    const change = update(board([stat("Old", "a")]), board([stat("Old", "typo offset 1h")]));
    expect((await reportOn([change], { "typo offset 1h": NONE })).problems).toEqual(["1 panel shows no data"]);
  });

  it("is new in error where there was no data before", async () => {
    const change = update(board([stat("Worse", "typo")]), board([stat("Worse", "typo{")]));
    const { report, problems } = await reportOn([change], { typo: NONE, "typo{": { error: "parse error" } });
    expect(problems).toEqual(["1 panel is in error"]);
    expect(lineOf(report, "Worse")).not.toContain(LOST);
  });

  it("has all its queries hidden or empty", async () => {
    const hidden = { targets: [{ refId: "A", expr: "a", hide: true }] };
    const text = { type: "text", targets: [{ refId: "A", expr: "" }] };
    const before = board([stat("Hidden", "a"), stat("Text", "a")]);
    const { report, problems } = await reportOn([
      update(before, board([stat("Hidden", "a", hidden), stat("Text", "a", text)])),
    ]);
    expect(problems).toEqual(["1 panel shows no data"]);
    expect(lineOf(report, "Hidden")).toContain("(each of its queries is hidden or empty)");
    expect(lineOf(report, "Text")).toContain("read `1` ▄ → has no query that the lab can run |");
  });
});

describe("a row with a query that was left in it", () => {
  it("does not count as a panel, nor does a panel without queries", async () => {
    const row = { type: "row", title: "Row", targets: [{ refId: "A", expr: "" }], panels: [] };
    const empty = { type: "stat", title: "Null", targets: null };
    const odd = stat("Odd", "a", { targets: [null] });
    const { problems } = await reportOn([update(board([stat("Up", "a"), odd]), board([stat("Up", "b"), row, empty]))]);
    expect(problems).toEqual([]);
  });
});

describe("the time range", () => {
  it("is that of the change on both sides, also if another panel is removed", async () => {
    const before = board([stat("Changed", "a + ${__from}"), stat("Gone", "b")], { time: { from: "now-6h" } });
    const after = board([stat("Changed", "c + ${__from}")], { time: { from: "now-1h" } });
    const { api, asked } = fakeApi({ dashboard: {} });
    const sources = await api.datasources();
    const lab = { api, sources, since: 0, scrapeSeconds: 5, pause: setTimeout, restore: (text: string) => text };
    await evaluatePanels(lab, findPanelChanges([update(before, after)]), 0);
    const starts = asked.flatMap(({ expr = "" }) => /\d+$/.exec(expr) ?? []);
    expect(starts).toHaveLength(2);
    expect(starts[0]).toBe(starts[1]);
  });
});

describe("a panel that cannot be asked", () => {
  it("leaves the others of its dashboard their data", async () => {
    const twice = { targets: undefined, libraryPanel: { uid: "gone" } };
    const change = update(board([stat("Well", "a")]), board([stat("Well", "b"), stat("Shared", "", twice)]));
    const { report, problems } = await reportOn([change]);
    expect(problems).toEqual(["1 panel is in error"]);
    expect(lineOf(report, "Well")).toContain("unchanged: `1` ▄");
    expect(lineOf(report, "Shared")).toContain("**error** no such panel in the library");
  });
});

describe("a text of the preview's lab", () => {
  it("has the declared ports, and its own values though these be as the stand-ins", () => {
    const standIns = {
      restore: (text: string) => text.replace(/\b31000\b/g, "3000").replace(/172\.29\.0\./g, "10.0.0."),
    };
    const response = 'http://a:31000/x 31000 31000ms (31000) v="31000" 31000% 31,000 172.29.0.2:31000 172.29.0.0/24';
    const shown = 'http://a:3000/x 31000 31000ms (31000) v="31000" 31000% 31,000 10.0.0.2:3000 10.0.0.0/24';
    expect(restoreText(response, standIns)).toBe(shown);
  });
});

describe("a panel of the library", () => {
  it("shows its values with the library's own unit", async () => {
    const shared = { id: 5, type: "stat", title: "Shared", libraryPanel: { uid: "any" } };
    const { report } = await reportOn([update(board([]), board([shared]))]);
    expect(lineOf(report, "Shared")).toContain("reads `1 s` ▄ |");
  });
});

describe("a dashboard", () => {
  it("asks again only what mentions a changed variable, and not one whose name goes on", () => {
    const variables = (value: string): object => ({
      templating: { list: [{ name: "job", type: "custom", query: value }] },
    });
    const panels = [
      stat("Longer", "a{x=~'$job_name'}"),
      stat("Braced", "a{x=~'${job:regex}'}"),
      stat("Old", "[[job]]"),
    ];
    const change = update(board(panels, variables("x")), board(panels, variables("y")));
    expect(findPanelChanges([change]).map(({ name }) => name)).toEqual(["Braced", "Old"]);
  });

  it("that comes whole has a row for each panel, first those without data", async () => {
    const after = board([stat("Well", "a"), stat("Wrong", "typo")]);
    const { report, problems } = await reportOn([step("create", DASHBOARD, "own", { after })], { typo: NONE });
    expect(problems).toEqual(["1 panel shows no data"]);
    expect(report.split("\n").slice(6, 9)).toEqual([
      "| + create | panel | `Wrong (Own)` | reads **no data** (no series of typo) |",
      "| + create | dashboard | `Own` |  |",
      "| + create | panel | `Well (Own)` | reads `1` ▄ |",
    ]);
  });

  it("that goes whole has a row for each panel, and loses nothing that fails", async () => {
    const { report, problems } = await reportOn([
      step("delete", DASHBOARD, "own", { before: board([stat("Well", "a")]) }),
    ]);
    expect(problems).toEqual([]);
    expect(report).toContain("| − delete | panel | `Well (Own)` | read `1` ▄ |");
  });

  it("that is replaced, as by another uid, keeps its panels", () => {
    const [before, after] = [board([stat("Up", "up")]), board([stat("Up", "up"), stat("New", "a")], { uid: "other" })];
    const steps = [
      step("create-replacement", DASHBOARD, "own", { before, after }),
      step("replace", DASHBOARD, "own", { before, after }),
      step("delete-replaced", DASHBOARD, "own", { before }),
    ];
    expect(findPanelChanges(steps).map(({ name }) => name)).toEqual(["New"]);
  });
});

describe("the series of a panel", () => {
  const named = (name: string, path: string, value: number): object => ({
    schema: { fields: [{ type: "time" }, { type: "number", labels: { path }, config: { displayNameFromDS: name } }] },
    data: { values: [[1], [value]] },
  });

  it("with one legend for several are all there", async () => {
    const frames = [named("errors", "/", 1), named("errors", "/x", 2)];
    const { report } = await reportOn([update(board([stat("Many", "a")]), board([stat("Many", "b")]))], {
      b: { frames },
    });
    expect(report).toContain("| `errors` | | | `1` | ▄ |\n| `errors` | | | `2` | ▄ |");
  });

  it("may be thousands", async () => {
    const frames = Array.from({ length: 5000 }, (_, at) => named(`s|${String(at)}\n<script>@all`.repeat(30), "/", at));
    const { report } = await reportOn([update(board([stat("Many", "a")]), board([stat("Many", "b")]))], {
      b: { frames },
    });
    expect(lineOf(report, "Many")).toContain("→ 5000 series: ");
    expect(report).toContain("4981 more series.");
    expect(report.length).toBeLessThan(10_000);
  });

  it("read the same while the panel shows them otherwise", async () => {
    const unit = { fieldConfig: { defaults: { unit: "s" } } };
    const { report } = await reportOn([update(board([stat("Took", "a")]), board([stat("Took", "a", unit)]))]);
    expect(report).toContain("reads `1` ▄ → `1 s` ▄");
    expect(report).not.toContain("the results are identical");
  });

  it("of a panel that loses data are the last that are cut", async () => {
    const many = Array.from({ length: 200 }, (_, at) => graph(`P${String(at)}`, `${"long".repeat(40)}${String(at)}`));
    const frames = Array.from({ length: 20 }, (_, at) => named(`series ${String(at)}`, "/", at));
    const results = Object.fromEntries(
      many.flatMap((_, at) => [[`${"long".repeat(40)}${String(at)}`, { frames }] as const]),
    );
    const { report } = await reportOn([update(board([stat("Last", "a")]), board([...many, stat("Last", "typo")]))], {
      ...results,
      a: { frames: [frame(1)] },
      typo: NONE,
    });
    expect(report).toContain("collapsed sections are cut.");
    expect(report).toContain("<summary>panel Last (Own): query results</summary>");
  });
});
