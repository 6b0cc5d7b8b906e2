import { setTimeout } from "node:timers/promises";
import { readDashboard } from "../verify/dashboards";
import { askPrometheus, LabOutputs } from "../verify/lab";

const POLL_MS = 50;
const TIMEOUT_MS = 180_000;

/** Polls until the condition is true; retries on errors, and throws after three minutes. */
export async function until(name: string, condition: () => Promise<boolean>, signal?: AbortSignal): Promise<void> {
  const end = Date.now() + TIMEOUT_MS;
  while (!(await condition().catch(() => false))) {
    signal?.throwIfAborted();
    if (Date.now() > end) {
      throw new Error(`${name}: not within ${String(TIMEOUT_MS / 1000)} s`);
    }
    await setTimeout(POLL_MS);
  }
}

/** Whether a URL returns 200. */
export async function isUp(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(1000) });
  await response.arrayBuffer();
  return response.ok;
}

/** Whether Prometheus has loaded this scrape interval and has scraped a target with it since then. */
export async function scrapesBy(lab: LabOutputs, interval: string, since: number): Promise<boolean> {
  const { activeTargets } = await askPrometheus<{
    activeTargets: { scrapeInterval: string; lastScrape: string; health: string }[];
  }>(lab, "targets?state=active");
  const scraped = activeTargets.some(
    ({ scrapeInterval, lastScrape, health }) =>
      scrapeInterval === interval && health === "up" && Date.parse(lastScrape) > since,
  );
  const { yaml } = await askPrometheus<{ yaml: string }>(lab, "status/config");
  return scraped && yaml.startsWith(`global:\n  scrape_interval: ${interval}\n`);
}

/** Whether Grafana serves a dashboard that has a panel with that title. */
export async function servesPanel(outputs: LabOutputs, uid: string, title: string): Promise<boolean> {
  const { panels = [] } = await readDashboard(outputs, uid);
  return panels.some((panel) => panel.title === title);
}
