import { isDeepStrictEqual } from "node:util";
import { RULES } from "../../../lib/shared/alertRules";
import { isObject } from "../../../lib/shared/isObject";
import { nameAlerts, readBoth, rulesIn } from "../report/configuration";
import { Pair } from "../report/differences";
import { TextPair } from "../report/format";

type Texts = Readonly<Record<string, string>>;

/** An alert of a rule file, with the labels and interval of its group. */
export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  /** Prometheus duration. */
  readonly for: string;
  readonly labels: Texts;
  readonly annotations: Texts;
  /** Prometheus duration; undefined if the group has no own interval. */
  readonly interval?: string;
}

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels: Texts;
}

export interface Rules {
  /** By name; duplicates are numbered, as in `TargetDown 2`. */
  readonly alerts: ReadonlyMap<string, AlertRule>;
  readonly recordings: readonly RecordingRule[];
}

type Named = Readonly<Record<string, unknown>>;

/**
 * The rules of changed files, before and after. A file with invalid YAML on one side is skipped, as all rules of the other
 * side would look new or removed; Prometheus rejects such a file before.
 */
export function readRuleFiles(files: readonly TextPair[]): { readonly before: Rules; readonly after: Rules } {
  const readable = readBoth(files.filter(({ name }) => name.endsWith(RULES)));
  const [before, after] = [readable.map((file) => file.before), readable.map((file) => file.after)];
  const [old, now] = nameAlerts(before.flatMap(alertsIn), after.flatMap(alertsIn));
  return {
    before: { alerts: old, recordings: before.flatMap(recordingsIn) },
    after: { alerts: now, recordings: after.flatMap(recordingsIn) },
  };
}

/** All alerts of both sides, those after the change first. */
export function pairAlerts(before: Rules, after: Rules): readonly Pair<AlertRule>[] {
  const names = [...new Set([...after.alerts.keys(), ...before.alerts.keys()])];
  return names.map((name) => ({ name, before: before.alerts.get(name), after: after.alerts.get(name) }));
}

/** Recorded metrics whose rules differ, with the kind of difference. */
export function changedRecordings(before: Rules, after: Rules): ReadonlyMap<string, "new" | "changed" | "removed"> {
  const named = (rules: Rules, name: string): readonly RecordingRule[] =>
    rules.recordings.filter(({ record }) => record === name);
  const changed = new Map<string, "new" | "changed" | "removed">();
  for (const { record } of [...before.recordings, ...after.recordings]) {
    const [old, now] = [named(before, record), named(after, record)];
    if (!isDeepStrictEqual(old, now)) {
      changed.set(record, old.length === 0 ? "new" : now.length === 0 ? "removed" : "changed");
    }
  }
  return changed;
}

function alertsIn(content: Named): readonly AlertRule[] {
  return rulesIn(content, "alert").map((rule) => ({
    alert: textOf(rule.alert),
    expr: textOf(rule.expr),
    for: textOf(rule.for) || "0s",
    labels: textsOf(rule.labels),
    annotations: textsOf(rule.annotations),
    ...(rule.interval === undefined ? {} : { interval: textOf(rule.interval) }),
  }));
}

function recordingsIn(content: Named): readonly RecordingRule[] {
  return rulesIn(content, "record").map(({ record, expr, labels }) => ({
    record: textOf(record),
    expr: textOf(expr),
    labels: textsOf(labels),
  }));
}

/** Scalars of a mapping as text; empty for any other value. */
export function textsOf(value: unknown): Texts {
  return isObject(value) ? Object.fromEntries(Object.entries(value).map(([name, text]) => [name, textOf(text)])) : {};
}

/** A YAML scalar as Prometheus decodes it into a string. */
function textOf(value: unknown): string {
  return typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value);
}
