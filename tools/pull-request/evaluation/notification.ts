import { stringify } from "yaml";
import { LabError } from "../../../lib/shared/problems";
import { quoteName } from "../../verify/panels/parsedQuery";
import { without } from "../report/differences";
import { ActiveSeries, Labels } from "./evaluateRule";
import { RunRuleTests, TestOutputs } from "./promtool";
import { AlertRule } from "./rules";

/** Labels and annotations of an alert as sent to Alertmanager. */
export interface Notification {
  readonly labels: Labels;
  readonly annotations: Labels;
}

/** An alert to be rendered with a series of the lab; without one, only its templates are checked. */
export interface AlertToRender {
  readonly rule: AlertRule;
  readonly series: ActiveSeries | undefined;
}

/** The notification, undefined without a series; or the reason why it cannot be rendered. */
export type Rendered =
  { readonly notification?: Notification } | { readonly problem: Problem; readonly reason: string };

/** "rejected": Prometheus rejects the rule. "unknown": it cannot be rendered here. */
type Problem = "rejected" | "unknown";

/** Data for templates besides the alert. */
export interface TemplateContext {
  readonly externalLabels: Labels;
  readonly externalUrl: string;
}

/** Metric name of a nameless series in a test; templates must not see it. */
const PLACEHOLDER_METRIC = "result";
const QUOTED = '"(?:[^"\\\\]|\\\\.)*"';
const LABELS = `\\{((?:[^"{}]|${QUOTED})*)\\}`;
const ALERT = new RegExp(`^ +Labels:${LABELS}\\s+Annotations:${LABELS}`, "m");
const LABEL = new RegExp(`(${QUOTED}|[^\\s,="]+)=(${QUOTED})`, "g");
const REJECTED = /^\s*\S+\.rules\.yml: (?:group "[^"]*", rule \d+, "[^"]*": )?(.+)$/m;
const ACTION = /\{\{.*?\}\}/gs;
const STRING = /"(?:[^"\\]|\\.)*"|`[^`]*`/g;

/**
 * Renders the labels and annotations of alerts with Prometheus' own templates: promtool tests each alert with the result
 * of its expression as the only series and expects no alert, so it prints the one that fires.
 *
 * @param runTests Undefined without promtool.
 * @returns One result per alert, in the same order.
 */
export async function renderAlerts(
  runTests: RunRuleTests | undefined,
  alerts: readonly AlertToRender[],
  context: TemplateContext,
): Promise<readonly Rendered[]> {
  if (alerts.length === 0) {
    return [];
  }
  const files = alerts.map((alert, index) => filesOf(alert, index, context));
  const tests = alerts.map((_, index) => testOf(index));
  const outputs = await run(runTests, new Map(files.flat()), tests);
  return alerts.map(({ rule }, index): Rendered => {
    if (typeof outputs === "string") {
      return { problem: "unknown", reason: outputs };
    }
    const { ok = false, output = "" } = outputs.get(testOf(index)) ?? {};
    const [, rejected] = REJECTED.exec(output) ?? [];
    if (rejected !== undefined) {
      return { problem: "rejected", reason: rejected };
    }
    if ([...Object.values(rule.annotations), ...Object.values(rule.labels)].some(queries)) {
      return { problem: "unknown", reason: "a template queries Prometheus" };
    }
    const notification = readAlert(output);
    return ok || notification !== undefined ? { notification } : { problem: "unknown", reason: output };
  });
}

/** Whether a template calls `query`, which would return the test's series and not the lab's. */
function queries(template: string): boolean {
  return (template.match(ACTION) ?? []).some((action) => /(?<![.$\w])query\b/.test(action.replace(STRING, '""')));
}

async function run(
  runTests: RunRuleTests | undefined,
  files: ReadonlyMap<string, string>,
  tests: readonly string[],
): Promise<TestOutputs | string> {
  if (runTests === undefined) {
    return "the lab's Prometheus does not run in a container on this machine";
  }
  return runTests(files, tests).catch((error: unknown) => {
    if (error instanceof LabError) {
      return error.message;
    }
    throw error;
  });
}

function testOf(index: number): string {
  return `${String(index)}.test.yml`;
}

/** A test file and its rule file, separate for each alert, as a rejected alert invalidates its whole file. */
function filesOf(
  { rule: { alert, labels, annotations }, series }: AlertToRender,
  index: number,
  { externalLabels, externalUrl }: TemplateContext,
): readonly [readonly [string, string], readonly [string, string]] {
  const rules = `${String(index)}.rules.yml`;
  const metric = series?.metric ?? PLACEHOLDER_METRIC;
  const selector = `{__name__=${JSON.stringify(metric)}}`;
  const expr = series?.metric === undefined ? `${selector} + 0` : selector;
  const names = Object.entries({ __name__: metric, ...series?.labels });
  const labelText = names.map(([name, value]) => `${quoteName(name)}=${JSON.stringify(value)}`).join(",");
  const test = {
    external_labels: externalLabels,
    external_url: externalUrl,
    input_series: series === undefined ? [] : [{ series: `{${labelText}}`, values: series.value }],
    alert_rule_test: [{ alertname: alert, eval_time: "0m", exp_alerts: [] }],
  };
  return [
    [testOf(index), stringify({ rule_files: [rules], evaluation_interval: "1m", tests: [test] })],
    [rules, stringify({ groups: [{ name: "rendered", rules: [{ alert, expr, labels, annotations }] }] })],
  ];
}

/** The alert in promtool's output. */
function readAlert(output: string): Notification | undefined {
  const [found, labels, annotations] = ALERT.exec(output) ?? [];
  return found === undefined
    ? undefined
    : {
        labels: without(readLabels(labels), ["alertname"]) as Labels,
        annotations: readLabels(annotations),
      };
}

function readLabels(text = ""): Labels {
  const read = (part: string): string => (part.startsWith('"') ? unquote(part) : part);
  return Object.fromEntries([...text.matchAll(LABEL)].map(([, name = "", value = ""]) => [read(name), unquote(value)]));
}

/** Parses a Go string literal, whose escapes differ from JSON's. */
function unquote(quoted: string): string {
  const json = quoted.replace(/\\(?:a|v|x([0-9a-f]{2})|U([0-9a-f]{8})|.)/g, (escape, byte?: string, rune?: string) => {
    const code = { "\\a": "7", "\\v": "b" }[escape] ?? byte ?? rune;
    return code === undefined ? escape : JSON.stringify(String.fromCodePoint(parseInt(code, 16))).slice(1, -1);
  });
  return JSON.parse(json) as string;
}
