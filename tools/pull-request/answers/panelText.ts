import { OWN_LAB } from "../foreignReport";
import { nameEach } from "../report/differences";
import { code, escapeMarkdown, list } from "../report/format";
import { Answers, details } from "../report/markdown";
import { operationOf, Row, rowKey } from "../report/rows";
import { DeclaredPanel } from "./changedPanels";
import { displayOf } from "./display";
import { isDark, lostAll, lostQueries, PanelAnswer, readsTheSame } from "./panelAnswers";
import { hasData, Reading, Silent } from "./reading";
import { lastOf, Series } from "./series";
import { sparkline } from "./sparkline";

/** Series that a line of the table names, and that an unfolded table holds. */
const NAMED = 3;
const MOST_SERIES = 20;
/** Characters of an error in a line. */
const MOST_ERROR = 300;
const SAME = "reads the same";

/** The key of the row of a panel. */
function panelKey({ name, dashboard }: Pick<PanelAnswer, "name" | "dashboard">): string {
  return rowKey({ kind: "panel", name: `${name} (${dashboard})` });
}

/** What a panel says before and after, in a line. */
function panelLine(answer: PanelAnswer): string {
  const { before, after, was, is } = answer;
  if (was !== undefined && is !== undefined && before !== undefined && after !== undefined) {
    const [old, now] = [readingLine(before, was), readingLine(after, is)];
    if (old === now && lossOf(answer) === "") {
      return `${readsTheSame(answer) ? SAME : "reads nearly the same"}: ${now}${whenOf(answer)}`;
    }
    return `reads ${old} → ${now}${lossOf(answer)}${whenOf(answer)}`;
  }
  if (is !== undefined && after !== undefined) {
    return `reads ${readingLine(after, is)}${whenOf(answer)}`;
  }
  if (was === undefined || before === undefined) {
    return "";
  }
  return `read ${readingLine(before, was)}${after === undefined ? "" : " → asks nothing that the lab can answer"}`;
}

function whenOf({ applied }: PanelAnswer): string {
  return applied === undefined ? "" : " once it is applied";
}

/** What had data and has none, in words; nothing of what is new or never had data. */
function lossOf(answer: PanelAnswer): string {
  const lost = lostAll(answer)
    ? ["had data, has none"]
    : lostQueries(answer).map((refId) => `query ${escapeMarkdown(refId)} had data, has none`);
  return lost.map((text) => ` **${text}**`).join("");
}

/** A row for a panel that has none: it is declared as before, or its dashboard comes or goes whole. */
function rowOfPanel({ name, dashboard, before, after, by }: PanelAnswer): Row {
  const detail = by === undefined ? "" : `by ${escapeMarkdown(by)}`;
  return { operation: operationOf(before, after), kind: "panel", name: `${name} (${dashboard})`, detail };
}

/** The series of a panel before and after, to be unfolded. */
function panelFold(answer: PanelAnswer, grafanaUrl: string): string {
  const { name, dashboard, before, after, was, is } = answer;
  const pairs = pairSeries(was?.series ?? [], is?.series ?? []);
  const cells = (
    declared: DeclaredPanel | undefined,
    reading: Reading | undefined,
    series: Series | undefined,
  ): string =>
    declared === undefined || reading === undefined || series === undefined
      ? "|"
      : `${code(valueOf(declared, reading, series))} | ${sparkline(series.values)}`;
  const rows = pairs
    .slice(0, MOST_SERIES)
    .map(
      ({ one, other }) =>
        `| ${code(legendOf(other ?? one))} | ${cells(before, was, one)} | ${cells(after, is, other)} |`,
    );
  const more = pairs.length - rows.length;
  return details(
    `panel ${escapeMarkdown(name)} (${escapeMarkdown(dashboard)}): what it reads`,
    [
      ["| series | before | | after | |", "|---|---|---|---|---|", ...rows].join("\n"),
      ...(more > 0 ? [`${String(more)} more series.`] : []),
      ...transformationsOf(after ?? before),
      ...linkOf(after, grafanaUrl),
    ].join("\n\n"),
  );
}

/** What a panel says, in a few words. */
function readingLine(declared: DeclaredPanel, reading: Reading): string {
  const { state, error, reason, silent = [] } = reading;
  const beside = hasData(reading) ? [dataLine(declared, reading)] : [];
  switch (state) {
    case "error":
      return list([`**error** ${escapeMarkdown(error ?? reason ?? "", MOST_ERROR)}`, ...beside]);
    case "missing":
      return `**no data**${because(reason)}`;
    case "explained":
      return `no data${because(reason)}`;
    case "data":
      return list([...beside, ...silent.map(silentLine)]);
  }
}

function dataLine(declared: DeclaredPanel, reading: Reading): string {
  const { series } = reading;
  const [first] = series;
  if (series.length === 1 && first !== undefined) {
    return `${code(valueOf(declared, reading, first))} ${sparkline(first.values)}`.trim();
  }
  const named = series
    .slice(0, NAMED)
    .map((it) => `${escapeMarkdown(legendOf(it))} ${code(valueOf(declared, reading, it))}`);
  const more = series.length - named.length;
  return first === undefined
    ? "data without a number"
    : `${String(series.length)} series: ${named.join(", ")}${more > 0 ? ` and ${String(more)} more` : ""}`;
}

function silentLine({ refId, state, reason }: Silent): string {
  return `query ${escapeMarkdown(refId)}: ${state === "explained" ? "no data" : "**no data**"}${because(reason)}`;
}

function because(reason: string | undefined): string {
  return reason === undefined ? "" : ` (${escapeMarkdown(reason, MOST_ERROR)})`;
}

/** The last value of a series as its panel shows it. */
function valueOf({ panel }: DeclaredPanel, { library = panel }: Reading, series: Series): string {
  const { text, state } = displayOf(library, series, lastOf(series));
  return state === undefined ? text : `${text} (${state})`;
}

function legendOf(series: Series | undefined): string {
  const { name = "" } = series ?? {};
  return name === "" ? "value" : name;
}

/** Series by the query and the name, as they are before and after; of several with the same name by their labels, too. */
function pairSeries(
  before: readonly Series[],
  after: readonly Series[],
): readonly { readonly one: Series | undefined; readonly other: Series | undefined }[] {
  const nameIn = ({ refId, name }: Series): string => JSON.stringify([refId, name]);
  const twice = new Set([...repeatedIn(before.map(nameIn)), ...repeatedIn(after.map(nameIn))]);
  const key = (it: Series): string =>
    JSON.stringify([it.refId, it.name, it.name === "" || twice.has(nameIn(it)) ? it.labels : {}]);
  const [old, now] = [nameEach(before, key), nameEach(after, key)];
  return [...new Set([...now.keys(), ...old.keys()])].map((it) => ({ one: old.get(it), other: now.get(it) }));
}

function repeatedIn(texts: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return texts.filter((text) => seen.has(text) || !seen.add(text));
}

/** What the page does with the series before it shows them, which is not done here. */
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

/** What the report says of panels. */
export function panelText(answers: readonly PanelAnswer[], grafanaUrl: string): Answers {
  const isFirst = new Map(answers.map((answer) => [answer, isDark(answer)]));
  const dark = answers.filter((answer) => isFirst.get(answer));
  const changed = answers.filter((answer) => !readsTheSame(answer));
  const asked = answers.filter(({ was, is }) => was !== undefined || is !== undefined);
  // the same value may be shown otherwise
  const shown = new Map(answers.map((answer) => [answer, panelLine(answer)]));
  const isSame = asked.every((answer) => readsTheSame(answer) && shown.get(answer)?.startsWith(SAME));
  const others = changed.filter((answer) => !isFirst.get(answer));
  return {
    shown: new Map(answers.map((answer) => [panelKey(answer), shown.get(answer) ?? ""])),
    rows: changed.map(rowOfPanel),
    first: new Set(dark.map(panelKey)),
    paragraphs:
      asked.length > 0 && isSame
        ? [`Asked ${count(asked, "panel", "panels")} before and after: no change of any answer.`]
        : [],
    // what does not fit is cut from the end
    folds: [...dark, ...others].map((answer) => panelFold(answer, grafanaUrl)),
    problems: problemsOf(dark),
  };
}

function problemsOf(dark: readonly PanelAnswer[]): readonly string[] {
  const inError = dark.filter(({ is }) => is?.state === "error");
  const empty = dark.filter(({ is }) => is?.state === "missing");
  const partly = dark.filter(({ is }) => is?.state === "data");
  return [
    ...(empty.length === 0 ? [] : [`${count(empty, "panel shows", "panels show")} no data`]),
    ...(inError.length === 0 ? [] : [`${count(inError, "panel is", "panels are")} in error`]),
    ...(partly.length === 0 ? [] : [`${count(partly, "panel lacks", "panels lack")} the data of a query`]),
  ];
}

function count(of: readonly unknown[], one: string, several: string): string {
  return `${String(of.length)} ${of.length === 1 ? one : several}`;
}
