import { attempt } from "../../../lib/shared/attempt";
import { Panel } from "../../verify/panels/model";
import { OWN_LAB } from "../foreignReport";
import { nameEach } from "../report/differences";
import { code, escapeMarkdown, list } from "../report/format";
import { LabResults, details } from "../report/markdown";
import { operationOf, Row, rowKey } from "../report/rows";
import { DeclaredPanel } from "./changedPanels";
import { upgradePanel } from "./classic";
import { displayOf } from "./display";
import { isFailing, lostAllData, lostQueries, PanelEvaluation, readsTheSame } from "./panelEvaluation";
import { EmptyQuery, hasData, Reading } from "./reading";
import { reduceSeries } from "./reduce";
import { Series } from "./series";
import { sparkline } from "./sparkline";

/** Series in a line of the table, and in an unfolded table. */
const MAX_NAMES = 3;
const MAX_SERIES = 20;
/** Characters of an error in a line. */
const MAX_ERROR_LENGTH = 300;
const SAME = "unchanged";

function panelKey({ name, dashboard }: Pick<PanelEvaluation, "name" | "dashboard">): string {
  return rowKey({ kind: "panel", name: `${name} (${dashboard})` });
}

/** A panel's data before and after, in one line. */
function panelLine(evaluation: PanelEvaluation): string {
  const { before, after, readingBefore, readingAfter } = evaluation;
  if (readingBefore !== undefined && readingAfter !== undefined && before !== undefined && after !== undefined) {
    const [old, now] = [readingLine(before, readingBefore), readingLine(after, readingAfter)];
    if (old === now && lossOf(evaluation) === "") {
      return `${readsTheSame(evaluation) ? SAME : "nearly unchanged"}: ${now}${whenOf(evaluation)}`;
    }
    return `reads ${old} → ${now}${lossOf(evaluation)}${whenOf(evaluation)}`;
  }
  if (readingAfter !== undefined && after !== undefined) {
    return `reads ${readingLine(after, readingAfter)}${whenOf(evaluation)}`;
  }
  if (readingBefore === undefined || before === undefined) {
    return "";
  }
  return `read ${readingLine(before, readingBefore)}${after === undefined ? "" : " → has no query that the lab can run"}`;
}

function whenOf({ applied }: PanelEvaluation): string {
  return applied === undefined ? "" : " after the update";
}

/** Text about lost data; empty for a panel that is new or never had data. */
function lossOf(evaluation: PanelEvaluation): string {
  const lost = lostAllData(evaluation)
    ? ["lost its data"]
    : lostQueries(evaluation).map((refId) => `query ${escapeMarkdown(refId)} lost its data`);
  return lost.map((text) => ` **${text}**`).join("");
}

/** Row of a panel whose own declaration is unchanged, or whose whole dashboard is new or removed. */
function rowOfPanel({ name, dashboard, before, after, by }: PanelEvaluation): Row {
  const detail = by === undefined ? "" : `by ${escapeMarkdown(by)}`;
  return { operation: operationOf(before, after), kind: "panel", name: `${name} (${dashboard})`, detail };
}

/** Collapsible table of a panel's series before and after. */
function panelFold(evaluation: PanelEvaluation, grafanaUrl: string): string {
  const { name, dashboard, before, after, readingBefore, readingAfter } = evaluation;
  const pairs = pairSeries(readingBefore?.series ?? [], readingAfter?.series ?? []);
  const cells = (
    declared: DeclaredPanel | undefined,
    reading: Reading | undefined,
    series: Series | undefined,
  ): string =>
    declared === undefined || reading === undefined || series === undefined
      ? "|"
      : `${code(valueOf(declared, reading, series))} | ${sparkline(series.values)}`;
  const rows = pairs
    .slice(0, MAX_SERIES)
    .map(
      ({ one, other }) =>
        `| ${code(legendOf(other ?? one))} | ${cells(before, readingBefore, one)} | ${cells(after, readingAfter, other)} |`,
    );
  const more = pairs.length - rows.length;
  return details(
    `panel ${escapeMarkdown(name)} (${escapeMarkdown(dashboard)}): query results`,
    [
      ["| series | before | | after | |", "|---|---|---|---|---|", ...rows].join("\n"),
      ...(more > 0 ? [`${String(more)} more series.`] : []),
      ...transformationsOf(after ?? before),
      ...linkOf(after, grafanaUrl),
    ].join("\n\n"),
  );
}

/** Summary of a panel's data. */
function readingLine(declared: DeclaredPanel, reading: Reading): string {
  const { state, error, reason, recording, emptyQueries = [] } = reading;
  if (recording !== undefined) {
    return `unknown before the update: ${escapeMarkdown(recording, MAX_ERROR_LENGTH)}`;
  }
  const data = hasData(reading) ? [dataLine(declared, reading)] : [];
  switch (state) {
    case "error":
      return list([`**error** ${escapeMarkdown(error ?? reason ?? "", MAX_ERROR_LENGTH)}`, ...data]);
    case "missing":
      return `**no data**${because(reason)}`;
    case "explained":
      return `no data${because(reason)}`;
    case "data":
      return list([...data, ...emptyQueries.map(emptyQueryLine)]);
  }
}

function dataLine(declared: DeclaredPanel, reading: Reading): string {
  const { series } = reading;
  const [first] = series;
  if (series.length === 1 && first !== undefined) {
    return `${code(valueOf(declared, reading, first))} ${sparkline(first.values)}`.trim();
  }
  const named = series
    .slice(0, MAX_NAMES)
    .map((it) => `${escapeMarkdown(legendOf(it))} ${code(valueOf(declared, reading, it))}`);
  const more = series.length - named.length;
  return first === undefined
    ? "data without a number"
    : `${String(series.length)} series: ${named.join(", ")}${more > 0 ? ` and ${String(more)} more` : ""}`;
}

function emptyQueryLine({ refId, state, reason }: EmptyQuery): string {
  return `query ${escapeMarkdown(refId)}: ${state === "explained" ? "no data" : "**no data**"}${because(reason)}`;
}

function because(reason: string | undefined): string {
  return reason === undefined ? "" : ` (${escapeMarkdown(reason, MAX_ERROR_LENGTH)})`;
}

/** The value of a series as its panel shows it, or as a plain number if the panel's settings cannot be read. */
function valueOf({ panel }: DeclaredPanel, { library = panel }: Reading, series: Series): string {
  // Grafana stores any settings, such as null for a list
  return attempt(() => shownBy(upgradePanel(library), series)) ?? shownBy({ type: library.type }, series);
}

function shownBy(panel: Panel, series: Series): string {
  const { value, other } = reduceSeries(panel, series.values);
  const { text, state } = displayOf(panel, series, value);
  if (other) {
    return `${text} (last value)`;
  }
  return state === undefined ? text : `${text} (${state})`;
}

function legendOf(series: Series | undefined): string {
  const { name = "" } = series ?? {};
  return name === "" ? "value" : name;
}

/** Pairs series by query and name, and by labels if names are ambiguous. */
function pairSeries(
  before: readonly Series[],
  after: readonly Series[],
): readonly { readonly one: Series | undefined; readonly other: Series | undefined }[] {
  const nameIn = ({ refId, name }: Series): string => JSON.stringify([refId, name]);
  const repeated = new Set([...repeatedIn(before.map(nameIn)), ...repeatedIn(after.map(nameIn))]);
  const key = (it: Series): string =>
    JSON.stringify([it.refId, it.name, it.name === "" || repeated.has(nameIn(it)) ? it.labels : {}]);
  const [old, now] = [nameEach(before, key), nameEach(after, key)];
  return [...new Set([...now.keys(), ...old.keys()])].map((it) => ({ one: old.get(it), other: now.get(it) }));
}

function repeatedIn(texts: readonly string[]): readonly string[] {
  const earlier = new Set<string>();
  return texts.filter((text) => earlier.has(text) || !earlier.add(text));
}

/** Note about transformations, which only Grafana's page applies. */
function transformationsOf(declared: DeclaredPanel | undefined): string[] {
  const ids = (declared?.panel.transformations ?? []).map(({ id = "" }) => code(id));
  return ids.length === 0 ? [] : [`The page shows these after its transformations: ${list(ids)}.`];
}

function linkOf(after: DeclaredPanel | undefined, grafanaUrl: string): string[] {
  const { dashboard, panel } = after ?? {};
  if (dashboard === undefined || !/^[\w-]+$/.test(dashboard.uid) || typeof panel?.id !== "number") {
    return [];
  }
  const url = `${grafanaUrl}/d/${dashboard.uid}?viewPanel=${String(panel.id)}`;
  return [`[${OWN_LAB}](${url}), after \`make up\` at this commit.`];
}

/** The report's text about panels. */
export function panelText(evaluations: readonly PanelEvaluation[], grafanaUrl: string): LabResults {
  const failing = evaluations.filter(isFailing);
  const changed = evaluations.filter((evaluation) => !readsTheSame(evaluation));
  const readable = evaluations.filter(
    ({ readingBefore, readingAfter }) => readingBefore !== undefined || readingAfter !== undefined,
  );
  // the display of an equal value may differ
  const lines = new Map(evaluations.map((evaluation) => [evaluation, panelLine(evaluation)]));
  const isSame = readable.every((evaluation) => readsTheSame(evaluation) && lines.get(evaluation)?.startsWith(SAME));
  const others = changed.filter((evaluation) => !failing.includes(evaluation));
  return {
    shown: new Map(evaluations.map((evaluation) => [panelKey(evaluation), lines.get(evaluation) ?? ""])),
    rows: changed.map(rowOfPanel),
    first: new Set(failing.map(panelKey)),
    paragraphs:
      readable.length > 0 && isSame
        ? [`Queried ${count(readable, "panel", "panels")} before and after: the results are identical.`]
        : [],
    // a report that is too long is cut at its end
    folds: [...failing, ...others].map((evaluation) => panelFold(evaluation, grafanaUrl)),
    problems: problemsOf(failing),
  };
}

function problemsOf(failing: readonly PanelEvaluation[]): readonly string[] {
  const inError = failing.filter(({ readingAfter }) => readingAfter?.state === "error");
  const empty = failing.filter(({ readingAfter }) => readingAfter?.state === "missing");
  const partly = failing.filter(({ readingAfter }) => readingAfter?.state === "data");
  return [
    ...(empty.length === 0 ? [] : [`${count(empty, "panel shows", "panels show")} no data`]),
    ...(inError.length === 0 ? [] : [`${count(inError, "panel is", "panels are")} in error`]),
    ...(partly.length === 0 ? [] : [`${count(partly, "panel lacks", "panels lack")} the data of a query`]),
  ];
}

function count(items: readonly unknown[], one: string, several: string): string {
  return `${String(items.length)} ${items.length === 1 ? one : several}`;
}
