import { urlSegment } from "../../../lib/shared/foreignNames";
import { readDashboard } from "../dashboards";
import { getJson, LabOutputs, signIn } from "../lab";
import { limiter } from "./limit";
import { DatasourceReference, Panel, StoredDashboard } from "./model";

/** Queries at a time: enough to be quick, few enough for a small machine. */
const AT_A_TIME = 8;
const TIMEOUT_MS = 20_000;

export interface Datasource {
  readonly uid: string;
  readonly name: string;
  readonly type: string;
  readonly isDefault: boolean;
  readonly jsonData?: { readonly timeInterval?: string };
}

/** A column of a frame. */
export interface Field {
  readonly name?: string;
  readonly type?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** The datasource writes the legend as a display name. */
  readonly config?: { readonly displayNameFromDS?: string };
}

/** A table of an answer: columns, and beside them what JSON cannot hold. */
export interface Frame {
  readonly schema?: { readonly fields?: readonly Field[] };
  readonly data?: {
    readonly values?: readonly (readonly unknown[])[];
    /** Rows of each column that are infinite. */
    readonly entities?: readonly ({ readonly Inf?: readonly number[]; readonly NegInf?: readonly number[] } | null)[];
  };
}

/** Answer to one query. */
export interface QueryResult {
  readonly error?: string;
  readonly frames?: readonly Frame[];
}

/** What the proof asks of Grafana, as its own pages ask it. */
export interface GrafanaApi {
  readonly dashboard: (uid: string) => Promise<StoredDashboard>;
  readonly datasources: () => Promise<readonly Datasource[]>;
  readonly libraryPanel: (uid: string) => Promise<Panel>;
  /** A path of Prometheus' own API, through the datasource's proxy. */
  readonly prometheus: <T>(uid: string, path: string, parameters: Record<string, string>) => Promise<T>;
  /** Answers by refId. */
  readonly query: (body: object) => Promise<Readonly<Record<string, QueryResult>>>;
}

export function grafanaApi(lab: LabOutputs): GrafanaApi {
  const limit = limiter(AT_A_TIME);
  const get = <T>(path: string): Promise<T> => limit(() => getJson<T>(`${lab.grafanaUrl}${path}`, signIn(lab)));
  return {
    dashboard: (uid) => limit(() => readDashboard<StoredDashboard>(lab, uid)),
    datasources: () => get("/api/datasources"),
    libraryPanel: async (uid) =>
      (await get<{ result: { model: Panel } }>(`/api/library-elements/${urlSegment(uid)}`)).result.model,
    prometheus: async (uid, path, parameters) => {
      const query = new URLSearchParams(parameters).toString();
      return (await get<{ data: never }>(`/api/datasources/proxy/uid/${urlSegment(uid)}/api/v1/${path}?${query}`)).data;
    },
    query: (body) =>
      limit(async () => {
        const response = await fetch(`${lab.grafanaUrl}/api/ds/query`, {
          method: "POST",
          headers: { ...signIn(lab), "content-type": "application/json" },
          body: JSON.stringify(body),
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
        // a query in error makes the whole answer one, which still holds the results
        const answer = (await response.json().catch(() => ({}))) as {
          results?: Record<string, QueryResult>;
          message?: string;
        };
        if (answer.results === undefined) {
          throw new Error(`/api/ds/query answers ${String(response.status)}: ${answer.message ?? "no results"}`);
        }
        return answer.results;
      }),
  };
}

/** The datasource that a reference means once its variables are replaced; undefined where Grafana has none such. */
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
