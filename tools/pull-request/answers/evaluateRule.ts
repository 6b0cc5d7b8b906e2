import { seconds } from "../../verify/duration";
import { without } from "../report/differences";
import { MissingMetrics } from "./missingMetrics";
import { PrometheusApi, QueryError } from "./prometheusApi";
import { AlertRule } from "./rules";

export type Labels = Readonly<Record<string, string>>;

export type RuleState =
  | "inactive"
  | "pending"
  | "firing"
  /** It cannot fire in this lab, as a metric that it needs has no series. */
  | "never"
  /** The lab cannot say: it needs what only the change records. */
  | "unknown"
  /** Prometheus refuses it, or cannot evaluate it. */
  | "error";

export interface ActiveSeries {
  readonly labels: Labels;
  /** As Prometheus writes it, such as `0.5` or `NaN`. */
  readonly value: string;
  readonly state: "pending" | "firing";
  /** The name that the expression leaves to the series, which a template can show. */
  readonly metric?: string;
}

/** An alert on the data of a running lab. */
export interface RuleAnswer {
  readonly state: RuleState;
  /** Those that fire first. */
  readonly series: readonly ActiveSeries[];
  readonly forSeconds: number;
  /** Metrics and selectors that it needs and that have no series. */
  readonly missing?: readonly string[];
  /** An error in Prometheus' words, what the host explains, or why the lab cannot say. */
  readonly reason?: string;
}

export interface Evaluation {
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

/** Points of a series in one answer: Prometheus gives at most 11,000. */
const MOST_POINTS = 10_000;

/** What an alert says at this moment. It is not loaded: `keep_firing_for` and the `limit` of its group do not count. */
export async function evaluateRule(rule: AlertRule, evaluation: Evaluation): Promise<RuleAnswer> {
  const forSeconds = seconds(rule.for);
  try {
    return { forSeconds, ...(await evaluate(rule, forSeconds, evaluation)) };
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
  evaluation: Evaluation,
): Promise<Omit<RuleAnswer, "forSeconds">> {
  const { api, missing, now } = evaluation;
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
  const lasting = forSeconds > 0 ? await findLasting(rule, forSeconds, evaluation) : undefined;
  const series = active
    .map(({ metric, value }): ActiveSeries => {
      const labels = withoutName(metric);
      return {
        labels,
        value: value?.[1] ?? "a histogram",
        state: lasting === undefined || lasting.has(identify(labels)) ? "firing" : "pending",
        ...(metric.__name__ === undefined ? {} : { metric: metric.__name__ }),
      };
    })
    .sort((one, other) => compare(one.state, other.state) || compare(identify(one.labels), identify(other.labels)));
  return { state: series[0]?.state ?? "inactive", series };
}

function vectorOf(answer: InstantResult): readonly Vector[] {
  switch (answer.resultType) {
    case "vector":
      return answer.result;
    case "scalar":
      return [{ metric: {}, value: answer.result }];
    default:
      throw new QueryError("rule result is not a vector or scalar");
  }
}

/** Refuses what Prometheus refuses: alerts that cannot be distinguished. Labels with a template may differ, so they count. */
function checkLabels({ labels: own }: AlertRule, active: readonly Vector[]): void {
  if (Object.values(own).some((text) => text.includes("{{"))) {
    return;
  }
  const all = active.map(({ metric }) => identify({ ...withoutName(metric), ...own }));
  if (new Set(all).size < all.length) {
    throw new QueryError("vector contains metrics with the same labelset after applying alert labels");
  }
}

/** The series that were there at each evaluation for as long as the rule says. */
async function findLasting(
  { expr, interval: own }: AlertRule,
  forSeconds: number,
  { api, now, interval }: Evaluation,
): Promise<ReadonlySet<string>> {
  const step = Math.max(own === undefined ? interval : seconds(own), Math.ceil(forSeconds / MOST_POINTS));
  const steps = Math.ceil(forSeconds / step);
  const { result } = await api<{ readonly result: readonly Matrix[] }>("query_range", {
    query: expr,
    start: String(now - steps * step),
    end: String(now),
    step: String(step),
  });
  const lasting = result.filter(({ values = [], histograms = [] }) => values.length + histograms.length === steps + 1);
  return new Set(lasting.map(({ metric }) => identify(withoutName(metric))));
}

/** The labels of an alert, which the name of a metric is none of. */
function withoutName(metric: Labels): Labels {
  return without(metric, ["__name__"]) as Labels;
}

function identify(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([one], [other]) => compare(one, other)));
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
