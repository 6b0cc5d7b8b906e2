import { NOT_ACCEPTABLE } from "../../lib/drift/grafana";
import { parseJson } from "../../lib/shared/attempt";
import { urlSegment } from "../../lib/shared/foreignNames";
import { isObject, objectsWithin } from "../../lib/shared/isObject";
import { CheckError, LabOutputs, REJECTED, request, SET_PASSWORD, signIn } from "./lab";
import { StoredDashboard } from "./panels/model";

/**
 * A dashboard of the lab as Grafana stores it.
 *
 * @throws CheckError if Grafana does not return it, with a fix if `make up` can repair that.
 */
export async function readDashboard(lab: LabOutputs, uid: string): Promise<StoredDashboard> {
  const url = `${lab.grafanaUrl}/api/dashboards/uid/${urlSegment(uid)}`;
  const { status, body } = await request(url, { headers: signIn(lab) });
  if (status === NOT_ACCEPTABLE) {
    throw new CheckError(
      `dashboard ${uid} was saved in Grafana in the new schema (version 2)`,
      "export it if you want to keep the edit, and run make up, which restores it",
    );
  }
  if (status === 404) {
    throw new CheckError(`dashboard ${uid} does not exist`, "run make up");
  }
  const answer = status === 200 ? (parseJson(body) as { dashboard?: StoredDashboard } | null | undefined) : undefined;
  if (answer?.dashboard === undefined) {
    throw new CheckError(
      `dashboard ${uid}: Grafana returned ${String(status)}, ${body.slice(0, 200)}`,
      status === REJECTED
        ? SET_PASSWORD
        : "read make logs; if it persists, delete this dashboard in Grafana and run make up",
    );
  }
  return answer.dashboard;
}

// Grafana's own sources: annotations, mixed queries, another panel's result, expressions
const BUILT_IN = new Set(["grafana", "-- Grafana --", "-- Mixed --", "-- Dashboard --", "__expr__"]);

/**
 * References to datasources that Grafana does not have, variables resolved; empty if all resolve.
 *
 * @param known uids and names of those that it has.
 */
export function unboundDatasources(
  dashboard: Pick<StoredDashboard, "title" | "templating">,
  known: ReadonlySet<string>,
): readonly string[] {
  const variables = new Map(
    (dashboard.templating?.list ?? [])
      .filter(({ type }) => type === "datasource")
      .map(({ name, current }) => [name, String(current?.value)]),
  );
  const wrong = references(dashboard).filter((reference) => {
    const uid = /^\$\{?(\w+)\}?$/.exec(reference)?.[1];
    const resolved = uid === undefined ? reference : (variables.get(uid) ?? reference);
    return !BUILT_IN.has(resolved) && !known.has(resolved);
  });
  return [...new Set(wrong)];
}

/** All datasource references in the dashboard, by uid or name; null is the default datasource. */
function references(dashboard: object): string[] {
  return objectsWithin(dashboard)
    .map(({ datasource }) => (isObject(datasource) ? datasource.uid : datasource))
    .filter((it) => typeof it === "string");
}
