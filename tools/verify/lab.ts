import { PublishedKey } from "../../lib/settings/services";
import { seconds } from "../../lib/shared/duration";
import { signInHeaders } from "../../lib/shared/webSignIn";
import { withTimeout } from "../../lib/shared/withTimeout";

/** The outputs of a running lab, from `pulumi stack output --json --show-secrets`: each published service has its URL. */
export interface LabOutputs extends Partial<Readonly<Record<`${PublishedKey}Url`, string>>> {
  readonly labName: string;
  readonly prometheusUrl: string;
  readonly grafanaUrl: string;
  readonly flaskUrl: string;
  /** Receiver type in Alertmanager; `nobody` in a preview's lab. */
  readonly alertReceiver?: string;
  /** URLs of the remote write receivers, if there are any. */
  readonly remoteWrite?: readonly string[];
  readonly grafanaUser: string;
  readonly grafanaAdminPassword: string;
  /** Password of the programs that require one. */
  readonly webPassword?: string;
  readonly containers: readonly string[];
  /** uids of the expected dashboards in Grafana. */
  readonly dashboards: readonly string[];
  /** Prometheus duration. */
  readonly scrapeInterval: string;
  /** Seconds that a container may take to become healthy; labs of earlier versions lack it. */
  readonly startTimeout?: number;
  readonly nodeExporterNetwork: "lab" | "host";
  /** Only if Docker cannot limit the memory of containers. */
  readonly memoryLimit?: false;
  /** Docker's storage driver; only if cAdvisor cannot measure writable layers with it. */
  readonly unmeasuredStorage?: string;
  /** Only if the lab monitors a swarm. */
  readonly swarm?: {
    /** Names of the lab's Swarm services. */
    readonly services: readonly string[];
    /** `name=value` of the monitored nodes; undefined for all. */
    readonly nodeLabel?: string;
  };
}

/** Seconds that a new lab needs besides its first scrapes. */
const PATIENCE = 25;
/** A new target is scraped within one interval; the second allows for a failed scrape. */
const SCRAPES = 2;

/** Seconds for which a failed check is retried by default. */
export function patienceOf({ scrapeInterval }: Pick<LabOutputs, "scrapeInterval">): number {
  return PATIENCE + SCRAPES * seconds(scrapeInterval);
}

/** What a check observed. */
export interface Observation {
  readonly seen: string;
  /** Further details, for `--json`. */
  readonly details?: unknown;
}

/** Result of a check. */
export interface Finding extends Observation {
  readonly check: string;
  readonly ok: boolean;
  /** How to resolve a failure. */
  readonly fix?: string;
}

/** One check of a running lab. */
export interface Check {
  readonly name: string;
  /** Returns what was observed; throws a CheckError if the check fails. */
  readonly run: (lab: LabOutputs) => Promise<string | Observation>;
}

/** A failed check: the observation and how to fix it. */
export class CheckError extends Error {
  constructor(
    message: string,
    readonly fix: string,
    readonly details?: unknown,
  ) {
    super(message);
  }
}

/** Status of a response to a wrong password. */
export const REJECTED = 401;
/** The remedy for a password that Grafana, Prometheus or another program rejects. */
export const SET_PASSWORD =
  "run make up, which sets the lab's password again (after five wrong ones Grafana accepts none for five minutes)";
/** Maximum length of a shown response. */
const MAX_REASON = 200;

export interface Response {
  readonly status: number;
  readonly body: string;
  /** Cookies to set, as `name=value`. */
  readonly cookies: readonly string[];
}

/** The first response to each password, by address: Grafana blocks a user for five minutes after five wrong ones. */
const first = new Map<string, Promise<Response | undefined>>();

/** A response of one of the lab's programs. A password that was rejected is not sent again: the same response returns. */
export async function request(
  url: string,
  init: Omit<RequestInit, "signal"> = {},
  timeoutMs = 10_000,
): Promise<Response> {
  const { authorization } = (init.headers ?? {}) as Record<string, string>;
  const key = authorization === undefined ? undefined : `${new URL(url).origin} ${authorization}`;
  const known = key === undefined ? undefined : first.get(key);
  if (known !== undefined) {
    const outcome = await known;
    return outcome?.status === REJECTED ? outcome : send(url, init, timeoutMs);
  }
  const response = send(url, init, timeoutMs);
  if (key !== undefined) {
    first.set(
      key,
      response.catch(() => {
        first.delete(key); // which says nothing about the password
        return undefined;
      }),
    );
  }
  return response;
}

/** Reads the response whole: an unread one keeps its connection. */
async function send(url: string, init: Omit<RequestInit, "signal">, timeoutMs: number): Promise<Response> {
  try {
    return await withTimeout(timeoutMs, async (signal) => {
      const response = await fetch(url, { ...init, signal });
      const cookies = response.headers.getSetCookie().map((cookie) => cookie.replace(/;.*/, ""));
      return { status: response.status, body: await response.text(), cookies };
    });
  } catch (error) {
    const { message, cause } = error as Error & { cause?: Error };
    throw new Error(`${new URL(url).origin}: ${cause?.message ?? message}`);
  }
}

/** A JSON response of one of the lab's programs. */
export async function getJson<T>(url: string, headers: Record<string, string> = {}): Promise<T> {
  return readJson(url, await request(url, { headers })) as T;
}

/** The JSON of a response; an error with its text if it is not a success. */
export function readJson(url: string, { status, body }: Response): unknown {
  if (status !== 200) {
    const reason = body.trim().slice(0, MAX_REASON);
    const message = `${url} returned ${String(status)}${reason === "" ? "" : `: ${reason}`}`;
    throw status === REJECTED ? new CheckError(message, SET_PASSWORD) : new Error(message);
  }
  return JSON.parse(body);
}

/** A sample of an instant vector in Prometheus' HTTP API. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

type PrometheusAccess = Pick<LabOutputs, "prometheusUrl" | "webPassword">;

/** The data of a response of Prometheus' HTTP API. */
export async function askPrometheus<T>({ prometheusUrl, webPassword }: PrometheusAccess, path: string): Promise<T> {
  const { data } = await getJson<{ data: T }>(`${prometheusUrl}/api/v1/${path}`, signInHeaders(webPassword));
  return data;
}

/** The samples of a PromQL query, sent to Prometheus directly. */
export async function queryPrometheus(lab: PrometheusAccess, query: string): Promise<readonly Sample[]> {
  const path = `query?query=${encodeURIComponent(query)}`;
  return (await askPrometheus<{ result: readonly Sample[] }>(lab, path)).result;
}

/** Authorization header for Grafana. */
export function signIn({ grafanaUser, grafanaAdminPassword }: LabOutputs): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${grafanaUser}:${grafanaAdminPassword}`).toString("base64")}` };
}
