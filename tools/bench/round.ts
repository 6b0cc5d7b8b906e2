import { setTimeout } from "node:timers/promises";
import { leftovers } from "./leftovers";
import { scrapesBy, servesPanel, until } from "./poll";
import { slowestStart, Start } from "./starts";
import { allEnded, System } from "./system";
import { serveTargets } from "./targets";
import { retitlePanel, Size } from "./workspace";

/** What is measured of both, in the order of a round. */
export const MEASURES = [
  "up",
  "command",
  "preview",
  "previewWithoutRules",
  "floor",
  "upAgain",
  "interval",
  "intervalCommand",
  "panel",
  "panelCommand",
  "destroy",
] as const;
export type Measure = (typeof MEASURES)[number];

/** Seconds of each measure that a contender has. */
export type Round = Partial<Record<Measure, number>>;

/** Another one than the default, and short: what is waited for is the change and not the next scrape. */
const NEW_INTERVAL = "2s";

export interface RoundResult {
  readonly seconds: Round;
  /** Of the up. */
  readonly slowest: Start | undefined;
  /** Settings of the containers that came up, for the comparison with the other contender. */
  readonly inspected: string;
}

/** A moment of every scrape interval. */
export interface Phase {
  readonly intervalSeconds: number;
  /** From 0 to 1. */
  readonly share: number;
}

/** Brings a lab up from nothing, changes it and destroys it. */
export async function measureRound(
  system: System,
  size: Size,
  phase: Phase,
  inspect: (system: System) => Promise<string>,
): Promise<RoundResult> {
  const endTargets = serveTargets(size.targets, system.place.gateway);
  try {
    await system.prepare(size);
    await reach(phase);
    const { slowest, ...up } = await measureUp(system);
    const inspected = await inspect(system);
    return { seconds: { ...up, ...(await measureChanges(system)) }, slowest, inspected };
  } finally {
    endTargets();
  }
}

/**
 * Waits for a moment of the scrape interval. Prometheus scrapes a target at the same moment of every interval, which depends
 * on names: rounds that begin at any moment differ by up to an interval.
 */
async function reach({ intervalSeconds, share }: Phase): Promise<void> {
  const interval = intervalSeconds * 1000;
  const ahead = share * interval - (Date.now() % interval);
  await setTimeout(ahead < 0 ? ahead + interval : ahead);
}

async function measureChanges(system: System): Promise<Round> {
  return {
    ...(await measurePreviews(system)),
    upAgain: await timed(system.upAgain),
    ...(await measureInterval(system)),
    ...(await measurePanel(system)),
    destroy: await timed(async () => {
      await system.destroy();
      await until("destroy", system, async () => (await leftovers(system)).length === 0);
    }),
  };
}

async function measurePreviews({ preview, previewWithoutRules, floor }: System): Promise<Round> {
  if (preview === undefined || previewWithoutRules === undefined || floor === undefined) {
    return {};
  }
  const previewFloor = await floor();
  return {
    preview: await timed(preview),
    previewWithoutRules: await timed(previewWithoutRules),
    floor: await timed(previewFloor),
  };
}

/** From nothing until the last check of verify is green. */
export async function measureUp(
  system: System,
): Promise<{ readonly up: number; readonly command: number; readonly slowest: Start | undefined }> {
  const watch = new AbortController();
  const slowest = slowestStart(system.place, watch.signal);
  try {
    const command = await timed(system.up);
    const verify = await timed(system.verify);
    return { up: command + verify, command, slowest: await slowest };
  } finally {
    watch.abort();
  }
}

async function measureInterval(system: System): Promise<Round> {
  const outputs = await system.outputs();
  const apply = await system.editInterval(NEW_INTERVAL);
  const start = Date.now();
  const [interval, intervalCommand] = await alongside(system, apply, () => scrapesBy(outputs, NEW_INTERVAL, start));
  return { interval, intervalCommand };
}

async function measurePanel(system: System): Promise<Round> {
  const outputs = await system.outputs();
  const title = `changed ${String(Date.now())}`;
  const uid = retitlePanel(system.place, title);
  const apply = await system.editDashboards();
  const [panel, panelCommand] = await alongside(system, apply, () => servesPanel(outputs, uid, title));
  return { panel, panelCommand };
}

/** Seconds until a change is seen, and until what makes the change has ended well. */
async function alongside(
  system: System,
  change: () => Promise<void>,
  seen: () => Promise<boolean>,
): Promise<readonly [seen: number, made: number]> {
  const failed = new AbortController();
  const made = timed(change).catch((error: unknown) => {
    failed.abort();
    throw error;
  });
  const [first = NaN, last = NaN] = await allEnded([
    timed(() => until("the change", system, seen, failed.signal)),
    made,
  ]);
  return [first, last];
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
