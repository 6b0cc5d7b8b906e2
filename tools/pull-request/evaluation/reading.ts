import { Panel } from "../../verify/panels/model";
import { QueriedPanel, ProvenQuery, State, stateOf } from "../../verify/panels/panelResult";
import { LabAccess } from "./labAccess";
import { Presence } from "./presence";
import { Series, seriesOf } from "./series";

/** Data of a panel as one commit declares it. */
export interface Reading {
  readonly state: State;
  readonly series: readonly Series[];
  /** Prometheus' error message for a query. */
  readonly error?: string;
  /** Why there is no data. */
  readonly reason?: string;
  /** The changed recording rule on which its data depends; then that is unknown until the change is applied. */
  readonly recording?: string;
  /** The library panel whose display settings apply; undefined for a panel of the dashboard itself. */
  readonly library?: Panel;
  /** Queries without data in a panel where others have some. */
  readonly emptyQueries?: readonly EmptyQuery[];
}

/** A query without data. */
export interface EmptyQuery {
  readonly refId: string;
  readonly state: Exclude<State, "data">;
  readonly reason?: string;
}

type Lab = Pick<LabAccess, "restore">;
type Explained = Pick<ProvenQuery, "refId" | "state" | "reason" | "error">;

/** Reading of a panel whose queries are all hidden or empty. */
export const NO_QUERIES: Reading = { state: "missing", series: [], reason: "each of its queries is hidden or empty" };

/** Whether any query of a panel has data. */
export function hasData({ state, emptyQueries }: Reading): boolean {
  return state === "data" || emptyQueries !== undefined;
}

/**
 * Combines the results of all repetitions of a panel.
 *
 * @param presence Presence by datasource uid.
 */
export async function readingOf(
  places: readonly QueriedPanel[],
  lab: Lab,
  presence: ReadonlyMap<string, Presence>,
): Promise<Reading> {
  const queries = places.flatMap((place) => place.queries);
  const explained = await Promise.all(queries.map((query) => explain(query, presence)));
  const state = stateOf(explained);
  const { error, reason } = explained.find((query) => query.state === state) ?? {};
  const messages = {
    ...(error === undefined ? {} : { error: lab.restore(error) }),
    ...(reason === undefined ? {} : { reason: lab.restore(reason) }),
  };
  const withData = queries.filter((query) => query.state === "data");
  if (withData.length === 0) {
    return { state, series: [], ...messages };
  }
  const series = withData.flatMap(seriesOf).map((it) => ({
    ...it,
    name: lab.restore(it.name),
    labels: Object.fromEntries(Object.entries(it.labels).map(([label, value]) => [label, lab.restore(value)])),
  }));
  const emptyQueries = findEmptyQueries(explained, lab);
  const [{ declared, panel } = {}] = places;
  return {
    state,
    series,
    ...messages,
    ...(panel === undefined || declared?.libraryPanel === undefined ? {} : { library: panel }),
    ...(emptyQueries.length === 0 ? {} : { emptyQueries }),
  };
}

/** Queries without data in every repetition of the panel. */
function findEmptyQueries(queries: readonly Explained[], { restore }: Lab): readonly EmptyQuery[] {
  return [...new Set(queries.map(({ refId }) => refId))].flatMap((refId): EmptyQuery[] => {
    const own = queries.filter((query) => query.refId === refId);
    const state = stateOf(own);
    const { error, reason = error } = own.find((query) => query.state === state) ?? {};
    return state === "data" ? [] : [{ refId, state, ...(reason === undefined ? {} : { reason: restore(reason) }) }];
  });
}

/** Adds the reason for missing data to a query. */
async function explain(
  { refId, state, reason, error, expr, datasource }: ProvenQuery,
  presence: ReadonlyMap<string, Presence>,
): Promise<Explained> {
  if (state !== "missing") {
    return { refId, state, ...(reason === undefined ? {} : { reason }), ...(error === undefined ? {} : { error }) };
  }
  // a query that Prometheus cannot parse, as it has syntax of Grafana, cannot be explained
  const { absent = [] } =
    (await presence
      .get(datasource)
      ?.find(expr)
      .catch(() => undefined)) ?? {};
  return { refId, state, ...(absent.length === 0 ? {} : { reason: `no series of ${absent.join(", ")}` }) };
}
