import { setTimeout } from "node:timers/promises";
import { parse } from "yaml";
import { getJson, LabOutputs, signIn } from "../verify/lab";
import { Interrupted, System } from "./system";

const PAUSE_MS = 50;
const LIMIT_MS = 180_000;

/**
 * Asks until the answer is yes; a question that fails is asked again.
 *
 * @throws Interrupted, or Error when it stays without a yes.
 */
export async function until(
  what: string,
  { commands }: Pick<System, "commands">,
  ask: () => Promise<boolean>,
  signal?: AbortSignal,
): Promise<void> {
  const end = Date.now() + LIMIT_MS;
  while (!(await ask().catch(() => false))) {
    signal?.throwIfAborted();
    if (commands.interrupted) {
      throw new Interrupted("interrupted");
    }
    if (Date.now() > end) {
      throw new Error(`${what}: not within ${String(LIMIT_MS / 1000)} s`);
    }
    await setTimeout(PAUSE_MS);
  }
}

/** Whether Prometheus runs with this interval, and has scraped a target by it since then. */
export async function scrapesBy({ prometheusUrl }: LabOutputs, interval: string, since: number): Promise<boolean> {
  const { data } = await getJson<{
    data: { activeTargets: { scrapeInterval: string; lastScrape: string; health: string }[] };
  }>(`${prometheusUrl}/api/v1/targets?state=active`);
  const scraped = data.activeTargets.some(
    ({ scrapeInterval, lastScrape, health }) =>
      scrapeInterval === interval && health === "up" && Date.parse(lastScrape) > since,
  );
  return scraped && (await runningInterval(prometheusUrl)) === interval;
}

async function runningInterval(prometheusUrl: string): Promise<string> {
  const { data } = await getJson<{ data: { yaml: string } }>(`${prometheusUrl}/api/v1/status/config`);
  return (parse(data.yaml) as { global: { scrape_interval: string } }).global.scrape_interval;
}

/** Whether Grafana serves a dashboard with a panel of that title. */
export async function servesPanel(outputs: LabOutputs, uid: string, title: string): Promise<boolean> {
  const { dashboard } = await getJson<{ dashboard: { panels: { title?: string }[] } }>(
    `${outputs.grafanaUrl}/api/dashboards/uid/${uid}`,
    signIn(outputs),
  );
  return dashboard.panels.some((panel) => panel.title === title);
}
