import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";
import { seconds } from "../../../lib/shared/duration";
import { isObject } from "../../../lib/shared/isObject";
import { Pair } from "../report/differences";
import { TextPair } from "../report/format";
import { evaluateRule, EvaluationContext, RuleEvaluation } from "./evaluateRule";
import { MissingMetrics } from "./missingMetrics";
import { Notification, Rendered, renderAlerts, TemplateContext } from "./notification";
import { PrometheusApi } from "./prometheusApi";
import { RunRuleTests } from "./promtool";
import { findChangedRecordings, findDependency } from "./recordings";
import { AlertRule, pairAlerts, readRuleFiles, textsOf } from "./rules";

/** An alert evaluated on the data of the base's lab, before and after the change; a side without the alert is undefined. */
export interface AlertEvaluation {
  readonly name: string;
  readonly before?: RuleEvaluation;
  readonly after?: RuleEvaluation;
  /** Notification of its first series after the change. */
  readonly notification?: Notification;
  /** Reason for a missing notification of an existing series. */
  readonly notRendered?: string;
}

/** Sources of the evaluation. */
export interface AlertSources {
  readonly api: PrometheusApi;
  /** Undefined without promtool; then no notification is rendered. */
  readonly runTests: RunRuleTests | undefined;
}

/** Global settings of Prometheus that apply to all rules. */
interface Globals extends TemplateContext {
  /** Seconds between evaluations. */
  readonly interval: number;
}

/** An alert that the change affects. */
interface AlertToEvaluate extends Pair<AlertRule> {
  /** Reason why the base's lab cannot evaluate it as it is after the change: a recording that it needs changes. */
  readonly dependency: string | undefined;
}

/** Prometheus' own default. */
const DEFAULT_INTERVAL = "1m";

/**
 * Evaluates, on the data of the base's running lab, each alert that a change adds, changes or removes, and the other
 * alerts of the changed files that depend on a changed recording rule.
 *
 * @param files The changed files, with the names of the preview's lab.
 * @param now Seconds since the epoch.
 */
export async function evaluateAlerts(
  { api, runTests }: AlertSources,
  files: readonly TextPair[],
  now: number,
): Promise<readonly AlertEvaluation[]> {
  const alerts = await findAlerts(api, files);
  if (alerts.length === 0) {
    return [];
  }
  const { interval, ...context } = await readGlobals(api);
  const evaluationContext = { api, missing: new MissingMetrics(api, now), now, interval };
  const evaluations = await Promise.all(alerts.map((alert) => evaluateBoth(alert, evaluationContext)));
  const evaluated = evaluations.flatMap(({ rule, after }) =>
    rule === undefined || after === undefined || after.state === "error" ? [] : [{ rule, series: after.series[0] }],
  );
  const rendered = await renderAlerts(runTests, evaluated, context);
  const renderedBy = new Map(evaluated.map(({ rule }, index) => [rule, rendered[index]]));
  return evaluations.map(({ rule, ...found }) =>
    withNotification(found, rule === undefined ? undefined : renderedBy.get(rule)),
  );
}

async function findAlerts(api: PrometheusApi, files: readonly TextPair[]): Promise<readonly AlertToEvaluate[]> {
  const { before, after } = readRuleFiles(files);
  const recordings = await findChangedRecordings(api, before, after);
  const alerts = await Promise.all(
    pairAlerts(before, after).map(async (pair) => ({
      ...pair,
      dependency: pair.after === undefined ? undefined : await findDependency(api, pair.after.expr, recordings),
    })),
  );
  return alerts.filter(
    ({ before: old, after: now, dependency }) => !isDeepStrictEqual(old, now) || dependency !== undefined,
  );
}

async function evaluateBoth(
  { name, before, after: rule, dependency }: AlertToEvaluate,
  context: EvaluationContext,
): Promise<AlertEvaluation & { readonly rule: AlertRule | undefined }> {
  const evaluate = (it: AlertRule | undefined): Promise<RuleEvaluation> | undefined =>
    it === undefined ? undefined : evaluateRule(it, context);
  const [old, now] = await Promise.all([
    evaluate(before),
    rule === undefined || dependency === undefined ? evaluate(rule) : unknownEvaluation(rule, dependency),
  ]);
  return { name, ...(old && { before: old }), ...(now && { after: now }), rule };
}

/** The base's lab records its data as before the change, so the state is unknown. */
function unknownEvaluation(rule: AlertRule, reason: string): RuleEvaluation {
  return { state: "unknown", series: [], forSeconds: seconds(rule.for), reason };
}

function withNotification(found: AlertEvaluation, rendered: Rendered = {}): AlertEvaluation {
  const { after } = found;
  if (!("problem" in rendered)) {
    return { ...found, ...rendered };
  }
  if (after !== undefined && rendered.problem === "rejected") {
    return { ...found, after: { ...after, state: "error", series: [], reason: rendered.reason } };
  }
  return after === undefined || after.series.length === 0 ? found : { ...found, notRendered: rendered.reason };
}

async function readGlobals(api: PrometheusApi): Promise<Globals> {
  const [config, flags] = await Promise.all([
    api<{ readonly yaml: string }>("status/config"),
    api<Readonly<Record<string, string>>>("status/flags"),
  ]);
  const content: unknown = parse(config.yaml);
  const global = isObject(content) && isObject(content.global) ? content.global : {};
  const { evaluation_interval: interval = DEFAULT_INTERVAL, external_labels: labels } = global;
  return {
    interval: seconds(String(interval)),
    externalLabels: textsOf(labels),
    externalUrl: flags["web.external-url"] ?? "",
  };
}
