import { within } from "../within";
import { Damage, GONE } from "./damage";

/** A datasource as Grafana's API gives it. */
export interface FoundDatasource {
  readonly type: string;
  readonly url: string;
  readonly access: string;
  readonly isDefault: boolean;
}

/** What a running Grafana holds of the lab. */
export interface FoundGrafana {
  readonly datasource: FoundDatasource | undefined;
  /** Version of each dashboard of the lab's folder, by uid. */
  readonly dashboards: ReadonlyMap<string, number>;
}

/** What can be said of a Grafana without signing in is that nothing can be told. */
export interface GrafanaCondition {
  readonly password: Damage;
  /** Undefined where nothing can be told. */
  readonly found: FoundGrafana | undefined;
}

export const FOLDER_UID = "observability-lab";
export const DATASOURCE_UID = "prometheus";

const TIMEOUT_MS = 5_000;

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Grafana as it is with nothing in it, such as one whose volume is gone. */
export const EMPTY_GRAFANA: GrafanaCondition = {
  password: undefined,
  found: { datasource: undefined, dashboards: new Map() },
};

export const UNKNOWN_GRAFANA: GrafanaCondition = { password: undefined, found: undefined };

/**
 * Looks at a running Grafana with the password that the lab gave to it.
 *
 * A wrong password is tried once: after five Grafana refuses the right one, too, for five minutes.
 */
export async function lookAtGrafana(url: string, password: string): Promise<GrafanaCondition> {
  const authorization = `Basic ${Buffer.from(`admin:${password}`).toString("base64")}`;
  const ask = (path: string): Promise<Answer> =>
    within(TIMEOUT_MS, async (signal) => {
      const response = await fetch(`${url}${path}`, { headers: { authorization }, signal });
      const body: unknown = await response.json();
      return { status: response.status, body };
    });
  try {
    const { status } = await ask("/api/user");
    if (status === 401) {
      return { password: "Grafana refused it", found: undefined };
    }
    return { password: undefined, found: status === 200 ? await readHoldings(ask) : undefined };
  } catch {
    return UNKNOWN_GRAFANA; // it starts, or it is no Grafana: its container's health says more
  }
}

async function readHoldings(ask: (path: string) => Promise<Answer>): Promise<FoundGrafana> {
  const [datasource, search] = await Promise.all([
    ask(`/api/datasources/uid/${DATASOURCE_UID}`),
    ask(`/api/search?type=dash-db&folderUIDs=${FOLDER_UID}&limit=5000`),
  ]);
  if (search.status !== 200 || ![200, 404].includes(datasource.status)) {
    throw new Error("Grafana answers, but not what it holds");
  }
  const uids = (search.body as { uid: string }[]).map(({ uid }) => uid);
  const dashboards = await Promise.all(
    uids.map(async (uid) => {
      const { body } = await ask(`/api/dashboards/uid/${uid}`);
      return [uid, (body as { dashboard: { version: number } }).dashboard.version] as const;
    }),
  );
  return {
    datasource: datasource.status === 200 ? (datasource.body as FoundDatasource) : undefined,
    dashboards: new Map(dashboards),
  };
}

/** What is wrong with the lab's datasource. */
export function datasourceDamage(found: FoundGrafana | undefined, declared: FoundDatasource): Damage {
  if (found === undefined) {
    return undefined;
  }
  const { datasource } = found;
  if (datasource === undefined) {
    return GONE;
  }
  const keys = ["type", "url", "access", "isDefault"] as const;
  const edited = keys.find((key) => datasource[key] !== declared[key]);
  return edited === undefined ? undefined : `its ${edited} was ${JSON.stringify(datasource[edited])}`;
}
