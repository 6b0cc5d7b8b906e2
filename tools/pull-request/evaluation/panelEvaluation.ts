import { isDeepStrictEqual } from "node:util";
import { WITHOUT_QUERIES } from "../../../dashboards/community/panelTypes";
import { Panel, StoredDashboard } from "../../verify/panels/model";
import { withoutBuiltIns } from "../../verify/panels/missingData";
import { QueriedPanel, queryPanels } from "../../verify/panels/panelResult";
import { declaredTargets } from "../../verify/panels/queries";
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

/** Finds the changed recording rule that a query in PromQL depends on, with how it changes. */
export type FindRecording = (expr: string) => Promise<string | undefined>;

const NO_RECORDING: FindRecording = () => Promise.resolve(undefined);
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
 * @param findRecording Finds the changed recording rule that a query depends on. Default: there is none.
 */
export async function evaluatePanels(
  lab: LabAccess,
  changes: readonly PanelChange[],
  until: number,
  findRecording: FindRecording = NO_RECORDING,
): Promise<readonly PanelEvaluation[]> {
  let evaluations = await readBoth(lab, changes, findRecording);
  for (;;) {
    const waiting = evaluations.filter(
      (evaluation) =>
        [evaluation.readingBefore, evaluation.readingAfter].some(mayGetData) || lostQueries(evaluation).length > 0,
    );
    if (waiting.length === 0 || Date.now() + PAUSE_MS > until) {
      break;
    }
    await lab.pause(PAUSE_MS);
    const again = await readBoth(lab, waiting, findRecording);
    evaluations = evaluations.map((evaluation) => again[waiting.indexOf(evaluation)] ?? evaluation);
  }
  return evaluations;
}

/** Reads failing and unknown panels again after the change was applied, as it may have created their metrics itself. */
export async function evaluateApplied(
  lab: LabAccess,
  evaluations: readonly PanelEvaluation[],
  until: number,
): Promise<readonly PanelEvaluation[]> {
  const failing = evaluations.filter((evaluation) => isFailing(evaluation) || isUnknown(evaluation));
  const changes = failing.map(({ name, dashboard, after }) => ({ name, dashboard, before: undefined, after }));
  const again = await evaluatePanels(lab, changes, until);
  return evaluations.map((evaluation) => {
    const readingAfter = again[failing.indexOf(evaluation)]?.readingAfter;
    const applied = { ...evaluation, readingAfter, applied: true } as const;
    return readingAfter === undefined || (isFailing(applied) && !isUnknown(evaluation)) ? evaluation : applied;
  });
}

/** Whether the data of a panel is known only after the change is applied. */
function isUnknown({ readingAfter }: Readings): boolean {
  return readingAfter?.recording !== undefined;
}

/** Reads the panels of both commits at the same time. */
async function readBoth(
  lab: LabAccess,
  changes: readonly PanelChange[],
  findRecording: FindRecording,
): Promise<readonly PanelEvaluation[]> {
  const now = new Date();
  const ranges = new Map(
    changes.flatMap(({ before, after }) =>
      before && after ? [[before.dashboard, after.dashboard.time] as const] : [],
    ),
  );
  const read = (
    side: readonly (DeclaredPanel | undefined)[],
    find: FindRecording = NO_RECORDING,
  ): Promise<ReadonlyMap<Panel, Reading>> =>
    readPanels(lab, side, (dashboard) => timeRange(ranges.get(dashboard) ?? dashboard.time, now), now, find);
  const [old, current] = await Promise.all([
    read(changes.map(({ before }) => before)),
    read(
      changes.map(({ after }) => after),
      findRecording,
    ),
  ]);
  return changes.map((change) => ({
    ...change,
    name: lab.restore(change.name),
    dashboard: lab.restore(change.dashboard),
    readingBefore: change.before && old.get(change.before.panel),
    readingAfter: change.after && current.get(change.after.panel),
  }));
}

/** Readings by panel, without panels that the lab cannot evaluate. */
async function readPanels(
  lab: LabAccess,
  declared: readonly (DeclaredPanel | undefined)[],
  rangeOf: (dashboard: StoredDashboard) => TimeRange,
  now: Date,
  findRecording: FindRecording,
): Promise<ReadonlyMap<Panel, Reading>> {
  const wanted = declared.filter((it) => it !== undefined);
  const presence = new Map(lab.sources.map(({ uid }) => [uid, new Presence(lab.api, uid)]));
  const readings = new Map<Panel, Reading>();
  const read = async (dashboard: StoredDashboard, panels: ReadonlySet<Panel>): Promise<void> => {
    const includes = (it: Panel): boolean => panels.has(it);
    const request = { range: rangeOf(dashboard), now, sources: lab.sources, includes };
    const results = await queryPanels(lab.api, dashboard, request);
    for (const panel of panels) {
      const places = results.filter((it) => it.declared === panel);
      const recording = await recordingOf(places, findRecording);
      if (recording !== undefined) {
        readings.set(panel, { state: "explained", series: [], recording: lab.restore(recording) });
      } else if (places.length > 0) {
        readings.set(panel, await readingOf(places, lab, presence));
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

/** The changed recording rule that one of a panel's queries depends on. */
async function recordingOf(places: readonly QueriedPanel[], find: FindRecording): Promise<string | undefined> {
  const found = await Promise.all(places.flatMap(({ exprs }) => exprs.map((expr) => find(withoutBuiltIns(expr)))));
  return found.find((reason) => reason !== undefined);
}

function mayGetData(reading: Reading | undefined): boolean {
  return reading?.state === "missing" && reading !== NO_QUERIES;
}

function isBroken({ state }: Reading): boolean {
  return state === "missing" || state === "error";
}

/** Whether all of the panel's queries are hidden or empty. */
function hasNoQuery(panel: Panel): boolean {
  const targets = declaredTargets(panel);
  const isEmpty = targets.every(({ hide, expr }) => hide === true || expr?.trim() === "");
  return targets.length > 0 && isEmpty && !WITHOUT_QUERIES.has(panel.type);
}
