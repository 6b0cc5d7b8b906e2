import { isDeepStrictEqual } from "node:util";
import { WITHOUT_QUERIES } from "../../../dashboards/community/panelTypes";
import { Panel, StoredDashboard } from "../../verify/panels/model";
import { queryPanels } from "../../verify/panels/panelResult";
import { TimeRange, timeRange } from "../../verify/panels/range";
import { LabAccess } from "./labAccess";
import { DeclaredPanel, PanelChange } from "./changedPanels";
import { Presence } from "./presence";
import { hasData, NO_QUERIES, Reading, readingOf } from "./reading";

/** Data of a panel before and after a change, over the same time range of the same lab. */
export interface PanelEvaluation extends PanelChange {
  /** Undefined if the panel does not exist or has no query that the lab can evaluate. */
  readonly readingBefore: Reading | undefined;
  readonly readingAfter: Reading | undefined;
  /** Whether the reading is from after the change was applied. */
  readonly applied?: true;
}

/** Pause between two reads of panels without data. */
const PAUSE_MS = 1500;

type Readings = Pick<PanelEvaluation, "readingBefore" | "readingAfter">;

/** Whether a panel or one of its queries lost its data, or a new panel has none. */
export function isFailing(evaluation: Readings): boolean {
  const { readingBefore, readingAfter } = evaluation;
  if (readingAfter === undefined) {
    return false;
  }
  const isNewError = readingAfter.state === "error" && readingBefore?.state !== "error";
  const isEmpty = readingAfter.state === "missing" && (readingBefore === undefined || !isBroken(readingBefore));
  return isNewError || isEmpty || lostQueries(evaluation).length > 0;
}

/** The queries that lost their data while others of the panel have some. */
export function lostQueries({ readingBefore, readingAfter }: Readings): readonly string[] {
  const had = (refId: string): boolean =>
    readingBefore?.series.some((series) => series.refId === refId) === true &&
    readingBefore.emptyQueries?.some((query) => query.refId === refId) !== true;
  return (readingAfter?.emptyQueries ?? [])
    .filter(({ state, refId }) => state !== "explained" && had(refId))
    .map(({ refId }) => refId);
}

/** Whether a panel lost all of its data. */
export function lostAllData({ readingBefore, readingAfter }: Readings): boolean {
  return (
    readingBefore !== undefined &&
    readingAfter !== undefined &&
    isBroken(readingAfter) &&
    hasData(readingBefore) &&
    !hasData(readingAfter)
  );
}

/** Whether a panel's data is unchanged. */
export function readsTheSame({ readingBefore, readingAfter }: Readings): boolean {
  return isDeepStrictEqual(readingBefore, readingAfter);
}

/**
 * Runs the queries of panels as base and head declare them.
 *
 * @param until Deadline for data, in milliseconds since the epoch.
 */
export async function evaluatePanels(
  lab: LabAccess,
  changes: readonly PanelChange[],
  until: number,
): Promise<readonly PanelEvaluation[]> {
  let evaluations = await readBoth(lab, changes);
  for (;;) {
    const waiting = evaluations.filter(
      (evaluation) =>
        [evaluation.readingBefore, evaluation.readingAfter].some(mayGetData) || lostQueries(evaluation).length > 0,
    );
    if (waiting.length === 0 || Date.now() + PAUSE_MS > until) {
      break;
    }
    await lab.pause(PAUSE_MS);
    const again = await readBoth(lab, waiting);
    evaluations = evaluations.map((evaluation) => again[waiting.indexOf(evaluation)] ?? evaluation);
  }
  return evaluations;
}

/** Reads failing panels again after the change was applied, as it may have created the missing metrics itself. */
export async function evaluateApplied(
  lab: LabAccess,
  evaluations: readonly PanelEvaluation[],
  until: number,
): Promise<readonly PanelEvaluation[]> {
  const failing = evaluations.filter(isFailing);
  const changes = failing.map(({ name, dashboard, after }) => ({ name, dashboard, before: undefined, after }));
  const again = await evaluatePanels(lab, changes, until);
  return evaluations.map((evaluation) => {
    const readingAfter = again[failing.indexOf(evaluation)]?.readingAfter;
    const applied = { ...evaluation, readingAfter, applied: true } as const;
    return readingAfter === undefined || isFailing(applied) ? evaluation : applied;
  });
}

/** Reads the panels of both commits at the same time. */
async function readBoth(lab: LabAccess, changes: readonly PanelChange[]): Promise<readonly PanelEvaluation[]> {
  const now = new Date();
  const ranges = new Map(changes.map(({ before, after }) => [before?.dashboard, (after ?? before)?.dashboard.time]));
  const read = (side: readonly (DeclaredPanel | undefined)[]): Promise<ReadonlyMap<Panel, Reading>> =>
    readPanels(lab, side, (dashboard) => timeRange(ranges.get(dashboard) ?? dashboard.time, now), now.getTime());
  const [old, current] = await Promise.all([
    read(changes.map(({ before }) => before)),
    read(changes.map(({ after }) => after)),
  ]);
  const readingOf = (
    readings: ReadonlyMap<Panel, Reading>,
    declared: DeclaredPanel | undefined,
  ): Reading | undefined => (declared === undefined ? undefined : readings.get(declared.panel));
  return changes.map((change) => ({
    ...change,
    name: lab.restore(change.name),
    dashboard: lab.restore(change.dashboard),
    readingBefore: readingOf(old, change.before),
    readingAfter: readingOf(current, change.after),
  }));
}

/** Readings by panel, without panels that the lab cannot evaluate. */
async function readPanels(
  lab: LabAccess,
  declared: readonly (DeclaredPanel | undefined)[],
  rangeOf: (dashboard: StoredDashboard) => TimeRange,
  now: number,
): Promise<ReadonlyMap<Panel, Reading>> {
  const wanted = declared.filter((it) => it !== undefined);
  const presence = new Map(lab.sources.map(({ uid }) => [uid, new Presence(lab.api, uid)]));
  const readings = new Map<Panel, Reading>();
  const read = async (dashboard: StoredDashboard, panels: ReadonlySet<Panel>): Promise<void> => {
    const request = { range: rangeOf(dashboard), sources: lab.sources, includes: (it: Panel) => panels.has(it) };
    const results = await queryPanels(lab.api, dashboard, request);
    for (const panel of panels) {
      const places = results.filter((it) => it.declared === panel);
      if (places.length > 0) {
        readings.set(panel, await readingOf(places, lab, presence, now));
      } else if (hasNoQuery(panel)) {
        readings.set(panel, NO_QUERIES);
      }
    }
  };
  for (const dashboard of new Set(wanted.map((it) => it.dashboard))) {
    const panels = wanted.filter((it) => it.dashboard === dashboard).map(({ panel }) => panel);
    try {
      await read(dashboard, new Set(panels));
    } catch {
      // one unresolvable variable or missing library panel must not affect the other panels
      for (const panel of panels) {
        await read(dashboard, new Set([panel])).catch((error: unknown) => {
          const message = error instanceof Error ? error.message : String(error);
          readings.set(panel, { state: "error", series: [], error: lab.restore(message) });
        });
      }
    }
  }
  return readings;
}

function mayGetData(reading: Reading | undefined): boolean {
  return reading?.state === "missing" && reading !== NO_QUERIES;
}

function isBroken({ state }: Reading): boolean {
  return state === "missing" || state === "error";
}

/** Whether all of the panel's queries are hidden or empty. */
function hasNoQuery({ type, targets }: Panel): boolean {
  const isEmpty = targets?.every(({ hide, expr }) => hide === true || expr?.trim() === "") ?? false;
  return targets?.length !== 0 && isEmpty && !WITHOUT_QUERIES.has(type);
}
