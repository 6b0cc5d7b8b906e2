import { urlSegment } from "../shared/foreignNames";
import { withTimeout } from "../shared/withTimeout";
import { Drift, MISSING } from "./drift";

/** A datasource as returned by Grafana's API. */
export interface FoundDatasource {
  readonly type: string;
  readonly url: string;
  readonly access: string;
  readonly isDefault: boolean;
  readonly basicAuth?: boolean;
  readonly basicAuthUser?: string;
}

/**
 * Version of a dashboard; `schema v2` if Grafana 12 or 13 stored it in that schema, `unknown` if Grafana lists it
 * but does not return it.
 */
export type FoundVersion = number | "schema v2" | "unknown";

/** The lab's objects in a running Grafana. */
export interface FoundGrafana {
  readonly datasource: FoundDatasource | undefined;
  /** Set if Prometheus rejects the datasource's password. */
  readonly passwordRejected?: true;
  /** The dashboards of the lab's folder, by uid. */
  readonly dashboards: ReadonlyMap<string, FoundVersion>;
}

/** Drift of the admin's password, and the lab's objects if signing in succeeds. */
export interface ObservedGrafana {
  readonly password: Drift;
  /** Undefined if unknown. */
  readonly found: FoundGrafana | undefined;
}

/** Ids of panel plugins; unknown if Grafana may have some but cannot be queried. */
export type PanelPlugins = ReadonlySet<string> | "unknown";

/** The folder of the lab's dashboards. */
export const FOLDER = { uid: "observability-lab", title: "Observability lab" };
export const DATASOURCE_UID = "prometheus";

/**
 * Response status of `/api/dashboards/uid/<uid>` for a dashboard that is stored in schema version 2
 * (GetDashboard in Grafana's pkg/api/dashboard.go).
 */
export const NOT_ACCEPTABLE = 406;

const TIMEOUT_MS = 5_000;

/** An empty Grafana, for example after its volume was removed. */
export const EMPTY_GRAFANA: ObservedGrafana = {
  password: undefined,
  found: { datasource: undefined, dashboards: new Map() },
};

export const UNKNOWN_GRAFANA: ObservedGrafana = { password: undefined, found: undefined };

type Get = (path: string) => Promise<{ readonly status: number; readonly body: unknown }>;

function asAdmin(url: string, password: string, read = (response: Response): Promise<unknown> => response.json()): Get {
  const authorization = `Basic ${Buffer.from(`admin:${password}`).toString("base64")}`;
  return (path) =>
    withTimeout(TIMEOUT_MS, async (signal) => {
      const response = await fetch(`${url}${path}`, { headers: { authorization }, signal });
      const body = await read(response);
      return { status: response.status, body };
    });
}

/**
 * Observes a running Grafana, with the password that the lab set.
 *
 * A wrong password is tried once: after five attempts Grafana also rejects the right one, for five minutes.
 */
export async function observeGrafana(url: string, password: string): Promise<ObservedGrafana> {
  const get = asAdmin(url, password);
  try {
    const { status } = await get("/api/user");
    if (status === 401) {
      return { password: "Grafana refused it", found: undefined };
    }
    if (status !== 200) {
      return UNKNOWN_GRAFANA;
    }
    const found = await readContents(get);
    const passwordRejected = found.datasource?.basicAuth === true && (await isPasswordRejected(url, password));
    return { password: undefined, found: { ...found, ...(passwordRejected ? { passwordRejected } : {}) } };
  } catch {
    return UNKNOWN_GRAFANA; // it is starting, or another program has the port: the container's health shows which
  }
}

/** Ids of a running Grafana's panel plugins, including core panels if it lists them. */
export async function observePanelPlugins(url: string, password: string): Promise<PanelPlugins> {
  try {
    const { status, body } = await asAdmin(url, password)("/api/plugins?type=panel");
    return status === 200 ? new Set((body as { id: string }[]).map(({ id }) => id)) : "unknown";
  } catch {
    return "unknown";
  }
}

async function readContents(get: Get): Promise<FoundGrafana> {
  const [datasource, search] = await Promise.all([
    get(`/api/datasources/uid/${DATASOURCE_UID}`),
    get(`/api/search?type=dash-db&folderUIDs=${FOLDER.uid}&limit=5000`),
  ]);
  if (search.status !== 200 || ![200, 404].includes(datasource.status)) {
    throw new Error("unexpected response of Grafana");
  }
  const uids = (search.body as { uid: string }[]).map(({ uid }) => uid);
  const versions = await Promise.all(uids.map(async (uid) => [uid, await readVersion(get, uid)] as const));
  return {
    datasource: datasource.status === 200 ? (datasource.body as FoundDatasource) : undefined,
    dashboards: new Map(versions.filter((it): it is [string, FoundVersion] => it[1] !== undefined)),
  };
}

/**
 * Whether Prometheus rejects the datasource's password: Grafana turns its 401 into 400 (modifyResponse in
 * pkg/api/pluginproxy/ds_proxy.go).
 */
async function isPasswordRejected(url: string, password: string): Promise<boolean> {
  const get = asAdmin(url, password, (response) => response.text());
  return get(`/api/datasources/proxy/uid/${DATASOURCE_UID}/api/v1/status/buildinfo`).then(
    ({ status }) => status === 400,
    () => false,
  );
}

/** Undefined for a dashboard that was deleted meanwhile. Any other error affects only this dashboard. */
async function readVersion(get: Get, uid: string): Promise<FoundVersion | undefined> {
  const { status, body } = await Promise.resolve(uid)
    .then((it) => get(`/api/dashboards/uid/${urlSegment(it)}`))
    .catch(() => ({ status: undefined, body: undefined }));
  if (status === 404) {
    return undefined;
  }
  if (status === NOT_ACCEPTABLE) {
    return "schema v2";
  }
  const version = (body as { dashboard?: { version?: unknown } } | null | undefined)?.dashboard?.version;
  return status === 200 && typeof version === "number" ? version : "unknown";
}

/** Drift of the lab's datasource. */
export function datasourceDrift(found: FoundGrafana | undefined, declared: FoundDatasource): Drift {
  if (found === undefined) {
    return undefined;
  }
  const { datasource } = found;
  if (datasource === undefined) {
    return MISSING;
  }
  const keys = (["type", "url", "access", "isDefault", "basicAuth", "basicAuthUser"] as const).filter(
    (key) => declared[key] !== undefined,
  );
  const edited = keys.find((key) => datasource[key] !== declared[key]);
  if (edited !== undefined) {
    return `its ${edited} was ${JSON.stringify(datasource[edited])}`;
  }
  return declared.basicAuth === true && found.passwordRejected ? "its password was different" : undefined;
}
