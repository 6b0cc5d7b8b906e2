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
const DIFF =
  "-c core.quotePath=false diff --relative --no-color --no-ext-diff --no-textconv --no-renames --submodule=short " +
  "--unified=0 --inter-hunk-context=0 --src-prefix=a/ --dst-prefix=b/";

/** The lines in which a checkout differs from a commit; undefined if the diff exceeds the buffer. */
export function changedLines(
  checkout: string,
  commit: string,
  maxBuffer = 2 ** 26,
): readonly ChangedLine[] | undefined {
  try {
    const args = ["-C", checkout, ...DIFF.split(" "), commit];
    return parseDiff(execFileSync("git", args, { encoding: "utf8", maxBuffer }));
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
 * Finds the changed lines that contain a name of lost data: the metric, else the job, a label or a part of the metric's
 * name.
 */
export function causeFinder(lines: readonly ChangedLine[]): (loss: Loss) => readonly ChangedLine[] {
  const places = new Map<string, number[]>();
  lines.forEach(({ text }, at) => {
    for (const name of new Set(namesInLine(text))) {
      places.set(name, places.get(name) ?? []);
      places.get(name)?.push(at);
    }
  });
  return ({ selectors, jobs, labels }) => {
    const metrics = selectors.flatMap((it) => /^[a-zA-Z_:][\w:]*/.exec(it) ?? []);
    const names = [
      metrics.map((metric) => metric.replace(/_(bucket|count|sum|total)$/, "")),
      jobs,
      [...labels, ...selectors.flatMap(labelsIn)],
      metrics.flatMap((metric) => metric.split(/[_:]/)).filter(({ length }) => length >= MIN_WORD_LENGTH),
    ];
    for (const some of names) {
      const found = new Set(some.flatMap((name) => places.get(name) ?? []));
      if (found.size > 0) {
        const matching = [...found].sort((one, other) => one - other).flatMap((at) => lines[at] ?? []);
        // removed lines are likelier causes than added ones
        return ["-", "+"].flatMap((wanted) => matching.filter(({ sign }) => sign === wanted)).slice(0, MAX_LINES);
      }
    }
    return [];
  };
}

function labelsIn(selector: string): string[] {
  return [...selector.matchAll(/(\w+)(?:=|!=|=~|!~)"/g)].map(([, label = ""]) => label);
}

/** Names in a line and their parts: a flag or a variable may contain only a part of a metric's name. */
function namesInLine(text: string): string[] {
  const names = text.match(/[a-zA-Z_:][\w:]*/g) ?? [];
  return names
    .flatMap((name) => [name, name.replace(/_(bucket|count|sum|total)$/, ""), ...name.split(/[_:]/)])
    .filter((name) => name !== "");
}
