import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { parseQuery, withoutVariables } from "./promql";

/** Labels of each metric, in alphabetical order, as a real lab exposed them. */
export type Exposed = Readonly<Record<string, readonly string[]>>;

const EXPOSED_FILE = path.join(__dirname, "unit", "exposedMetrics.json");

/** What a run of the end-to-end test with RECORD=1 found. */
export function readExposed(): Exposed {
  return JSON.parse(readFileSync(EXPOSED_FILE, "utf8")) as Exposed;
}

/** Keeps what a lab exposes, a line for each metric. */
export function writeExposed(exposed: Exposed): void {
  const lines = Object.entries(exposed).map(
    ([metric, labels]) => `  ${JSON.stringify(metric)}: [${labels.map((it) => JSON.stringify(it)).join(", ")}]`,
  );
  writeFileSync(EXPOSED_FILE, `{\n${lines.join(",\n")}\n}\n`);
}

/** Made by Prometheus once there is an alert, so no lab without one exposes it. */
export const ALERTS = { ALERTS: ["alertname", "alertstate"] } as const;

interface Queries {
  readonly panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[];
  readonly templating?: { readonly list?: readonly { readonly query?: unknown }[] };
}

/** Every query of a dashboard, also those behind its variables, as Grafana sends it. */
export function queriesOf({ panels, templating }: Queries): string[] {
  const variables = (templating?.list ?? []).map(
    ({ query }) => /^label_values\((.+), \w+\)$/.exec(String(query))?.[1] ?? String(query),
  );
  return [...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)), ...variables].map(withoutVariables);
}

/** Names of the metrics that these queries ask for. */
export function metricsOf(queries: readonly string[]): string[] {
  const names = queries.flatMap((query) => parseQuery(query).selectors.map(({ metric }) => metric));
  return [...new Set(names)].sort();
}
