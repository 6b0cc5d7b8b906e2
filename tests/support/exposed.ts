import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { alertRules } from "../../lib/shared/alertRules";
import { parseQuery, withoutVariables } from "./promql";

/** Labels of each metric, in alphabetical order, recorded from a real lab. */
export type Exposed = Readonly<Record<string, readonly string[]>>;

const EXPOSED_FILE = path.join(__dirname, "exposedMetrics.json");

/** The recording of a run of the end-to-end test with RECORD=1. */
export function readExposed(): Exposed {
  return JSON.parse(readFileSync(EXPOSED_FILE, "utf8")) as Exposed;
}

/** Records the metrics that a lab exposes, a line each. */
export function writeExposed(exposed: Exposed): void {
  const lines = Object.entries(exposed).map(
    ([metric, labels]) => `  ${JSON.stringify(metric)}: [${labels.map((it) => JSON.stringify(it)).join(", ")}]`,
  );
  writeFileSync(EXPOSED_FILE, `{\n${lines.join(",\n")}\n}\n`);
}

/** Metrics that some labs do not expose: labels of an alert depend on its cause, the others on settings. */
export const NOT_EVERYWHERE: Exposed = {
  ALERTS: ["alertname", "alertstate", "severity"],
  alertmanager_notifications_failed_total: ["instance", "integration", "job", "reason"],
  probe_duration_seconds: ["instance", "job"],
  probe_ssl_earliest_cert_expiry: ["instance", "job"],
  probe_success: ["instance", "job"],
  // of jobs with service discovery
  prometheus_sd_refresh_failures_total: ["config", "instance", "job", "mechanism"],
};

/** The queries of the rules, by alert or recorded metric. */
export function alertQueries(): ReadonlyMap<string, string> {
  const files = alertRules().map(({ content }) => parse(content) as RuleFile);
  const rules = files.flatMap(({ groups }) => groups.flatMap((group) => group.rules));
  return new Map(rules.map(({ alert, record, expr }) => [alert ?? record, expr]));
}

interface RuleFile {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert?: string; readonly record: string; readonly expr: string }[];
  }[];
}

/** Names in a query that no lab exposes: metrics, labels of a metric, and labels of none of its metrics. */
export function unknownIn(query: string): string[] {
  const exposed: Exposed = { ...readExposed(), ...NOT_EVERYWHERE };
  const { selectors, grouping } = parseQuery(query);
  const labels = new Set(selectors.flatMap(({ metric }) => exposed[metric] ?? []));
  return [
    ...selectors.filter(({ metric }) => !(metric in exposed)).map(({ metric }) => metric),
    ...selectors.flatMap(({ metric, labels: matched }) =>
      matched.filter((label) => exposed[metric]?.includes(label) !== true).map((label) => `${metric}{${label}}`),
    ),
    ...grouping.filter((label) => !labels.has(label)),
  ];
}

interface Queries {
  readonly panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[];
  readonly templating?: { readonly list?: readonly { readonly query?: unknown }[] };
}

/** Every query of a dashboard, including those of its variables, as Grafana sends it. */
export function queriesOf({ panels, templating }: Queries): string[] {
  const variables = (templating?.list ?? []).map(
    ({ query }) => /^label_values\((.+), \w+\)$/.exec(String(query))?.[1] ?? String(query),
  );
  return [...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)), ...variables].map(withoutVariables);
}

/** Names of the metrics in these queries. */
export function metricsOf(queries: readonly string[]): string[] {
  const names = queries.flatMap((query) => parseQuery(query).selectors.map(({ metric }) => metric));
  return [...new Set(names)].sort();
}
