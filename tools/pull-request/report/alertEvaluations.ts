import { writeDuration } from "../../../lib/shared/duration";
import type { AlertEvaluation } from "../evaluation/alerts";
import type { ActiveSeries, RuleEvaluation } from "../evaluation/evaluateRule";
import type { Notification } from "../evaluation/notification";
import type { RuleTests } from "../evaluation/ruleTests";
import { code, escapeMarkdown, list } from "./format";
import { details, fence, LabResults } from "./markdown";
import { rowKey } from "./rows";

const MOST_SERIES = 3;
const MOST_NAMES = 10;
/** Maximum length of a label's value. */
const LONG = 30;
/** Maximum length of an error. */
const MOST_REASON = 300;
const TEMPLATE_ERROR = "<error expanding template:";
/** Annotations shown first. */
const FIRST = ["summary", "description"];

/** The report's text about alerts and their promtool tests. */
export function alertText(
  evaluations: readonly AlertEvaluation[],
  { tests, untested, examples }: RuleTests,
): LabResults {
  const key = ({ name }: AlertEvaluation): string => rowKey({ kind: "alert", name });
  const becomes = (...states: readonly RuleEvaluation["state"][]): readonly AlertEvaluation[] =>
    evaluations.filter(
      ({ before, after }) => after !== undefined && states.includes(after.state) && after.state !== before?.state,
    );
  const inError = evaluations.filter(({ after }) => after?.state === "error");
  const failed = tests.filter(({ ok }) => !ok);
  const names = (all: readonly AlertEvaluation[]): string[] => all.map(({ name }) => code(name));
  const files = (all: RuleTests["tests"]): string[] => all.map(({ file }) => code(file));
  const note = (start: string, all: readonly string[]): string[] =>
    all.length === 0 ? [] : [`${start} ${list(all, MOST_NAMES)}.`];
  return {
    shown: new Map(evaluations.map((evaluation) => [key(evaluation), alertLine(evaluation)])),
    rows: evaluations
      .filter((evaluation) => !isSameEvaluation(evaluation))
      .map(({ name }) => ({ operation: "update", kind: "alert", name, detail: "through a changed recording rule" })),
    first: new Set(becomes("firing", "never", "error").map(key)),
    paragraphs: [
      ...note("**In error**:", names(inError)),
      ...note("**Promtool tests fail**:", files(failed)),
      ...note("**A template fails**:", names(evaluations.filter(hasTemplateError))),
      ...note("**Fires at once**:", names(becomes("firing"))),
      ...note(
        "**Cannot fire**:",
        becomes("never").map(({ name, after }) => `${code(name)} (${lacking(after)})`),
      ),
      ...note("Promtool tests pass:", files(tests.filter(({ ok }) => ok))),
      ...note("Without a promtool test:", untested.map(code)),
    ],
    // collapsible sections with the notifications, and the output of failed tests
    folds: [
      ...failed.map(({ file, output }) => fold(`promtool's tests in ${file} fail`, output, true)),
      ...evaluations.flatMap((evaluation) => notificationFold(evaluation, examples)),
    ],
    problems: [
      ...(inError.length === 0
        ? []
        : [`${String(inError.length)} ${inError.length === 1 ? "alert" : "alerts"} in error`]),
      ...failed.map(({ file }) => `promtool's tests in ${file} fail`),
    ],
  };
}

/** State of an alert before and after, for a table row. */
export function alertLine(evaluation: AlertEvaluation): string {
  const { before, after } = evaluation;
  if (after === undefined) {
    return before === undefined ? "" : sentence("was", before, false);
  }
  if (before === undefined) {
    return sentence("is", after, true);
  }
  return isSameEvaluation(evaluation)
    ? `unchanged: ${describe(after, true)}`
    : `${describe(before, false)} → ${describe(after, true)}`;
}

function sentence(verb: string, evaluation: RuleEvaluation, strong: boolean): string {
  const text = describe(evaluation, strong);
  return evaluation.state === "never" || evaluation.state === "error" ? text : `${verb} ${text}`;
}

/** Whether an alert's state is the same before and after; values do not count, as they are measured. */
function isSameEvaluation({ before, after }: AlertEvaluation): boolean {
  const { state } = after ?? {};
  return before !== undefined && after !== undefined && state !== "unknown" && identify(before) === identify(after);
}

/** Prometheus sends such an alert with its error in place of the text. */
function hasTemplateError({ notification }: AlertEvaluation): boolean {
  const { labels = {}, annotations = {} } = notification ?? {};
  return [...Object.values(labels), ...Object.values(annotations)].some((text) => text.startsWith(TEMPLATE_ERROR));
}

function notificationFold(
  { name, after, notification, notRendered }: AlertEvaluation,
  examples: RuleTests["examples"],
): readonly string[] {
  if (after === undefined || after.state === "error") {
    return [];
  }
  if (notification !== undefined) {
    return [fold(`Notification of ${name}, on the lab's data`, textOf(notification))];
  }
  const example = examples.get(name);
  if (example !== undefined) {
    return [fold(`Notification of ${name}, on its promtool test's data`, textOf(example))];
  }
  return notRendered === undefined ? [] : [fold(`Notification of ${name}: not rendered`, notRendered)];
}

/** A collapsible section with an untrusted title and text. */
function fold(title: string, text: string, open = false): string {
  return details(escapeMarkdown(title), fence(text), open);
}

function textOf({ labels, annotations }: Notification): string {
  const names = Object.keys(annotations);
  const ordered = [...FIRST.filter((name) => names.includes(name)), ...names.filter((name) => !FIRST.includes(name))];
  return [
    ...ordered.map((name) => `${name}: ${annotations[name] ?? ""}`),
    `labels: ${describeLabels(labels) || "none"}`,
  ].join("\n");
}

function describe(evaluation: RuleEvaluation, strong: boolean): string {
  const mark = (text: string): string => (strong ? `**${text}**` : text);
  const { state, series, forSeconds, missing = [], reason = "" } = evaluation;
  switch (state) {
    case "firing":
      return `${mark("firing")} for ${seriesOf(series)}`;
    case "pending":
      return `pending for ${seriesOf(series)}, fires after ${writeDuration(forSeconds)}`;
    case "inactive":
      return missing.length === 0 ? "inactive" : `inactive: ${lacking(evaluation)}`;
    case "never":
      return `${mark("cannot fire")}: ${lacking(evaluation)}`;
    case "unknown":
      return `unknown before the update: ${escapeMarkdown(reason, MOST_REASON)}`;
    case "error":
      return `${mark("error")}: ${escapeMarkdown(reason, MOST_REASON)}`;
  }
}

function lacking({ missing = [], reason }: Pick<RuleEvaluation, "missing" | "reason"> = {}): string {
  const why = reason === undefined ? "" : `: ${escapeMarkdown(reason, MOST_REASON)}`;
  return `no series of ${list(missing.map(code), MOST_SERIES)} in the lab${why}`;
}

function seriesOf(series: readonly ActiveSeries[]): string {
  return list(
    series.map(({ labels, value }) => {
      const text = describeLabels(labels);
      return text === "" ? `the value ${short(value)}` : `${code(text)} (${short(value)})`;
    }),
    MOST_SERIES,
  );
}

/** Labels, the long ones last: an id must not hide a name. */
function describeLabels(labels: Readonly<Record<string, string>>): string {
  const all = Object.entries(labels);
  const isLong = ([, value]: readonly [string, string]): boolean => value.length > LONG;
  return [...all.filter((label) => !isLong(label)), ...all.filter(isLong)]
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(", ");
}

/** A value with four significant digits, or all of its integer part. */
function short(value: string): string {
  const number = Number(value);
  if (value === "" || !Number.isFinite(number)) {
    return escapeMarkdown(value);
  }
  return String(Math.abs(number) >= 1000 ? Math.round(number) : Number(number.toPrecision(4)));
}

function identify({ state, series, missing, reason }: RuleEvaluation): string {
  return JSON.stringify([state, series.map(({ labels, state: own }) => [labels, own]), missing, reason]);
}
