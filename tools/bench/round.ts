import { setTimeout } from "node:timers/promises";
import { seconds } from "../../lib/shared/duration";
import { scrapesBy, servesPanel, until } from "./poll";
import { System } from "./system";

/** A title and a limit: of the lab alone, or relative to compose or to another measure of the lab. */
export interface Goal {
  readonly title: string;
  readonly ratio?: number;
  readonly to?: string;
  readonly seconds?: number;
}

/** Measures of both systems in the order of a round; compose has no preview. */
export const MEASURES = {
  up: { title: "up from nothing until verify is green", ratio: 1.1 },
  // without the checks' wait for samples, which is the same for both
  command: { title: "of that, the command before verify" },
  preview: { title: "unchanged preview", ratio: 1.25, to: "previewWithoutPolicies" },
  previewWithoutPolicies: { title: "unchanged preview without policies", ratio: 1.3, to: "floor" },
  floor: { title: "unchanged preview of one resource of each provider" },
  upAgain: { title: "unchanged up", seconds: 3.5 },
  interval: { title: "changed scrape interval until Prometheus scrapes by it", ratio: 1 },
  // the goal is about the effect; this is the time until the shell prompt returns
  intervalCommand: { title: "the same until its command has ended" },
  panel: { title: "changed panel until Grafana serves it", ratio: 1 },
  panelCommand: { title: "the same until its command has ended" },
  destroy: { title: "destroy until nothing is left", ratio: 1.5 },
} satisfies Record<string, Goal>;
export type Measure = keyof typeof MEASURES;

/** Seconds by measure. */
export type Round = Readonly<Partial<Record<Measure, number>>>;

/** Differs from the default, and is short to keep the wait for the next scrape out of the measure. */
const NEW_INTERVAL = "2s";

/** Brings a system up from nothing, changes it and destroys it; starts at that share of a scrape interval. */
export async function measureRound(system: System, share: number): Promise<Round> {
  await system.prepare();
  // a target is scraped at a fixed offset in each interval, which depends on its name
  const period = seconds(system.declared.scrapeInterval) * 1000;
  await setTimeout((period + share * period - (Date.now() % period)) % period);
  const command = await timed(() => system.run("up"));
  const up = command + (await timed(() => system.run("verify")));
  const previews = system.name === "lab" ? await measurePreviews(system) : {};
  const upAgain = await timed(() => system.run("again"));
  const [interval, intervalCommand] = await measureChange(system, "interval");
  const [panel, panelCommand] = await measureChange(system, "panel");
  const destroy = await timed(async () => {
    await system.destroy();
    await until("destroy", async () => (await system.leftovers()).length === 0);
  });
  return { up, command, ...previews, upAgain, interval, intervalCommand, panel, panelCommand, destroy };
}

async function measurePreviews(lab: System): Promise<Round> {
  await lab.run("floor-up");
  return {
    preview: await timed(() => lab.run("preview")),
    previewWithoutPolicies: await timed(() => lab.run("without-policies")),
    floor: await timed(() => lab.run("floor")),
  };
}

/** Seconds until a change takes effect, and until its command ends. */
async function measureChange(system: System, change: "interval" | "panel"): Promise<readonly number[]> {
  const outputs = await system.outputs();
  const title = `changed ${String(Date.now())}`;
  const uid = change === "panel" ? system.retitlePanel(title) : "";
  await system.configure(change === "interval" ? { scrapeInterval: NEW_INTERVAL } : {});
  const start = Date.now();
  const failed = new AbortController();
  const command = timed(() => system.run(change)).catch((error: unknown) => {
    failed.abort(error);
    throw error;
  });
  const hasEffect = (): Promise<boolean> =>
    change === "interval" ? scrapesBy(outputs, NEW_INTERVAL, start) : servesPanel(outputs, uid, title);
  const both = [timed(() => until(`the changed ${change}`, hasEffect, failed.signal)), command];
  await Promise.allSettled(both); // an error is thrown only once the command has ended
  return Promise.all(both);
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return (performance.now() - start) / 1000;
}
