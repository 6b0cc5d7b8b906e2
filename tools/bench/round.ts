import { setTimeout } from "node:timers/promises";
import { scrapesBy, servesPanel, until } from "./asks";
import { allEnded, Contender } from "./contender";
import { retitlePanel, Size } from "./place";
import { remains } from "./remains";
import { serveTargets } from "./targets";
import { slowestStart, Start } from "./starts";

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
  contender: Contender,
  size: Size,
  phase: Phase,
  inspect: (contender: Contender) => Promise<string>,
): Promise<RoundResult> {
  const endTargets = serveTargets(size.targets, contender.place.gateway);
  try {
    await contender.prepare(size);
    await reach(phase);
    const { slowest, ...up } = await measureUp(contender);
    const inspected = await inspect(contender);
    return { seconds: { ...up, ...(await measureChanges(contender)) }, slowest, inspected };
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

async function measureChanges(contender: Contender): Promise<Round> {
  return {
    ...(await measurePreviews(contender)),
    upAgain: await timed(contender.upAgain),
    ...(await measureInterval(contender)),
    ...(await measurePanel(contender)),
    destroy: await timed(async () => {
      await contender.destroy();
      await until("destroy", contender, async () => (await remains(contender)).length === 0);
    }),
  };
}

async function measurePreviews({ preview, previewWithoutRules, floor }: Contender): Promise<Round> {
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
  contender: Contender,
): Promise<{ readonly up: number; readonly command: number; readonly slowest: Start | undefined }> {
  const watch = new AbortController();
  const slowest = slowestStart(contender.place, watch.signal);
  try {
    const command = await timed(contender.up);
    const verify = await timed(contender.verify);
    return { up: command + verify, command, slowest: await slowest };
  } finally {
    watch.abort();
  }
}

async function measureInterval(contender: Contender): Promise<Round> {
  const outputs = await contender.outputs();
  const apply = await contender.editInterval(NEW_INTERVAL);
  const start = Date.now();
  const [interval, intervalCommand] = await alongside(contender, apply, () => scrapesBy(outputs, NEW_INTERVAL, start));
  return { interval, intervalCommand };
}

async function measurePanel(contender: Contender): Promise<Round> {
  const outputs = await contender.outputs();
  const title = `changed ${String(Date.now())}`;
  const uid = retitlePanel(contender.place, title);
  const apply = await contender.editDashboards();
  const [panel, panelCommand] = await alongside(contender, apply, () => servesPanel(outputs, uid, title));
  return { panel, panelCommand };
}

/** Seconds until a change is seen, and until what makes the change has ended well. */
async function alongside(
  contender: Contender,
  change: () => Promise<void>,
  seen: () => Promise<boolean>,
): Promise<readonly [seen: number, made: number]> {
  const failed = new AbortController();
  const made = timed(change).catch((error: unknown) => {
    failed.abort();
    throw error;
  });
  const [first = NaN, last = NaN] = await allEnded([
    timed(() => until("the change", contender, seen, failed.signal)),
    made,
  ]);
  return [first, last];
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
