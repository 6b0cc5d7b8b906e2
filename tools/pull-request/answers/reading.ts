import { Panel } from "../../verify/panels/model";
import { AskedPanel, ProvenQuery, State, stateOf } from "../../verify/panels/panelResult";
import { seconds } from "../../verify/duration";
import { AskedLab } from "./askedLab";
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
  /** Whose settings its values are shown by, where that is not the dashboard's own panel. */
  readonly library?: Panel;
  /** Queries without data beside others that have some. */
  readonly silent?: readonly Silent[];
}

/** A query without data. */
export interface Silent {
  readonly refId: string;
  readonly state: Exclude<State, "data">;
  readonly reason?: string;
}

type Lab = Pick<AskedLab, "since" | "scrapeSeconds" | "restore">;
type Explained = Pick<ProvenQuery, "refId" | "state" | "reason" | "error">;

/** What a panel of which every query is hidden or empty says. */
export const ASKS_NOTHING: Reading = { state: "missing", series: [], reason: "each of its queries is hidden or empty" };
const STRINGS = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g;

/** Whether a panel shows something. */
export function hasData({ state, silent }: Reading): boolean {
  return state === "data" || silent !== undefined;
}

/**
 * What a panel says in all the places where it is repeated.
 *
 * @param presence By the uid of the datasource.
 * @param now In milliseconds since the epoch.
 */
export async function readingOf(
  places: readonly AskedPanel[],
  lab: Lab,
  presence: ReadonlyMap<string, Presence>,
  now: number,
): Promise<Reading> {
  const queries = places.flatMap((place) => place.queries);
  const explained = await Promise.all(queries.map((query) => explain(query, lab, presence, now)));
  const state = stateOf(explained);
  const { error, reason } = explained.find((query) => query.state === state) ?? {};
  const words = {
    ...(error === undefined ? {} : { error: lab.restore(error) }),
    ...(reason === undefined ? {} : { reason: lab.restore(reason) }),
  };
  const answered = queries.filter((query) => query.state === "data");
  if (answered.length === 0) {
    return { state, series: [], ...words };
  }
  const series = answered.flatMap(seriesOf).map((it) => ({
    ...it,
    name: lab.restore(it.name),
    labels: Object.fromEntries(Object.entries(it.labels).map(([label, value]) => [label, lab.restore(value)])),
  }));
  const silent = silentOf(explained, lab);
  const [{ declared, panel } = {}] = places;
  return {
    state,
    series,
    ...words,
    ...(panel === undefined || declared?.libraryPanel === undefined ? {} : { library: panel }),
    ...(silent.length === 0 ? {} : { silent }),
  };
}

/** The queries that have data in none of the panel's places. */
function silentOf(queries: readonly Explained[], { restore }: Lab): readonly Silent[] {
  return [...new Set(queries.map(({ refId }) => refId))].flatMap((refId): Silent[] => {
    const own = queries.filter((query) => query.refId === refId);
    const state = stateOf(own);
    const { error, reason = error } = own.find((query) => query.state === state) ?? {};
    return state === "data" ? [] : [{ refId, state, ...(reason === undefined ? {} : { reason: restore(reason) }) }];
  });
}

/** A query with the reason why it has no data, which may be none to worry about. */
async function explain(
  { refId, state, reason, error, expr, datasource }: ProvenQuery,
  lab: Lab,
  presence: ReadonlyMap<string, Presence>,
  now: number,
): Promise<Explained> {
  if (state !== "missing") {
    return { refId, state, ...(reason === undefined ? {} : { reason }), ...(error === undefined ? {} : { error }) };
  }
  // of what Prometheus cannot parse alone, as what only Grafana knows is in it, nothing can be said
  const { absent = [], filters = false } =
    (await presence
      .get(datasource)
      ?.find(expr)
      .catch(() => undefined)) ?? {};
  if (absent.length > 0) {
    return { refId, state, reason: `no series of ${absent.join(", ")}` };
  }
  const excuse = tooYoung(expr, lab, now) ?? (filters ? "no value passes its comparison" : undefined);
  return excuse === undefined ? { refId, state } : { refId, state: "explained", reason: excuse };
}

/** Why a lab that was brought up for the report cannot have an answer yet; undefined if its age is not the reason. */
export function tooYoung(
  expr: string,
  { since, scrapeSeconds }: Pick<AskedLab, "since" | "scrapeSeconds">,
  now = Date.now(),
): string | undefined {
  const age = Math.floor((now - since) / 1000);
  const is = `the lab is ${String(age)} s old`;
  const code = expr.replace(STRINGS, '""');
  const [offset] = [...code.matchAll(/\boffset\s+((?:\d+(?:ms|[smhdwy]))+)/g)]
    .map(([, length = ""]) => length)
    .filter((length) => seconds(length) > age);
  if (offset !== undefined) {
    return `it compares with ${offset} before, and ${is}`;
  }
  // a rate is between two samples, and a target is first scraped within an interval
  return code.includes("[") && age < 3 * scrapeSeconds ? `a rate needs two scrapes, and ${is}` : undefined;
}
