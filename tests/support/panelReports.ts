import { setTimeout } from "node:timers/promises";
import { LabAccess } from "../../tools/pull-request/evaluation/labAccess";
import { findPanelChanges } from "../../tools/pull-request/evaluation/changedPanels";
import { evaluatePanels } from "../../tools/pull-request/evaluation/panelEvaluation";
import { panelText } from "../../tools/pull-request/evaluation/panelText";
import { Properties, Step } from "../../tools/pull-request/report/events";
import { renderReport } from "../../tools/pull-request/report/markdown";
import { fakeApi } from "./panels";
import { DASHBOARD, reportOf, step } from "./reports";

type Results = Parameters<typeof fakeApi>[0]["responses"];

/** The inputs of a dashboard with these panels. */
export const board = (panels: readonly object[], more: object = {}): Properties => ({
  configJson: JSON.stringify({ uid: "own", title: "Own", panels, ...more }),
});

/** A panel with one query. */
export const stat = (title: string, expr: string, more: object = {}): object => ({
  id: 3,
  type: "stat",
  title,
  targets: [{ refId: "A", expr }],
  ...more,
});

/** A panel with queries A, B and so on. */
export const graph = (title: string, ...exprs: string[]): object => ({
  id: 4,
  type: "timeseries",
  title,
  targets: exprs.map((expr, index) => ({ refId: String.fromCharCode(65 + index), expr })),
});

/** A step of the engine that changes a dashboard. */
export const update = (before: Properties, after: Properties): Step =>
  step("update", DASHBOARD, "own", { before, after });

/** What the parser says of a query that reads the metric of its first word, and perhaps compares. */
function treeOf(query: string): object {
  const [name = "", ...more] = query.split(" ");
  const selector = { type: "vectorSelector", matchers: [{ name: "__name__", type: "=", value: name }] };
  return more.includes(">") ? { type: "binaryExpr", op: ">", lhs: selector, rhs: {} } : selector;
}

/** What a change of dashboards says in its report; a metric whose name has "typo" in it has no series. */
export async function reportOn(
  steps: readonly Step[],
  results: Results = {},
): Promise<{ report: string; problems: readonly string[] }> {
  const { api } = fakeApi({
    dashboard: {},
    responses: results,
    prometheus: (path, { query = "", "match[]": match = query }) => {
      const result = match.includes("typo") ? [] : [{ metric: { job: "app" }, value: [0, "1"] }];
      return path === "parse_query" ? treeOf(query) : path === "series" ? result : { resultType: "vector", result };
    },
  });
  const lab: LabAccess = {
    api,
    sources: await api.datasources(),
    since: Date.now() - 60_000,
    scrapeSeconds: 5,
    pause: setTimeout,
    restore: (text) => text.replaceAll("preview-", ""),
  };
  const labResults = panelText(await evaluatePanels(lab, findPanelChanges(steps), 0), "http://127.0.0.1:3000");
  return { report: renderReport(reportOf(steps, { results: labResults })), problems: labResults.problems };
}
