import { isDeepStrictEqual } from "node:util";
import { Panel, StoredDashboard } from "../../verify/panels/model";
import { askPanels } from "../../verify/panels/panelResult";
import { WITHOUT_QUERIES } from "../../verify/panels/queries";
import { TimeRange, timeRange } from "../../verify/panels/range";
import { AskedLab } from "./askedLab";
import { DeclaredPanel, PanelChange } from "./changedPanels";
import { Presence } from "./presence";
import { ASKS_NOTHING, hasData, Reading, readingOf } from "./reading";

/** What a panel says before and after a change, over the same minutes of the same lab. */
export interface PanelAnswer extends PanelChange {
  /** Undefined where the panel is not there, or asks no query that the lab can answer. */
  readonly was: Reading | undefined;
  readonly is: Reading | undefined;
  /** Whether it says so only after the change was applied. */
  readonly applied?: true;
}

/** Between two questions to a panel that has no data yet. */
const PAUSE_MS = 1500;

type Read = Pick<PanelAnswer, "was" | "is">;

/** Whether a panel or a query of it shows nothing that showed something, or a panel is new and shows nothing. */
export function isDark(answer: Read): boolean {
  const { was, is } = answer;
  if (is === undefined) {
    return false;
  }
  const isNewError = is.state === "error" && was?.state !== "error";
  const isEmpty = is.state === "missing" && (was === undefined || !isBroken(was));
  return isNewError || isEmpty || lostQueries(answer).length > 0;
}

/** The queries that had data and have none, beside others that have some. */
export function lostQueries({ was, is }: Read): readonly string[] {
  const had = (refId: string): boolean =>
    was?.series.some((series) => series.refId === refId) === true &&
    was.silent?.some((query) => query.refId === refId) !== true;
  return (is?.silent ?? []).filter(({ state, refId }) => state !== "explained" && had(refId)).map(({ refId }) => refId);
}

/** Whether a panel had data and has none at all. */
export function lostAll({ was, is }: Read): boolean {
  return was !== undefined && is !== undefined && isBroken(is) && hasData(was) && !hasData(is);
}

/** Whether the same panel reads the same. */
export function readsTheSame({ was, is }: Pick<PanelAnswer, "was" | "is">): boolean {
  return isDeepStrictEqual(was, is);
}

/**
 * Asks the queries of panels as base and head declare them.
 *
 * @param until When to give up waiting for data, in milliseconds since the epoch.
 */
export async function answerPanels(
  lab: AskedLab,
  changes: readonly PanelChange[],
  until: number,
): Promise<readonly PanelAnswer[]> {
  let answers = await askBoth(lab, changes);
  for (;;) {
    const dark = answers.filter((answer) => [answer.was, answer.is].some(mayGetData) || lostQueries(answer).length > 0);
    if (dark.length === 0 || Date.now() + PAUSE_MS > until) {
      break;
    }
    await lab.pause(PAUSE_MS);
    const again = await askBoth(lab, dark);
    answers = answers.map((answer) => again[dark.indexOf(answer)] ?? answer);
  }
  return answers;
}

/** The same after the change was applied, which may bring itself what the base's lab lacked. */
export async function answerApplied(
  lab: AskedLab,
  answers: readonly PanelAnswer[],
  until: number,
): Promise<readonly PanelAnswer[]> {
  const dark = answers.filter(isDark);
  const changes = dark.map(({ name, dashboard, after }) => ({ name, dashboard, before: undefined, after }));
  const again = await answerPanels(lab, changes, until);
  return answers.map((answer) => {
    const is = again[dark.indexOf(answer)]?.is;
    const applied = { ...answer, is, applied: true } as const;
    return is === undefined || isDark(applied) ? answer : applied;
  });
}

/** The panels of both commits, asked at one moment. */
async function askBoth(lab: AskedLab, changes: readonly PanelChange[]): Promise<readonly PanelAnswer[]> {
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
    was: readingOf(old, change.before),
    is: readingOf(current, change.after),
  }));
}

/** What panels say; one without a query that the lab can answer says nothing. */
async function readPanels(
  lab: AskedLab,
  declared: readonly (DeclaredPanel | undefined)[],
  rangeOf: (dashboard: StoredDashboard) => TimeRange,
  now: number,
): Promise<ReadonlyMap<Panel, Reading>> {
  const wanted = declared.filter((it) => it !== undefined);
  const presence = new Map(lab.sources.map(({ uid }) => [uid, new Presence(lab.api, uid)]));
  const readings = new Map<Panel, Reading>();
  const read = async (dashboard: StoredDashboard, panels: ReadonlySet<Panel>): Promise<void> => {
    const request = { range: rangeOf(dashboard), sources: lab.sources, includes: (it: Panel) => panels.has(it) };
    const asked = await askPanels(lab.api, dashboard, request);
    for (const panel of panels) {
      const places = asked.filter((it) => it.declared === panel);
      if (places.length > 0) {
        readings.set(panel, await readingOf(places, lab, presence, now));
      } else if (asksNothing(panel)) {
        readings.set(panel, ASKS_NOTHING);
      }
    }
  };
  for (const dashboard of new Set(wanted.map((it) => it.dashboard))) {
    const panels = wanted.filter((it) => it.dashboard === dashboard).map(({ panel }) => panel);
    try {
      await read(dashboard, new Set(panels));
    } catch {
      // of a variable that cannot be resolved, or of one panel that is not in the library: the others can be asked
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
  return reading?.state === "missing" && reading !== ASKS_NOTHING;
}

function isBroken({ state }: Reading): boolean {
  return state === "missing" || state === "error";
}

/** Whether it is the queries that are hidden or empty, and not only the lab that cannot answer them. */
function asksNothing({ type, targets = [] }: Panel): boolean {
  return (
    targets.length > 0 &&
    !WITHOUT_QUERIES.has(type) &&
    targets.every(({ hide, expr }) => hide === true || expr?.trim() === "")
  );
}
