import { signInHeaders } from "../../../lib/shared/webSignIn";
import { LabOutputs } from "../../verify/lab";
import { limiter } from "../../verify/panels/limit";

/** Queries at a time: enough to be quick, few enough for a small machine. */
const AT_A_TIME = 8;
const TIMEOUT_MS = 10_000;
const TAKES_POST = new Set(["query", "query_range", "parse_query", "series"]);

/** Prometheus refuses a query, or cannot evaluate it; the message is Prometheus' own. */
export class QueryError extends Error {}

/** Asks a path of Prometheus' HTTP API, below `/api/v1/`; throws a QueryError for what Prometheus answers as an error. */
export type PrometheusApi = <T>(path: string, parameters?: Readonly<Record<string, string>>) => Promise<T>;

/** The API of a running lab. */
export function prometheusApi(lab: Pick<LabOutputs, "prometheusUrl" | "webPassword">): PrometheusApi {
  const limit = limiter(AT_A_TIME);
  return (path, parameters = {}) =>
    limit(async () => {
      const body = new URLSearchParams(parameters);
      // as a rule may be longer than an address
      const post = TAKES_POST.has(path);
      const answer = await fetch(`${lab.prometheusUrl}/api/v1/${path}${post ? "" : `?${body.toString()}`}`, {
        headers: signInHeaders(lab.webPassword),
        ...(post ? { method: "POST", body } : {}),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      }).catch(timedOut);
      const content = (await answer.json().catch(() => ({}))) as { data?: unknown; error?: string };
      if (content.data === undefined) {
        throw new QueryError(plain(content.error ?? `Prometheus answers ${String(answer.status)} to ${path}`));
      }
      return content.data as never;
    });
}

/** Without the name of our own parameter. */
function plain(error: string): string {
  return error.replace(/^invalid parameter "query": /, "");
}

/** A query that takes too long is one that Prometheus cannot evaluate. */
function timedOut(error: unknown): never {
  if (error instanceof DOMException && error.name === "TimeoutError") {
    throw new QueryError(`no answer within ${String(TIMEOUT_MS / 1000)} s`);
  }
  throw error;
}
