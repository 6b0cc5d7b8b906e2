import { isDeepStrictEqual } from "node:util";
import { RULES } from "../../../lib/shared/alertRules";
import { isObject } from "../../../lib/shared/isObject";
import { nameAlerts } from "../report/configuration";
import { objectsIn, Pair, readYaml } from "../report/differences";
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
  const pairs = files
    .filter(({ name }) => name.endsWith(RULES))
    .map(({ before, after }) => [groupsOf(before), groupsOf(after)] as const);
  const readable = pairs.filter(([before, after]) => before !== undefined && after !== undefined);
  const before = readable.flatMap(([old]) => old ?? []);
  const after = readable.flatMap(([, now]) => now ?? []);
  const [old, now] = nameAlerts(alertsIn(before), alertsIn(after));
  return {
    before: { alerts: old, recordings: recordingsIn(before) },
    after: { alerts: now, recordings: recordingsIn(after) },
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

function alertsIn(groups: readonly Named[]): readonly AlertRule[] {
  return groups.flatMap((group) =>
    objectsIn(group.rules)
      .filter(({ alert }) => typeof alert === "string")
      .map((rule) => alertOf(group, rule)),
  );
}

function recordingsIn(groups: readonly Named[]): readonly RecordingRule[] {
  return groups.flatMap((group) =>
    objectsIn(group.rules)
      .filter(({ record }) => typeof record === "string")
      .map((rule) => ({
        record: String(rule.record),
        expr: textOf(rule.expr),
        labels: { ...textsOf(group.labels), ...textsOf(rule.labels) },
      })),
  );
}

function alertOf(group: Named, rule: Named): AlertRule {
  return {
    alert: textOf(rule.alert),
    expr: textOf(rule.expr),
    for: textOf(rule.for) || "0s",
    labels: { ...textsOf(group.labels), ...textsOf(rule.labels) },
    annotations: textsOf(rule.annotations),
    ...(group.interval === undefined ? {} : { interval: textOf(group.interval) }),
  };
}

/** Groups of a rule file, empty for a missing file; undefined if it is secret or not YAML. */
function groupsOf(text?: string): readonly Named[] | undefined {
  const content = readYaml(text);
  return content === undefined ? undefined : objectsIn(content.groups);
}

/** Scalars of a mapping as text; empty for any other value. */
export function textsOf(value: unknown): Texts {
  return isObject(value) ? Object.fromEntries(Object.entries(value).map(([name, text]) => [name, textOf(text)])) : {};
}

/** A YAML scalar as Prometheus decodes it into a string. */
function textOf(value: unknown): string {
  return typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value);
}
