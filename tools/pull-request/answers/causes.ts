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

/** Whatever the reader's own settings of git are: nothing between changes, and paths as they are. */
const DIFF = [
  ...["-c", "core.quotePath=false", "diff", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames"],
  ...["--submodule=short", "--unified=0", "--inter-hunk-context=0", "--src-prefix=a/", "--dst-prefix=b/"],
];

/** The lines in which a checkout differs from a commit; undefined where there are more than can be read. */
export function changedLines(
  checkout: string,
  commit: string,
  maxBuffer = 2 ** 26,
): readonly ChangedLine[] | undefined {
  try {
    return parseDiff(execFileSync("git", ["-C", checkout, ...DIFF, commit], { encoding: "utf8", maxBuffer }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOBUFS") {
      return undefined;
    }
    throw error;
  }
}

/** The lines of a diff without context. */
export function parseDiff(diff: string): readonly ChangedLine[] {
  const lines: ChangedLine[] = [];
  let file = "";
  let [old, now, removed, added] = [0, 0, 0, 0];
  for (const line of diff.split("\n")) {
    // what a hunk counts is a line of a file, even if it looks like a heading
    if (removed > 0 && line.startsWith("-")) {
      lines.push({ file, line: old++, sign: "-", text: line.slice(1).trim() });
      removed--;
    } else if (added > 0 && line.startsWith("+")) {
      lines.push({ file, line: now++, sign: "+", text: line.slice(1).trim() });
      added--;
    } else {
      const [, from, less = "1", to, more = "1"] = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(line) ?? [];
      if (from !== undefined) {
        [old, now, removed, added] = [from, to, less, more].map(Number) as [number, number, number, number];
      }
      file = pathIn(line) ?? file;
    }
  }
  return lines.filter((it) => !WITHOUT_EFFECT.test(it.file));
}

/** The path in a heading of a diff: in quotes where it has such, and before a tab where it has blanks. */
function pathIn(line: string): string | undefined {
  const [, quoted, plain] = /^(?:---|\+\+\+) (?:"[ab]\/(.*)"|[ab]\/([^\t]*))\t?$/.exec(line) ?? [];
  return plain ?? quoted?.replace(/\\(["\\])/g, "$1");
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
    const naming = linesNaming(some, lines);
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

/** Lines by the names in them; made once for a diff, as much can be lost by a long one. */
const indexes = new WeakMap<readonly ChangedLine[], ReadonlyMap<string, readonly number[]>>();

function linesNaming(names: readonly string[], lines: readonly ChangedLine[]): readonly ChangedLine[] {
  const index = indexes.get(lines) ?? indexOf(lines);
  indexes.set(lines, index);
  const found = new Set(names.filter((name) => name !== "").flatMap((name) => index.get(name) ?? []));
  return [...found].sort((one, other) => one - other).flatMap((at) => lines[at] ?? []);
}

function indexOf(lines: readonly ChangedLine[]): ReadonlyMap<string, readonly number[]> {
  const index = new Map<string, number[]>();
  lines.forEach(({ text }, at) => {
    for (const word of new Set(words(text))) {
      const places = index.get(word) ?? [];
      places.push(at);
      index.set(word, places);
    }
  });
  return index;
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
