import { Finding } from "../../verify/lab";
import { Operation, OPERATIONS } from "./changes";
import { EngineRun, Violation } from "./events";
import { code, Details, escapeMarkdown } from "./format";
import { impactOf } from "./impact";
import { Changes } from "./resources";
import { Row, rowKey } from "./rows";

/** Results of a lab for what changes, as Markdown. */
export interface LabResults {
  /** Result of each row's panel or alert, by `rowKey`. */
  readonly shown: ReadonlyMap<string, string>;
  /** Rows for panels and alerts whose declaration does not change. */
  readonly rows: readonly Row[];
  /** The rows to show first, by `rowKey`. */
  readonly first: ReadonlySet<string>;
  readonly paragraphs: readonly string[];
  /** Collapsible sections, each complete. */
  readonly folds: readonly string[];
  /** What fails the check, briefly. */
  readonly problems: readonly string[];
}

export interface Report {
  /** Identifies this report among the comments of a pull request. */
  readonly marker: string;
  readonly title: string;
  /** What was compared, and what the comparison leaves out; Markdown, a paragraph each. */
  readonly notes: readonly string[];
  readonly run: EngineRun;
  readonly changes: Changes;
  /** Only if policies were checked. */
  readonly policies: boolean;
  /** Origin of the policies, such as `those of the base`. */
  readonly policiesOf?: string;
  /** Why the run failed, in whole lines; empty if it succeeded. */
  readonly failure: readonly string[];
  /** Only if a lab was queried. */
  readonly results?: LabResults | undefined;
  /** Results of `make verify` after the change was applied; undefined if it was not. */
  readonly verified?: readonly Finding[] | undefined;
  /** Duration of each part of the work. */
  readonly seconds: Readonly<Record<string, number>>;
}

/** Maximum length of a report: a comment on GitHub holds 65,536 characters. */
export const LIMIT = 60_000;
const MOST_ROWS = 60;
const MOST_LINES = 200;
/** Maximum length of a table, and of a block of text. */
const MAX_TABLE = 20_000;
const MOST_MESSAGE = 500;
/** Characters reserved for notes about truncation. */
const NOTES = 200;
const SIGNS: Readonly<Record<Operation, string>> = { delete: "−", replace: "±", update: "~", create: "+" };

/** The report as Markdown, below `LIMIT`: what does not fit is left out whole, with a note. */
export function renderReport(report: Report): string {
  const { marker, title, notes, run, changes, failure, results, verified, seconds } = report;
  const start = [
    marker,
    `## ${title}: ${summaryOf(report)}`,
    ...notes,
    ...(failure.length > 0 ? [`**Failed:**\n\n${fence(failure.join("\n"))}`] : []),
    ...violationsOf(run.violations),
    ...tableOf(withResults(changes.rows, results)),
    ...(results?.paragraphs ?? []),
    ...impactOf(changes.changes),
    ...run.warnings.map((warning) => `> **Warning** ${code(warning)}`),
    ...(verified === undefined ? [] : [verifiedOf(verified)]),
  ];
  const end = [...policiesOf(report), ...timesOf(seconds)];
  return `${fit(start, [...(results?.folds ?? []), ...changes.folds.map(foldText)], end)}\n`;
}

/** The number of changed parts and what is lost, in one line. */
export function summaryOf(report: Pick<Report, "changes" | "failure" | "results">): string {
  return [countsOf(report), ...(report.results?.problems ?? [])].join("; ");
}

function countsOf({ changes: { changes }, failure }: Pick<Report, "changes" | "failure">): string {
  const counts = [...OPERATIONS].reverse().flatMap((operation) => {
    const count = changes.filter((change) => change.operation === operation).length;
    return count === 0 ? [] : [`${String(count)} to ${operation}`];
  });
  if (counts.length > 0) {
    return `${counts.join(", ")}${failure.length > 0 ? ", failed" : ""}`;
  }
  return failure.length > 0 ? "failed" : "no change";
}

/** The rows with the lab's results; losses first. */
function withResults(rows: readonly Row[], results: LabResults | undefined): readonly Row[] {
  if (results === undefined) {
    return rows;
  }
  const keys = new Set(rows.map(rowKey));
  const all = [...rows, ...results.rows.filter((row) => !keys.has(rowKey(row)))].map((row) => {
    const shown = results.shown.get(rowKey(row));
    return shown === undefined ? row : { ...row, detail: [row.detail, shown].filter(Boolean).join("; ") };
  });
  const isFirst = (row: Row): boolean => results.first.has(rowKey(row));
  return [...all.filter(isFirst), ...all.filter((row) => !isFirst(row))];
}

function tableOf(rows: readonly Row[]): string[] {
  if (rows.length === 0) {
    return [];
  }
  const lines = rows.map(
    ({ operation, kind, name, detail }) =>
      `| ${SIGNS[operation]} ${operation} | ${escapeMarkdown(kind)} | ${cell(name)} | ${detail} |`,
  );
  return [table(["", "part", "name", "change"], lines)];
}

/** A table, truncated to the maximum length. */
function table(head: readonly string[], lines: readonly string[]): string {
  const shown = shownOf(lines, MOST_ROWS);
  return [
    `| ${head.join(" | ")} |`.replaceAll("  ", " "),
    `|${head.map(() => "---|").join("")}`,
    ...shown,
    ...(shown.length < lines.length
      ? ["", cutText(lines.length - shown.length, "more line of the table", "more lines of the table")]
      : []),
  ].join("\n");
}

/** The first lines that fit into the maximum length. */
function shownOf(lines: readonly string[], most: number): readonly string[] {
  let used = 0;
  return lines.slice(0, most).filter((line) => (used += line.length + 1) <= MAX_TABLE);
}

function cell(name: string): string {
  return name === "" ? "" : code(name);
}

function violationsOf(violations: readonly Violation[]): string[] {
  return violations.map(
    ({ policyName, message, resourceUrn }) =>
      `> **Policy ${code(policyName)}** (${code(resourceUrn?.split("::").pop() ?? "")}): ${escapeMarkdown(message, MOST_MESSAGE)}`,
  );
}

/** The result of the policies, and their origin. */
function policiesOf({ policies, policiesOf: whose, run }: Report): string[] {
  const broken = run.violations.length > 0;
  if (!policies || (!run.ended && !broken)) {
    return [];
  }
  const held = broken ? "A policy in `policy/` is violated." : "All policies in `policy/` pass.";
  return [whose === undefined ? held : `${held} The policies are ${whose}.`];
}

function verifiedOf(checks: readonly Finding[]): string {
  const failed = checks.filter(({ ok }) => !ok);
  // failed checks first, as the table is truncated at the end
  const lines = [...failed, ...checks.filter(({ ok }) => ok)].map(
    ({ check, ok, seen }) => `| ${escapeMarkdown(check)} | ${ok ? "ok" : "**FAILED**"} | ${code(seen)} |`,
  );
  const heading =
    failed.length === 0
      ? `Applied, <code>make verify</code> passes: ${String(checks.length)} ${checks.length === 1 ? "check" : "checks"}`
      : `Applied, <b>${String(failed.length)} of ${String(checks.length)} checks fail</b>`;
  return details(heading, table(["check", "", "result"], lines), failed.length > 0);
}

function foldText({ title, diff }: Details): string {
  return details(escapeMarkdown(title), fence(diff, "diff"));
}

/** A collapsible section; its heading is HTML, its body Markdown. */
export function details(summary: string, body: string, open = false): string {
  return `<details${open ? " open" : ""}><summary>${summary}</summary>\n\n${body}\n\n</details>`;
}

/** A code block, truncated, and fenced by more backticks than it contains. */
export function fence(text: string, language = ""): string {
  const lines = text
    .split("\n")
    .map((line) => (line.length > MAX_TABLE / 4 ? `${line.slice(0, MAX_TABLE / 4)}…` : line));
  const shown = shownOf(lines, MOST_LINES);
  const left = lines.length - shown.length;
  const block = [...shown, ...(left > 0 ? [`… ${cutText(left, "line", "lines").slice(0, -1)}`] : [])].join("\n");
  const longest = Math.max(2, ...[...block.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const ticks = "`".repeat(longest + 1);
  return `${ticks}${language}\n${block}\n${ticks}`;
}

function cutText(count: number, one: string, several = one): string {
  return `${String(count)} ${count === 1 ? `${one} is` : `${several} are`} cut.`;
}

/** As many paragraphs and folds, each whole, as the limit allows. */
function fit(paragraphs: readonly string[], folds: readonly string[], end: readonly string[]): string {
  let space = LIMIT - end.join("\n\n").length - NOTES;
  const fits = (part: string): boolean => {
    const has = part.length + 2 <= space;
    space -= has ? part.length + 2 : 0;
    return has;
  };
  const cutOf = (kind: string, all: readonly string[], shown: readonly string[]): string[] => {
    const left = all.length - shown.length;
    return left === 0 ? [] : [cutText(left, `of ${String(all.length)} ${kind}`)];
  };
  const [shown, diffs] = [paragraphs.filter(fits), folds.filter(fits)];
  return [
    ...shown,
    ...cutOf("paragraphs", paragraphs, shown),
    ...diffs,
    ...cutOf("collapsed sections", folds, diffs),
    ...end,
  ].join("\n\n");
}

function timesOf(seconds: Report["seconds"]): string[] {
  const parts = Object.entries(seconds).map(([part, count]) => `${part} ${count.toFixed(0)} s`);
  const total = Object.values(seconds).reduce((sum, count) => sum + count, 0);
  return parts.length === 0 ? [] : [`<sub>${parts.join(", ")}: ${total.toFixed(0)} s in all</sub>`];
}
