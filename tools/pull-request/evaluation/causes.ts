import { parsePatch } from "diff";
import { execFileSync } from "node:child_process";
import { Loss } from "./losses";

/** A line that a change adds or removes. */
export interface ChangedLine {
  readonly file: string;
  /** Line number after the change; before it for a removed line. */
  readonly line: number;
  readonly sign: "+" | "-";
  readonly text: string;
}

/** Files that do not affect a lab. */
const WITHOUT_EFFECT = /^(docs|tests|tools)\/|\.md$|^package-lock\.json$/;
const MAX_LINES = 3;
/** Shorter parts of a metric's name match too many lines. */
const MIN_WORD_LENGTH = 4;

/** Overrides the user's git settings: no context lines, unquoted paths. */
const DIFF_ARGS = [
  ...[
    "-c",
    "core.quotePath=false",
    "diff",
    "--relative",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--no-renames",
  ],
  ...["--submodule=short", "--unified=0", "--inter-hunk-context=0", "--src-prefix=a/", "--dst-prefix=b/"],
];

/** The lines in which a checkout differs from a commit; undefined if the diff exceeds the buffer. */
export function changedLines(
  checkout: string,
  commit: string,
  maxBuffer = 2 ** 26,
): readonly ChangedLine[] | undefined {
  try {
    return parseDiff(execFileSync("git", ["-C", checkout, ...DIFF_ARGS, commit], { encoding: "utf8", maxBuffer }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOBUFS") {
      return undefined;
    }
    throw error;
  }
}

/** The lines of a diff without context. */
export function parseDiff(diff: string): readonly ChangedLine[] {
  const lines = parsePatch(diff).flatMap(({ oldFileName = "", newFileName = "", hunks }) => {
    const file = (newFileName === "/dev/null" ? oldFileName : newFileName).replace(/^[ab]\//, "");
    return hunks.flatMap((hunk) => [
      ...linesOf(file, hunk.lines, "-", hunk.oldStart),
      ...linesOf(file, hunk.lines, "+", hunk.newStart),
    ]);
  });
  return lines.filter((it) => !WITHOUT_EFFECT.test(it.file));
}

function linesOf(file: string, all: readonly string[], sign: ChangedLine["sign"], start: number): ChangedLine[] {
  const own = all.filter((line) => line.startsWith(sign));
  return own.map((line, index) => ({ file, line: start + index, sign, text: line.slice(1).trim() }));
}

/**
 * The changed lines that contain a name of the lost data: the metric, else the job, a label or a part of the metric's
 * name.
 */
export function likelyCauses(losses: readonly Loss[], lines: readonly ChangedLine[]): readonly ChangedLine[] {
  const metrics = losses.flatMap(({ selectors }) => selectors.flatMap((it) => /^[a-zA-Z_:][\w:]*/.exec(it) ?? []));
  const names = [
    metrics.map((metric) => metric.replace(/_(bucket|count|sum|total)$/, "")),
    losses.flatMap(({ jobs }) => jobs),
    losses.flatMap(({ labels, selectors }) => [...labels, ...selectors.flatMap(labelsIn)]),
    metrics.flatMap((metric) => metric.split(/[_:]/)).filter(({ length }) => length >= MIN_WORD_LENGTH),
  ];
  for (const some of names) {
    const matching = linesWithNames(some, lines);
    if (matching.length > 0) {
      // removed lines are likelier causes than added ones
      return ["-", "+"].flatMap((wanted) => matching.filter(({ sign }) => sign === wanted)).slice(0, MAX_LINES);
    }
  }
  return [];
}

/** Line numbers by the names in the lines, cached per diff. */
const indexes = new WeakMap<readonly ChangedLine[], ReadonlyMap<string, readonly number[]>>();

function linesWithNames(names: readonly string[], lines: readonly ChangedLine[]): readonly ChangedLine[] {
  const index = indexes.get(lines) ?? indexOf(lines);
  indexes.set(lines, index);
  const found = new Set(names.filter((name) => name !== "").flatMap((name) => index.get(name) ?? []));
  return [...found].sort((one, other) => one - other).flatMap((at) => lines[at] ?? []);
}

function indexOf(lines: readonly ChangedLine[]): ReadonlyMap<string, readonly number[]> {
  const index = new Map<string, number[]>();
  lines.forEach(({ text }, at) => {
    for (const word of new Set(namesInLine(text))) {
      const places = index.get(word) ?? [];
      places.push(at);
      index.set(word, places);
    }
  });
  return index;
}

function labelsIn(selector: string): string[] {
  return [...selector.matchAll(/(\w+)(?:=|!=|=~|!~)"/g)].map(([, label = ""]) => label);
}

/** Names in a line and their parts: a flag or a variable may contain only a part of a metric's name. */
function namesInLine(text: string): string[] {
  const names = text.match(/[a-zA-Z_:][\w:]*/g) ?? [];
  return names.flatMap((name) => [name, name.replace(/_(bucket|count|sum|total)$/, ""), ...name.split(/[_:]/)]);
}
