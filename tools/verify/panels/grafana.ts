import { parseJson } from "../../../lib/shared/attempt";
import { urlSegment } from "../../../lib/shared/foreignNames";
import { readDashboard } from "../dashboards";
import { LabOutputs, readJson } from "../lab";
import { limiter } from "./limit";
import { DatasourceReference, Panel, StoredDashboard } from "./model";
import { Session } from "./session";

/** Concurrent queries: quick, without overloading a small machine. */
const AT_A_TIME = 8;
const QUERY_TIMEOUT_MS = 20_000;

export interface Datasource {
  readonly uid: string;
  readonly name: string;
  readonly type: string;
  readonly isDefault: boolean;
  readonly jsonData?: { readonly timeInterval?: string };
}

/** A column of a data frame. */
export interface Field {
  readonly name?: string;
  readonly type?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** The datasource sets the legend as display name. */
  readonly config?: { readonly displayNameFromDS?: string };
}

/** A data frame: columns, and the values that JSON cannot represent. */
export interface Frame {
  readonly schema?: { readonly fields?: readonly Field[] };
  readonly data?: {
    readonly values?: readonly (readonly unknown[])[];
    /** Rows of each column with infinite values. */
    readonly entities?: readonly ({ readonly Inf?: readonly number[]; readonly NegInf?: readonly number[] } | null)[];
  };
}

/** Result of one query. */
export interface QueryResult {
  readonly error?: string;
  readonly frames?: readonly Frame[];
}

/** The parts of Grafana's API that the checks use, as its own pages do. */
export interface GrafanaApi {
  readonly dashboard: (uid: string) => Promise<StoredDashboard>;
  readonly datasources: () => Promise<readonly Datasource[]>;
  readonly libraryPanel: (uid: string) => Promise<Panel>;
  /** A path of Prometheus' API, through the datasource's proxy. */
  readonly prometheus: <T>(uid: string, path: string, parameters: Record<string, string>) => Promise<T>;
  /** Results by refId. */
  readonly query: (body: object) => Promise<Readonly<Record<string, QueryResult>>>;
}

export function grafanaApi(lab: LabOutputs, session = new Session(lab)): GrafanaApi {
  const limit = limiter(AT_A_TIME);
  const get = <T>(path: string): Promise<T> =>
    limit(async () => readJson(`${lab.grafanaUrl}${path}`, await session.request(path)) as T);
  return {
    dashboard: (uid) => limit(() => readDashboard(lab, uid)),
    datasources: () => get("/api/datasources"),
    libraryPanel: async (uid) =>
      (await get<{ result: { model: Panel } }>(`/api/library-elements/${urlSegment(uid)}`)).result.model,
    prometheus: async (uid, path, parameters) => {
      const query = new URLSearchParams(parameters).toString();
      return (await get<{ data: never }>(`/api/datasources/proxy/uid/${urlSegment(uid)}/api/v1/${path}?${query}`)).data;
    },
    query: (body) =>
      limit(async () => {
        const headers = { "content-type": "application/json" };
        const init = { method: "POST", headers, body: JSON.stringify(body) };
        const response = await session.request("/api/ds/query", init, QUERY_TIMEOUT_MS);
        // a failed query makes the whole response an error, which still has the results
        const answer = (parseJson(response.body) ?? {}) as { results?: Record<string, QueryResult>; message?: string };
        if (answer.results === undefined) {
          throw new Error(`/api/ds/query returned ${String(response.status)}: ${answer.message ?? "no results"}`);
        }
        return answer.results;
      }),
  };
}

/** The datasource of a reference with its variables replaced; undefined if Grafana has no such datasource. */
export function findDatasource(
  reference: DatasourceReference | undefined,
  sources: readonly Datasource[],
  replace: (text: string) => string,
): Datasource | undefined {
  const named = typeof reference === "object" ? reference?.uid : reference;
  if (named === undefined || named === "default") {
    return sources.find(({ isDefault }) => isDefault);
  }
  const wanted = replace(named);
  return sources.find(({ uid }) => uid === wanted) ?? sources.find(({ name }) => name === wanted);
}
