import { signInHeaders } from "../../lib/shared/webSignIn";

/** The running lab, as `pulumi stack output --json --show-secrets` describes it. */
export interface LabOutputs {
  readonly labName: string;
  readonly prometheusUrl: string;
  readonly grafanaUrl: string;
  readonly flaskUrl: string;
  /** Only of a lab with a webhook for alerts. */
  readonly alertmanagerUrl?: string;
  /** Which receiver of Alertmanager gets them; `nobody` in a preview's lab. */
  readonly alertReceiver?: string;
  /** URLs of the receivers of remote write; only of a lab with some. */
  readonly remoteWrite?: readonly string[];
  readonly grafanaUser: string;
  readonly grafanaAdminPassword: string;
  /** Of Prometheus, Alertmanager, the Pushgateway and node_exporter, as far as they ask for one. */
  readonly webPassword?: string;
  readonly containers: readonly string[];
  /** uids of the dashboards that Grafana should hold. */
  readonly dashboards: readonly string[];
  /** Prometheus duration. */
  readonly scrapeInterval: string;
  readonly nodeExporterNetwork: "lab" | "host";
  /** Only where Docker cannot limit the memory of a container. */
  readonly memoryLimit?: false;
  /** Docker's storage driver; only where cAdvisor does not see with it what a container writes. */
  readonly unmeasuredStorage?: string;
  /** Only of a lab that watches a swarm. */
  readonly swarm?: {
    /** Names of its Swarm services. */
    readonly services: readonly string[];
    /** `name=value` of the nodes that are watched; undefined where all are. */
    readonly nodeLabel?: string;
  };
}

/** What a check saw. */
export interface Answer {
  readonly seen: string;
  /** Further details, for `--json`. */
  readonly details?: unknown;
}

/** One question that is asked of a running lab. */
export interface Check {
  readonly name: string;
  /** Answers with what was seen; throws a CheckError when that is not as it should be. */
  readonly ask: (lab: LabOutputs) => Promise<string | Answer>;
}

/** A check that failed: what was seen, and what to do about it. */
export class CheckError extends Error {
  constructor(
    message: string,
    readonly fix: string,
    readonly details?: unknown,
  ) {
    super(message);
  }
}

/** A JSON answer of one of the lab's programs. */
export async function getJson<T>(url: string, headers: Record<string, string> = {}): Promise<T> {
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(10_000) });
  if (!response.ok) {
    throw new Error(`${url} answers ${String(response.status)}`);
  }
  return (await response.json()) as T;
}

/** A sample of an instant vector, as Prometheus' HTTP API gives it. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

export interface QueryAnswer {
  readonly data: { readonly result: readonly Sample[] };
}

/** The samples of a PromQL query, asked of Prometheus itself. */
export async function queryPrometheus(lab: LabOutputs, query: string): Promise<readonly Sample[]> {
  const url = `${lab.prometheusUrl}/api/v1/query?query=${encodeURIComponent(query)}`;
  const answer = await getJson<QueryAnswer>(url, signInHeaders(lab.webPassword));
  return answer.data.result;
}

/** Header that signs in to Grafana. */
export function signIn({ grafanaUser, grafanaAdminPassword }: LabOutputs): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${grafanaUser}:${grafanaAdminPassword}`).toString("base64")}` };
}
