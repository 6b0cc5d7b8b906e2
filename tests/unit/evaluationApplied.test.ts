import { LabAccess } from "../../tools/pull-request/evaluation/labAccess";
import { findPanelChanges } from "../../tools/pull-request/evaluation/changedPanels";
import { compareSnapshots } from "../../tools/pull-request/evaluation/losses";
import { evaluateApplied, evaluatePanels } from "../../tools/pull-request/evaluation/panelEvaluation";
import { panelText } from "../../tools/pull-request/evaluation/panelText";
import { takeSnapshot } from "../../tools/pull-request/evaluation/snapshot";
import { fakeApi, panel } from "../support/panels";
import { board, stat, update } from "../support/panelReports";

const NOTED = 1000;

/** A lab with these panels and an alert on this, which at the moment that was noted had and now has series of these. */
async function labWith(
  exprs: readonly string[],
  alert: string,
  { had = [], has = [] }: { had?: readonly string[]; has?: readonly string[] },
): Promise<LabAccess> {
  const { api } = fakeApi({
    dashboard: { panels: exprs.map((expr) => panel(`Of ${expr.slice(0, 1)}`, expr)) },
    responses: { late: { frames: [] } },
    prometheus: (path, { query = "", time }) => {
      const [metric = "", label = ""] = query.replace(/^.*?\(?([a-z]+)( by )?(\w*)\)?.*$/, "$1 $3").split(" ");
      switch (path) {
        case "parse_query":
          return { type: "vectorSelector", matchers: [{ name: "__name__", type: "=", value: query.split(" ")[0] }] };
        case "rules":
          return { groups: [{ rules: [{ name: "Own", query: alert, type: "alerting" }] }] };
        default: {
          const found = (time === String(NOTED) ? had : has).some((name) => query.includes(name));
          const series = { metric: { job: "app", [label || "path"]: metric }, value: [0, "1"] };
          return { resultType: "vector", result: found ? [series] : [] };
        }
      }
    },
  });
  return {
    api,
    sources: await api.datasources(),
    since: 0,
    scrapeSeconds: 5,
    pause: () => Promise.resolve(),
    restore: (text) => text,
  };
}

describe("a panel or rule with a changed declaration", () => {
  it("has lost nothing by that alone: other labels, and a metric that never was", async () => {
    const before = await takeSnapshot(await labWith(["aa"], "aa > 0", { has: ["aa"] }), ["u"]);
    const lab = await labWith(["aa by zone"], "typo > 0", { had: ["aa"], has: ["aa"] });
    const declared = await takeSnapshot(lab, ["u"], { at: NOTED, except: before });
    expect([...declared.values()].map(({ owner, result }) => [owner.name, result.absent])).toEqual([
      ["Of a", []],
      ["Own", ["typo"]],
    ]);
    expect(compareSnapshots(new Map([...before, ...declared]), await takeSnapshot(lab, ["u"]))).toEqual([]);
  });

  it("has lost what it would have found before", async () => {
    const before = await takeSnapshot(await labWith(["aa"], "aa > 0", { has: ["aa", "bb"] }), ["u"]);
    const lab = await labWith(["bb"], "bb > 1", { had: ["aa", "bb"], has: ["aa"] });
    const declared = await takeSnapshot(lab, ["u"], { at: NOTED, except: before });
    const losses = compareSnapshots(new Map([...before, ...declared]), await takeSnapshot(lab, ["u"]));
    expect(losses.map(({ name, selectors }) => [name, selectors])).toEqual([
      ["Of b", ["bb"]],
      ["Own", ["bb"]],
    ]);
  });
});

describe("a panel whose metric the change itself brings", () => {
  it("is dark before the change is applied, and fails nothing once it is", async () => {
    const changes = findPanelChanges([
      update(board([stat("Late", "a"), stat("Typo", "a")]), board([stat("Late", "late"), stat("Typo", "typo")])),
    ]);
    const dark = { late: { frames: [] }, typo: { frames: [] } };
    const lab = await labWith([], "up", {});
    const asked = await evaluatePanels({ ...lab, api: fakeApi({ dashboard: {}, responses: dark }).api }, changes, 0);
    expect(panelText(asked, "").problems).toEqual(["2 panels show no data"]);
    const now = { ...lab, api: fakeApi({ dashboard: {}, responses: { typo: { frames: [] } } }).api };
    const { problems, shown } = panelText(await evaluateApplied(now, asked, 0), "");
    expect(problems).toEqual(["1 panel shows no data"]);
    expect(shown.get("panel Late (Own)")).toBe("unchanged: `1` ▄ after the update");
  });

  it("is unknown before it is applied if a changed rule records it, and is read then, whatever it shows", async () => {
    const changes = findPanelChanges([
      update(board([stat("Same", "a"), stat("Gone", "a")]), board([stat("Same", "kept"), stat("Gone", "late")])),
    ]);
    const lab = await labWith([], "up", {});
    const find = (expr: string): Promise<string | undefined> =>
      Promise.resolve(expr === "a" ? undefined : `${expr} is recorded differently after this change`);
    const asked = await evaluatePanels(lab, changes, 0, find);
    const before = panelText(asked, "");
    expect([before.problems, before.paragraphs]).toEqual([[], []]);
    expect(before.shown.get("panel Same (Own)")).toBe(
      "reads `1` ▄ → unknown before the update: kept is recorded differently after this change",
    );
    const { problems, shown } = panelText(await evaluateApplied(lab, asked, 0), "");
    expect(problems).toEqual(["1 panel shows no data"]);
    expect(shown.get("panel Same (Own)")).toBe("unchanged: `1` ▄ after the update");
  });
});
