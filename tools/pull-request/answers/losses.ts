import { Asker, Snapshot } from "./snapshot";

/** What a panel or a rule has lost by a change that was applied. */
export interface Loss extends Asker {
  /** Selectors that had series and have none, as PromQL. */
  readonly selectors: readonly string[];
  /** Labels that its series had and have no more. */
  readonly labels: readonly string[];
  /** Jobs that its series were of. */
  readonly jobs: readonly string[];
}

/** Between two snapshots, in milliseconds. */
const PAUSE_MS = 2000;

/**
 * What panels and rules that are there before and after lose; what is only restarted has until then to come back.
 *
 * @param until In milliseconds since the epoch.
 */
export async function findLosses(
  before: Snapshot,
  take: () => Promise<Snapshot>,
  until: number,
  pause: (milliseconds: number) => Promise<void>,
): Promise<readonly Loss[]> {
  for (;;) {
    const losses = compare(before, await take());
    if (losses.length === 0 || Date.now() + PAUSE_MS > until) {
      return losses;
    }
    await pause(PAUSE_MS);
  }
}

/** What is less in a later snapshot; nothing that was dark before is lost. */
export function compare(before: Snapshot, after: Snapshot): readonly Loss[] {
  return [...before].flatMap(([key, { found: old }]): Loss[] => {
    const now = after.get(key);
    if (now === undefined || old.absent.length > 0) {
      return [];
    }
    const { asker, found } = now;
    const labels = found.series > 0 ? old.labels.filter((label) => !found.labels.includes(label)) : [];
    // of a rule, and of a query that compares, no series may be good news
    const empty = asker.kind === "panel" && !found.filters && old.series > 0 && found.series === 0;
    return found.absent.length > 0 || empty || labels.length > 0
      ? [{ ...asker, selectors: found.absent, labels, jobs: old.jobs }]
      : [];
  });
}
