import { execFileSync } from "node:child_process";
import { Loss } from "./losses";

/** A line that a change adds or takes away. */
export interface ChangedLine {
  readonly file: string;
  /** Of the file after the change, or before it where the line is gone. */
  readonly line: number;
  readonly sign: "+" | "-";
  readonly text: string;
}

/** What decides nothing in a lab. */
const WITHOUT_EFFECT = /^(docs|tests|tools)\/|\.md$|^package-lock\.json$/;
const MOST_LINES = 3;
/** Shorter parts of a metric's name are in too many lines. */
const SHORTEST_WORD = 4;

/** The lines in which a checkout differs from a commit. */
export function changedLines(checkout: string, commit: string): readonly ChangedLine[] {
  const args = ["-C", checkout, "diff", "--no-color", "--no-ext-diff", "--no-renames", "--unified=0", commit];
  return parseDiff(execFileSync("git", args, { encoding: "utf8", maxBuffer: 2 ** 28 }));
}

/** The lines of a diff without context. */
export function parseDiff(diff: string): readonly ChangedLine[] {
  const lines: ChangedLine[] = [];
  let [file, old, now] = ["", 0, 0];
  for (const line of diff.split("\n")) {
    const [, path] = /^(?:---|\+\+\+) [ab]\/(.*)$/.exec(line) ?? [];
    const [, from, to] = /^@@ -(\d+)(?:,\d+)? \+(\d+)/.exec(line) ?? [];
    if (path !== undefined) {
      file = path;
    } else if (from !== undefined) {
      [old, now] = [Number(from), Number(to)];
    } else if (line.startsWith("-") && line !== "--- /dev/null") {
      lines.push({ file, line: old++, sign: "-", text: line.slice(1).trim() });
    } else if (line.startsWith("+") && line !== "+++ /dev/null") {
      lines.push({ file, line: now++, sign: "+", text: line.slice(1).trim() });
    }
  }
  return lines.filter((it) => !WITHOUT_EFFECT.test(it.file));
}

/**
 * The lines that name what was lost: its metric, else its job, its labels, or a part of the metric's name. None of them
 * where no line does.
 */
export function likelyCauses(losses: readonly Loss[], lines: readonly ChangedLine[]): readonly ChangedLine[] {
  const metrics = losses.flatMap(({ selectors }) => selectors.flatMap(metricsIn));
  const names = [
    metrics.map((metric) => metric.replace(/_(bucket|count|sum|total)$/, "")),
    losses.flatMap(({ jobs }) => jobs),
    losses.flatMap(({ labels, selectors }) => [...labels, ...selectors.flatMap(labelsIn)]),
    metrics.flatMap((metric) => metric.split(/[_:]/)).filter(({ length }) => length >= SHORTEST_WORD),
  ];
  for (const some of names) {
    const naming = lines.filter(({ text }) => some.some((name) => name !== "" && words(text).includes(name)));
    if (naming.length > 0) {
      // what was taken away rather than what came
      return [...naming.filter(({ sign }) => sign === "-"), ...naming.filter(({ sign }) => sign === "+")].slice(
        0,
        MOST_LINES,
      );
    }
  }
  return [];
}

function metricsIn(selector: string): string[] {
  const [metric = ""] = /^[a-zA-Z_:][\w:]*/.exec(selector) ?? [];
  return metric === "" ? [] : [metric];
}

function labelsIn(selector: string): string[] {
  return [...selector.matchAll(/(\w+)(?:=|!=|=~|!~)"/g)].map(([, label = ""]) => label);
}

/** The names in a line: of a metric with its parts, as a flag or a variable may hold only these. */
function words(text: string): string[] {
  const names = text.match(/[a-zA-Z_:][\w:]*/g) ?? [];
  return names.flatMap((name) => [name, name.replace(/_(bucket|count|sum|total)$/, ""), ...name.split(/[_:]/)]);
}
