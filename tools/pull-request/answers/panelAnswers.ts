import { isDeepStrictEqual } from "node:util";
import { seconds } from "../../verify/duration";
import { Datasource, GrafanaApi } from "../../verify/panels/grafana";
import { Panel, StoredDashboard } from "../../verify/panels/model";
import { askPanels, AskedPanel, State, stateOf } from "../../verify/panels/panelResult";
import { TimeRange, timeRange } from "../../verify/panels/range";
import { DeclaredPanel, PanelChange } from "./changedPanels";
import { Presence } from "./presence";
import { Series, seriesOf } from "./series";

/** What a panel says, as one commit declares it. */
export interface Reading {
  readonly state: State;
  readonly series: readonly Series[];
  /** What is wrong with a query, in Prometheus' words. */
  readonly error?: string;
  /** Why there is no data. */
  readonly reason?: string;
}

/** What a panel says before and after a change, over the same minutes of the same lab. */
export interface PanelAnswer extends PanelChange {
  /** Undefined where the panel is not there, or asks no query that the lab can answer. */
  readonly was: Reading | undefined;
  readonly is: Reading | undefined;
}

/** The lab that is asked. */
export interface AskedLab {
  readonly api: GrafanaApi;
  readonly sources: readonly Datasource[];
  /** When the first sample can have been taken, in milliseconds since the epoch. */
  readonly since: number;
  /** Seconds between two scrapes. */
  readonly scrapeSeconds: number;
  /** Waits so many milliseconds, or throws where somebody asks for the end. */
  readonly pause: (milliseconds: number) => Promise<void>;
  /** A text with what the commits declare in the place of the lab's stand-ins. */
  readonly restore: (text: string) => string;
}

/** Between two questions to a panel that has no data yet. */
const PAUSE_MS = 1500;

/** Whether a panel shows nothing that showed something, or that is new. */
export function isDark({ was, is }: Pick<PanelAnswer, "was" | "is">): boolean {
  return is !== undefined && isBroken(is) && (was === undefined || !isBroken(was));
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
    const dark = answers.filter(({ was, is }) => [was, is].some((it) => it?.state === "missing"));
    if (dark.length === 0 || Date.now() + PAUSE_MS > until) {
      break;
    }
    await lab.pause(PAUSE_MS);
    const again = await askBoth(lab, dark);
    answers = answers.map((answer) => again[dark.indexOf(answer)] ?? answer);
  }
  return answers;
}

/** The panels of both commits, asked at one moment. */
async function askBoth(lab: AskedLab, changes: readonly PanelChange[]): Promise<readonly PanelAnswer[]> {
  const now = new Date();
  const ranges = new Map(changes.map(({ before, after }) => [before?.dashboard, (after ?? before)?.dashboard.time]));
  const read = (side: readonly (DeclaredPanel | undefined)[]): Promise<ReadonlyMap<Panel, Reading>> =>
    readPanels(lab, side, (dashboard) => timeRange(ranges.get(dashboard) ?? dashboard.time, now));
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
): Promise<ReadonlyMap<Panel, Reading>> {
  const wanted = new Set(declared.flatMap((it) => (it === undefined ? [] : [it.panel])));
  const dashboards = [...new Set(declared.flatMap((it) => (it === undefined ? [] : [it.dashboard])))];
  const presence = new Map(lab.sources.map(({ uid }) => [uid, new Presence(lab.api, uid)]));
  const readings = new Map<Panel, Reading>();
  for (const dashboard of dashboards) {
    const includes = (panel: Panel): boolean => wanted.has(panel);
    const request = { range: rangeOf(dashboard), sources: lab.sources, includes };
    try {
      const asked = await askPanels(lab.api, dashboard, request);
      for (const panel of wanted) {
        const places = asked.filter((it) => it.declared === panel);
        if (places.length > 0) {
          readings.set(panel, await readingOf(places, lab, presence));
        }
      }
    } catch (error) {
      // of a variable that cannot be resolved; no panel of the dashboard can be asked then
      const message = error instanceof Error ? error.message : String(error);
      declared
        .filter((it) => it?.dashboard === dashboard)
        .forEach((it) => it && readings.set(it.panel, { state: "error", series: [], error: message }));
    }
  }
  return readings;
}

/** What a panel says in all the places where it is repeated. */
async function readingOf(
  places: readonly AskedPanel[],
  lab: AskedLab,
  presence: ReadonlyMap<string, Presence>,
): Promise<Reading> {
  const queries = places.flatMap((place) => place.queries);
  const series = queries.flatMap(seriesOf).map((it) => ({
    ...it,
    name: lab.restore(it.name),
    labels: Object.fromEntries(Object.entries(it.labels).map(([label, value]) => [label, lab.restore(value)])),
  }));
  const error = queries.find((query) => query.error !== undefined)?.error;
  if (error !== undefined) {
    return { state: "error", series, error: lab.restore(error) };
  }
  const state = stateOf(queries);
  if (state === "data") {
    return { state, series };
  }
  const explained = queries.find((query) => query.reason !== undefined)?.reason;
  const missing = queries.find((query) => query.state === "missing");
  if (missing === undefined) {
    return { state, series: [], ...(explained === undefined ? {} : { reason: explained }) };
  }
  const young = tooYoung(missing.expr, lab);
  if (young !== undefined) {
    return { state: "explained", series: [], reason: young };
  }
  const { absent = [] } = (await presence.get(missing.datasource)?.find(missing.expr)) ?? {};
  const reason = absent.length === 0 ? {} : { reason: lab.restore(`no series of ${absent.join(", ")}`) };
  return { state, series: [], ...reason };
}

/** Why a lab that was brought up for the report cannot have an answer yet; undefined where its age is no reason. */
export function tooYoung(
  expr: string,
  { since, scrapeSeconds }: Pick<AskedLab, "since" | "scrapeSeconds">,
): string | undefined {
  const age = Math.floor((Date.now() - since) / 1000);
  const is = `the lab is ${String(age)} s old`;
  const [offset] = [...expr.matchAll(/\boffset\s+((?:\d+(?:ms|[smhdwy]))+)/g)]
    .map(([, length = ""]) => length)
    .filter((length) => seconds(length) > age);
  if (offset !== undefined) {
    return `it compares with ${offset} before, and ${is}`;
  }
  // a rate is between two samples, and a target is first scraped within an interval
  return expr.includes("[") && age < 3 * scrapeSeconds ? `a rate needs two scrapes, and ${is}` : undefined;
}

function isBroken({ state }: Reading): boolean {
  return state === "missing" || state === "error";
}
