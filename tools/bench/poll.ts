import { setTimeout } from "node:timers/promises";
import { dockerGet } from "../../lib/docker/client";
import { getJson, LabOutputs, signIn } from "../verify/lab";
import { System } from "./system";

/** Health endpoint of each program, by the setting of its port. */
const HEALTH = [
  ["prometheus", "prometheusPort", "/-/ready"],
  ["grafana", "grafanaPort", "/api/health"],
  ["node_exporter", "nodeExporterPort", "/"],
  ["cadvisor", "cadvisorPort", "/healthz"],
  ["pushgateway", "pushgatewayPort", "/-/ready"],
] as const;
const PAUSE_MS = 50;
const LIMIT_MS = 180_000;

/** Time from a container's start until its program responded. */
export interface Start {
  readonly container: string;
  readonly seconds: number;
}

/** Polls until the result is true, for at most three minutes; errors are retried. */
export async function until(what: string, ask: () => Promise<boolean>, signal?: AbortSignal): Promise<void> {
  const end = Date.now() + LIMIT_MS;
  while (!(await ask().catch(() => false))) {
    signal?.throwIfAborted();
    if (Date.now() > end) {
      throw new Error(`${what}: not within ${String(LIMIT_MS / 1000)} s`);
    }
    await setTimeout(PAUSE_MS);
  }
}

/** Whether a URL returns 200. */
export async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(1000) });
  await response.arrayBuffer();
  return response.ok;
}

/** Watches the start of a lab and returns the container with the slowest start; undefined if one does not start. */
export async function slowestStart({ prefix, settings }: System, signal: AbortSignal): Promise<Start | undefined> {
  const starts = HEALTH.map(async ([container, port, path]): Promise<Start> => {
    await until(container, () => answers(`http://127.0.0.1:${String(settings[port])}${path}`), signal);
    const answered = Date.now();
    const { State } = await dockerGet<{ State: { StartedAt: string } }>(`/containers/${prefix}${container}/json`);
    return { container, seconds: (answered - Date.parse(State.StartedAt)) / 1000 };
  });
  const all = await Promise.all(starts).catch(() => []);
  return all.sort((one, other) => other.seconds - one.seconds)[0];
}

/** Whether Prometheus has this scrape interval, and has scraped a target with it since then. */
export async function scrapesBy({ prometheusUrl }: LabOutputs, interval: string, since: number): Promise<boolean> {
  const { data } = await getJson<{
    data: { activeTargets: { scrapeInterval: string; lastScrape: string; health: string }[] };
  }>(`${prometheusUrl}/api/v1/targets?state=active`);
  const scraped = data.activeTargets.some(
    ({ scrapeInterval, lastScrape, health }) =>
      scrapeInterval === interval && health === "up" && Date.parse(lastScrape) > since,
  );
  const config = await getJson<{ data: { yaml: string } }>(`${prometheusUrl}/api/v1/status/config`);
  return scraped && config.data.yaml.startsWith(`global:\n  scrape_interval: ${interval}\n`);
}

/** Whether Grafana serves a dashboard that has a panel with that title. */
export async function servesPanel(outputs: LabOutputs, uid: string, title: string): Promise<boolean> {
  const { dashboard } = await getJson<{ dashboard: { panels: { title?: string }[] } }>(
    `${outputs.grafanaUrl}/api/dashboards/uid/${uid}`,
    signIn(outputs),
  );
  return dashboard.panels.some((panel) => panel.title === title);
}
