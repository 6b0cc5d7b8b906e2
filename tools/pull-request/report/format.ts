import { createTwoFilesPatch, OMIT_HEADERS } from "diff";
import { Difference, findDifferences, Pair } from "./differences";

export type TextPair = Pair<string>;

/** A collapsible section: a heading and a diff. */
export interface Details {
  readonly title: string;
  readonly diff: string;
}

const CONTEXT = 2;
/** Maximum length of a value in a table. */
const SHORT = 100;
/** Characters shown before a difference. */
const LEAD = 30;

/** The diff of a text as a collapsible section, if there is a difference. */
export function foldOf({ name, before = "", after = "" }: TextPair): Details | undefined {
  if (before === after) {
    return undefined;
  }
  const patch = createTwoFilesPatch("", "", before, after, undefined, undefined, {
    context: CONTEXT,
    headerOptions: OMIT_HEADERS,
  });
  const lines = patch.split("\n").filter((line) => line !== "" && !line.startsWith("\\ "));
  const count = (sign: string): number => lines.filter((line) => line.startsWith(sign)).length;
  return { title: `${name} (+${String(count("+"))} −${String(count("-"))})`, diff: lines.join("\n") };
}

/** A value as code in a table cell: truncated and escaped. */
export function code(value: unknown): string {
  const safe = cut(textOf(value)).replaceAll("`", "ʼ").replaceAll("|", "\\|");
  return safe === "" ? "(empty)" : `\`${safe}\``;
}

/** Untrusted text in a line of Markdown or HTML: truncated and escaped. */
export function escapeMarkdown(text: string, most = SHORT): string {
  return (
    cut(text, most)
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      // of which each takes effect on what follows, makes a style, or is mathematics on GitHub
      .replace(/[\\|*~$]/g, (sign) => `&#${String(sign.charCodeAt(0))};`)
      // within a word it makes none, and is in the name of every metric
      .replace(/(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, "&#95;")
      .replaceAll("](", "&#93;(")
      .replaceAll("@", "@&#8203;")
      .replaceAll("`", "ʼ")
  );
}

/** A difference in one line. */
export function describeDifference({ path, before, after }: Difference, note = ""): string {
  return `${escapeMarkdown(path)}${note}: ${formatChange(before, after)}`;
}

/** The first differences of two values in one line. */
export function describeDifferences(before: unknown, after: unknown): string {
  const differences = findDifferences(before, after).map((difference) => describeDifference(difference));
  return list(differences, 3);
}

/** A value before and after in one line; for long texts, the part that differs. */
export function formatChange(before: unknown, after: unknown): string {
  if (before === undefined) {
    return `${code(after)} (new)`;
  }
  if (after === undefined) {
    return `${code(before)} (removed)`;
  }
  const [old, now] = [details(textOf(before)), details(textOf(after))];
  if (old === now) {
    return `${code(now)} (reformatted)`;
  }
  const start = Math.max(old.length, now.length) > SHORT ? Math.max(0, sharedStart(old, now) - LEAD) : 0;
  const lead = start > 0 ? "…" : "";
  return `${code(lead + old.slice(start))} → ${code(lead + now.slice(start))}`;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value);
}

function cut(text: string, most = SHORT): string {
  const line = details(text);
  // not in the middle of a character
  return line.length > most ? `${line.slice(0, most - 1).replace(/[\ud800-\udbff]$/, "")}…` : line;
}

/** A text in one line, without control characters and those that turn its direction. */
function details(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/[\u0000-\u001f\u007f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "")
    .trim();
}

function sharedStart(one: string, other: string): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) {
    length++;
  }
  return length;
}

/** A list as text, truncated after a few items. */
export function list(items: readonly string[], most = 5): string {
  const shown = items.slice(0, most).join(", ");
  return items.length > most ? `${shown} and ${String(items.length - most)} more` : shown;
}
