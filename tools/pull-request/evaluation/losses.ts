import { QueryOwner, Snapshot } from "./snapshot";

/** Data that a panel or a rule lost when a change was applied. */
export interface Loss extends QueryOwner {
  /** Selectors that no longer match any series, as PromQL. */
  readonly selectors: readonly string[];
  /** Labels that its series no longer have. */
  readonly labels: readonly string[];
  /** Jobs of the lost series. */
  readonly jobs: readonly string[];
}

/** Pause between two snapshots. */
const PAUSE_MS = 2000;

/**
 * Losses of panels and rules that exist before and after; restarted targets may return until the deadline.
 *
 * @param until Deadline in milliseconds since the epoch.
 */
export async function findLosses(
  before: Snapshot,
  take: () => Promise<Snapshot>,
  until: number,
  pause: (milliseconds: number) => Promise<void>,
): Promise<readonly Loss[]> {
  for (;;) {
    const losses = compareSnapshots(before, await take());
    if (losses.length === 0 || Date.now() + PAUSE_MS > until) {
      return losses;
    }
    await pause(PAUSE_MS);
  }
}

/** Losses between two snapshots; a query that lacked series before can only lose what it had. */
export function compareSnapshots(before: Snapshot, after: Snapshot): readonly Loss[] {
  return [...before].flatMap(([key, { result: old }]): Loss[] => {
    const now = after.get(key);
    if (now === undefined) {
      return [];
    }
    const { owner, result } = now;
    if (old.absent.length > 0) {
      // a panel repeated for several values, of which some have no data; a new value does not count
      const selectors = old.series > 0 ? result.absent.filter((it) => old.present.includes(it)) : [];
      return selectors.length > 0 ? [{ ...owner, selectors, labels: [], jobs: old.jobs }] : [];
    }
    // the labels of a removed job's series go with it, in queries about all jobs, too
    const hasJobs = old.jobs.every((job) => result.jobs.includes(job));
    const labels = result.series > 0 && hasJobs ? old.labels.filter((label) => !result.labels.includes(label)) : [];
    // a rule or a comparison may legitimately return no series
    const empty = owner.kind === "panel" && result.filters === undefined && old.series > 0 && result.series === 0;
    return result.absent.length > 0 || empty || labels.length > 0
      ? [{ ...owner, selectors: result.absent, labels, jobs: old.jobs }]
      : [];
  });
}
