import { seconds } from "../../../lib/shared/duration";
import { without } from "../report/differences";
import { MissingMetrics } from "./missingMetrics";
import { PrometheusApi, QueryError } from "./prometheusApi";
import { AlertRule } from "./rules";

export type Labels = Readonly<Record<string, string>>;

export type RuleState =
  | "inactive"
  | "pending"
  | "firing"
  /** Cannot fire in this lab: a required metric has no series. */
  | "never"
  /** Cannot be evaluated in this lab: it depends on a changed recording rule. */
  | "unknown"
  /** Prometheus rejects it or cannot evaluate it. */
  | "error";

export interface ActiveSeries {
  readonly labels: Labels;
  /** In Prometheus' format, such as `0.5` or `NaN`. */
  readonly value: string;
  readonly state: "pending" | "firing";
  /** Metric name, if the expression preserves it; templates can use it. */
  readonly metric?: string;
}

/** An alert on the data of a running lab. */
export interface RuleEvaluation {
  readonly state: RuleState;
  /** Firing series precede pending ones. */
  readonly series: readonly ActiveSeries[];
  readonly forSeconds: number;
  /** Required metrics and selectors without series. */
  readonly missing?: readonly string[];
  /** Prometheus' error, the host's reason for a missing metric, or the reason for an unknown state. */
  readonly reason?: string;
}

/** Where, and as of when, rules are evaluated. */
export interface EvaluationContext {
  readonly api: PrometheusApi;
  readonly missing: MissingMetrics;
  /** Seconds since the epoch. */
  readonly now: number;
  /** Seconds between two evaluations of a group without an interval of its own. */
  readonly interval: number;
}

/** A series of an instant query; native histograms have no value. */
interface Vector {
  readonly metric: Labels;
  readonly value?: readonly [number, string];
}

/** A series of a query over time. */
interface Matrix {
  readonly metric: Labels;
  readonly values?: readonly unknown[];
  readonly histograms?: readonly unknown[];
}

type InstantResult =
  | { readonly resultType: "vector"; readonly result: readonly Vector[] }
  | { readonly resultType: "scalar"; readonly result: readonly [number, string] }
  | { readonly resultType: "matrix" | "string" };

/** Points per series of a range query; Prometheus' limit is 11,000. */
const MAX_POINTS = 10_000;

/** Evaluates an alert now, without loading it: `keep_firing_for` and the `limit` of its group are ignored. */
export async function evaluateRule(rule: AlertRule, context: EvaluationContext): Promise<RuleEvaluation> {
  const forSeconds = seconds(rule.for);
  try {
    return { forSeconds, ...(await evaluate(rule, forSeconds, context)) };
  } catch (error) {
    if (error instanceof QueryError) {
      return { state: "error", series: [], forSeconds, reason: error.message };
    }
    throw error;
  }
}

async function evaluate(
  rule: AlertRule,
  forSeconds: number,
  context: EvaluationContext,
): Promise<Omit<RuleEvaluation, "forSeconds">> {
  const { api, missing, now } = context;
  const active = vectorOf(await api<InstantResult>("query", { query: rule.expr, time: String(now) }));
  if (active.length === 0) {
    const { never = false, selectors, reason } = (await missing.explain(rule.expr)) ?? {};
    return {
      state: never ? "never" : "inactive",
      series: [],
      ...(selectors === undefined ? {} : { missing: selectors }),
      ...(reason === undefined ? {} : { reason }),
    };
  }
  checkLabels(rule, active);
  const lasting = forSeconds > 0 ? await findLasting(rule, forSeconds, context) : undefined;
  const series = active
    .map(({ metric, value }): ActiveSeries => {
      const labels = withoutName(metric);
      return {
        labels,
        value: value?.[1] ?? "a histogram",
        state: lasting === undefined || lasting.has(labelsKey(labels)) ? "firing" : "pending",
        ...(metric.__name__ === undefined ? {} : { metric: metric.__name__ }),
      };
    })
    .sort((one, other) => compare(one.state, other.state) || compare(labelsKey(one.labels), labelsKey(other.labels)));
  return { state: series[0]?.state ?? "inactive", series };
}

function vectorOf(response: InstantResult): readonly Vector[] {
  switch (response.resultType) {
    case "vector":
      return response.result;
    case "scalar":
      return [{ metric: {}, value: response.result }];
    default:
      throw new QueryError("rule result is not a vector or scalar");
  }
}

/** Rejects duplicate label sets as Prometheus does; skipped for templated labels, which may differ. */
function checkLabels({ labels: own }: AlertRule, active: readonly Vector[]): void {
  if (Object.values(own).some((text) => text.includes("{{"))) {
    return;
  }
  const all = active.map(({ metric }) => labelsKey({ ...withoutName(metric), ...own }));
  if (new Set(all).size < all.length) {
    throw new QueryError("vector contains metrics with the same labelset after applying alert labels");
  }
}

/** The series present at each evaluation during the rule's `for`. */
async function findLasting(
  { expr, interval: own }: AlertRule,
  forSeconds: number,
  { api, now, interval }: EvaluationContext,
): Promise<ReadonlySet<string>> {
  const step = Math.max(own === undefined ? interval : seconds(own), Math.ceil(forSeconds / MAX_POINTS));
  const steps = Math.ceil(forSeconds / step);
  const { result } = await api<{ readonly result: readonly Matrix[] }>("query_range", {
    query: expr,
    start: String(now - steps * step),
    end: String(now),
    step: String(step),
  });
  const lasting = result.filter(({ values = [], histograms = [] }) => values.length + histograms.length === steps + 1);
  return new Set(lasting.map(({ metric }) => labelsKey(withoutName(metric))));
}

/** Labels without the metric name, which alerts do not have. */
function withoutName(metric: Labels): Labels {
  return without(metric, ["__name__"]) as Labels;
}

function labelsKey(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([one], [other]) => compare(one, other)));
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
