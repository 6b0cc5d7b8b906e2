import { OWN_LAB } from "../foreignReport";
import { code, escapeMarkdown, list } from "../report/format";
import { Answers, details } from "../report/markdown";
import { Row, rowKey } from "../report/rows";
import { DeclaredPanel } from "./changedPanels";
import { displayOf } from "./display";
import { isDark, PanelAnswer, Reading, readsTheSame } from "./panelAnswers";
import { lastOf, Series } from "./series";
import { sparkline } from "./sparkline";

/** Series that a line of the table names, and that an unfolded table holds. */
const NAMED = 3;
const MOST_SERIES = 20;
/** Characters of an error in a line. */
const MOST_ERROR = 300;

/** What tells the row of a panel from others. */
function panelKey({ name, dashboard }: Pick<PanelAnswer, "name" | "dashboard">): string {
  return rowKey({ kind: "panel", name: `${name} (${dashboard})` });
}

/** What a panel says before and after, in a line. */
function panelLine(answer: PanelAnswer): string {
  const { before, after, was, is } = answer;
  if (was !== undefined && is !== undefined && before !== undefined && after !== undefined) {
    const [old, now] = [readingLine(before, was), readingLine(after, is)];
    if (old === now) {
      return readsTheSame(answer) ? `reads the same: ${now}` : `reads nearly the same: ${now}`;
    }
    return `reads ${old} → ${now}${isDark(answer) ? " **had data, has none**" : ""}`;
  }
  if (is !== undefined && after !== undefined) {
    return `reads ${readingLine(after, is)}`;
  }
  return was !== undefined && before !== undefined ? `read ${readingLine(before, was)}` : "";
}

/** A row for a panel that is declared as before and yet may read otherwise. */
function rowOfPanel({ name, dashboard, by = "" }: PanelAnswer): Row {
  return { operation: "update", kind: "panel", name: `${name} (${dashboard})`, detail: `by ${escapeMarkdown(by)}` };
}

/** The series of a panel before and after, to be unfolded. */
function panelFold(answer: PanelAnswer, grafanaUrl: string): string {
  const { name, dashboard, before, after, was, is } = answer;
  const pairs = pairSeries(was?.series ?? [], is?.series ?? []);
  const cells = (declared: DeclaredPanel | undefined, series: Series | undefined): string =>
    declared === undefined || series === undefined
      ? "|"
      : `${code(valueOf(declared, series))} | ${sparkline(series.values)}`;
  const rows = pairs
    .slice(0, MOST_SERIES)
    .map(({ one, other }) => `| ${code(legendOf(other ?? one))} | ${cells(before, one)} | ${cells(after, other)} |`);
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
function readingLine(declared: DeclaredPanel, { state, series, error, reason }: Reading): string {
  const because = reason === undefined ? "" : ` (${escapeMarkdown(reason, MOST_ERROR)})`;
  switch (state) {
    case "error":
      return `**error** ${escapeMarkdown(error ?? reason ?? "", MOST_ERROR)}`;
    case "missing":
      return `**no data**${because}`;
    case "explained":
      return `no data${because}`;
    case "data": {
      const [first] = series;
      if (series.length === 1 && first !== undefined) {
        return `${code(valueOf(declared, first))} ${sparkline(first.values)}`.trim();
      }
      const named = series.map((it) => `${escapeMarkdown(legendOf(it))} ${code(valueOf(declared, it))}`);
      return `${String(series.length)} series: ${list(named, NAMED)}`;
    }
  }
}

/** The last value of a series as its panel shows it. */
function valueOf({ panel }: DeclaredPanel, series: Series): string {
  const { text, state } = displayOf(panel, series, lastOf(series));
  return state === undefined ? text : `${text} (${state})`;
}

function legendOf(series: Series | undefined): string {
  const { name = "" } = series ?? {};
  return name === "" ? "value" : name;
}

/** Series by the query and the name, as they are before and after. */
function pairSeries(
  before: readonly Series[],
  after: readonly Series[],
): readonly { readonly one: Series | undefined; readonly other: Series | undefined }[] {
  const key = ({ refId, name, labels }: Series): string => JSON.stringify([refId, name, name === "" ? labels : {}]);
  const old = new Map(before.map((series) => [key(series), series]));
  const now = new Map(after.map((series) => [key(series), series]));
  return [...new Set([...now.keys(), ...old.keys()])].map((it) => ({ one: old.get(it), other: now.get(it) }));
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
  const dark = answers.filter(isDark);
  const changed = answers.filter((answer) => !readsTheSame(answer));
  const asked = answers.filter(({ was, is }) => was !== undefined || is !== undefined).length;
  const shows = (count: number): string => (count === 1 ? "panel shows" : "panels show");
  return {
    shown: new Map(answers.map((answer) => [panelKey(answer), panelLine(answer)])),
    rows: changed.filter(({ by }) => by !== undefined).map(rowOfPanel),
    first: new Set(dark.map(panelKey)),
    paragraphs:
      asked > 0 && changed.length === 0
        ? [`Asked ${String(asked)} ${asked === 1 ? "panel" : "panels"} before and after: no change of any answer.`]
        : [],
    folds: changed.map((answer) => panelFold(answer, grafanaUrl)),
    problems: dark.length === 0 ? [] : [`${String(dark.length)} ${shows(dark.length)} no data`],
  };
}
