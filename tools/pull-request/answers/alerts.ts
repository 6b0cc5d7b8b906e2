import { parse } from "yaml";
import { seconds } from "../../verify/duration";
import { LabOutputs } from "../../verify/lab";
import { isObject } from "../report/differences";
import { TextPair } from "../report/format";
import { evaluateRule, Evaluation, RuleAnswer } from "./evaluateRule";
import { MissingMetrics } from "./missingMetrics";
import { Notification, Rendered, renderAlerts, TemplateContext } from "./notification";
import { PrometheusApi, prometheusApi } from "./prometheusApi";
import { findPromtool, RunRuleTests } from "./promtool";
import { findChangedRecordings, findNeed } from "./recordings";
import { AlertRule, isChanged, pairAlerts, readRuleFiles, textsOf } from "./rules";

/** An alert on the data of the base's lab, as it was declared before and as it is after; undefined where it is not. */
export interface AlertAnswer {
  readonly name: string;
  readonly before?: RuleAnswer;
  readonly after?: RuleAnswer;
  /** What its first series would notify of after the change. */
  readonly notification?: Notification;
  /** Why there is no notification though there is a series. */
  readonly notRendered?: string;
}

/** What answers are asked of. */
export interface AlertSources {
  readonly api: PrometheusApi;
  /** Undefined without promtool, and so no notification. */
  readonly runTests: RunRuleTests | undefined;
}

/** What Prometheus' configuration says for all rules. */
interface Globals extends TemplateContext {
  /** Seconds between evaluations. */
  readonly interval: number;
}

/** An alert to be answered. */
interface Question {
  readonly name: string;
  readonly before: AlertRule | undefined;
  readonly after: AlertRule | undefined;
  /** Why the lab cannot say what it does after the change. */
  readonly need: string | undefined;
}

/** Prometheus' own default. */
const DEFAULT_INTERVAL = "1m";

/**
 * Evaluates each alert that a change adds, changes or removes on the data of the running lab of its base, and those
 * of its rule files that need what it records differently.
 *
 * @param files The files that change, with the names of the preview's lab.
 * @param now Seconds since the epoch.
 */
export async function answerAlerts(
  lab: LabOutputs,
  files: readonly TextPair[],
  now: number,
): Promise<readonly AlertAnswer[]> {
  return answerFrom({ api: prometheusApi(lab), runTests: await findPromtool(lab) }, files, now);
}

/** The same, with what it asks given. */
export async function answerFrom(
  { api, runTests }: AlertSources,
  files: readonly TextPair[],
  now: number,
): Promise<readonly AlertAnswer[]> {
  const questions = await findQuestions(api, files);
  if (questions.length === 0) {
    return [];
  }
  const { interval, ...context } = await readGlobals(api);
  const evaluation = { api, missing: new MissingMetrics(api, now), now, interval };
  const answers = await Promise.all(questions.map((question) => answer(question, evaluation)));
  const asked = answers.flatMap(({ rule, after }) =>
    rule === undefined || after === undefined || after.state === "error" ? [] : [{ rule, series: after.series[0] }],
  );
  const rendered = await renderAlerts(runTests, asked, context);
  const renderedBy = new Map(asked.map(({ rule }, index) => [rule, rendered[index]]));
  return answers.map(({ rule, ...found }) =>
    withNotification(found, rule === undefined ? undefined : renderedBy.get(rule)),
  );
}

async function findQuestions(api: PrometheusApi, files: readonly TextPair[]): Promise<readonly Question[]> {
  const { before, after } = readRuleFiles(files);
  const recordings = await findChangedRecordings(api, before, after);
  const questions = await Promise.all(
    pairAlerts(before, after).map(async (pair) => ({
      ...pair,
      need: pair.after === undefined ? undefined : await findNeed(api, pair.after.expr, recordings),
    })),
  );
  return questions.filter((question) => isChanged(question) || question.need !== undefined);
}

async function answer(
  { name, before, after: rule, need }: Question,
  evaluation: Evaluation,
): Promise<AlertAnswer & { readonly rule: AlertRule | undefined }> {
  const evaluate = (it: AlertRule | undefined): Promise<RuleAnswer> | undefined =>
    it === undefined ? undefined : evaluateRule(it, evaluation);
  const [old, now] = await Promise.all([
    evaluate(before),
    rule === undefined || need === undefined ? evaluate(rule) : unanswered(rule, need),
  ]);
  return { name, ...(old && { before: old }), ...(now && { after: now }), rule };
}

/** The lab's data are those that are recorded as before. */
function unanswered(rule: AlertRule, reason: string): RuleAnswer {
  return { state: "unknown", series: [], forSeconds: seconds(rule.for), reason };
}

function withNotification(found: AlertAnswer, rendered: Rendered = {}): AlertAnswer {
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
