import { stringify } from "yaml";
import { AlertEvaluation, evaluateAlerts } from "../../tools/pull-request/evaluation/alerts";
import { RuleEvaluation } from "../../tools/pull-request/evaluation/evaluateRule";
import { PrometheusApi, QueryError } from "../../tools/pull-request/evaluation/prometheusApi";
import { RunRuleTests } from "../../tools/pull-request/evaluation/promtool";

type Labels = Readonly<Record<string, string>>;
export type Rule = Readonly<Record<string, unknown>>;

/** Responses of a fake Prometheus. */
export interface World {
  /** Results by expression: samples, an error, or another type of result. */
  readonly results?: Readonly<Record<string, readonly Sample[] | string | { readonly resultType: string }>>;
  /** Points of each series over time, by expression. */
  readonly points?: Readonly<Record<string, readonly (readonly [Labels, number])[]>>;
  /** Syntax trees by expression. */
  readonly trees?: Readonly<Record<string, object>>;
  /** Selectors with series. */
  readonly series?: readonly string[];
  /** Metrics in a target's metadata. */
  readonly metadata?: readonly string[];
  /** Recording rules that are loaded. */
  readonly recordings?: Readonly<Record<string, string>>;
}

export type Sample = readonly [labels: Labels, value: string];

/** Seconds since the epoch. */
export const NOW = 1_000_000;
const GLOBAL = { evaluation_interval: "5s", external_labels: { grafana_url: "http://grafana" } };

/** Requests to the fakes of a test file, in order. */
export const asked: { readonly path: string; readonly parameters: Readonly<Record<string, string>> }[] = [];

export function fakePrometheus({
  results = {},
  points = {},
  trees = {},
  series = [],
  metadata = [],
  recordings = {},
}: World): PrometheusApi {
  const vector = (samples: readonly Sample[]): object => ({
    resultType: "vector",
    result: samples.map(([metric, value]) => ({ metric, value: [NOW, value] })),
  });
  const query = (expr: string): object => {
    const found = results[expr] ?? [];
    if (typeof found === "string") {
      throw new QueryError(found);
    }
    return "resultType" in found ? found : vector(found);
  };
  const paths: Readonly<Record<string, (parameters: Readonly<Record<string, string>>) => unknown>> = {
    query: ({ query: expr = "" }) => query(expr),
    query_range: ({ query: expr = "" }) => ({
      result: (points[expr] ?? []).map(([metric, count]) => ({ metric, values: Array<number>(count).fill(1) })),
    }),
    parse_query: ({ query: expr = "" }) => trees[expr] ?? { type: "numberLiteral" },
    series: ({ "match[]": match = "" }) => (series.includes(match) ? [{}] : []),
    metadata: ({ metric = "" }) => (metadata.includes(metric) ? { [metric]: [{}] } : {}),
    rules: () => ({
      groups: [{ rules: Object.entries(recordings).map(([name, expr]) => ({ name, query: expr })) }],
    }),
    "status/config": () => ({ yaml: stringify({ global: GLOBAL }) }),
    "status/flags": () => ({ "web.external-url": "http://prometheus" }),
  };
  return (path, parameters = {}) => {
    asked.push({ path, parameters });
    return Promise.resolve().then(() => paths[path]?.(parameters) as never);
  };
}

/** The text of a rule file with one group. */
export const rules = (all: readonly Rule[], group: object = {}): string =>
  stringify({ groups: [{ name: "group", ...group, rules: all }] });
/** A promtool that passes all tests. */
export const pass: RunRuleTests = (_, tests) =>
  Promise.resolve(new Map(tests.map((file) => [file, { ok: true, output: "" }])));

/** States of the alerts in a changed file. */
export function evaluateAll(
  world: World,
  before: string | undefined,
  after: string | undefined,
): Promise<readonly AlertEvaluation[]> {
  const files = [{ name: "own.rules.yml", before, after }];
  return evaluateAlerts({ api: fakePrometheus(world), runTests: pass }, files, NOW);
}

/** State of an added alert with this expression. */
export async function evaluationOf(
  world: World,
  more: Rule = {},
  group: object = {},
): Promise<Partial<RuleEvaluation>> {
  const [response] = await evaluateAll(world, undefined, rules([{ alert: "New", expr: "expr", ...more }], group));
  return response?.after ?? {};
}
