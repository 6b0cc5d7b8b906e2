import { signInHeaders } from "../../../lib/shared/webSignIn";
import { LabOutputs } from "../../verify/lab";
import { limiter } from "../../verify/panels/limit";

/** Concurrent queries: few enough for a small machine. */
const MAX_CONCURRENT = 8;
const TIMEOUT_MS = 10_000;

/** Prometheus rejects a query or cannot evaluate it; the message is Prometheus' own. */
export class QueryError extends Error {}

/** Calls a path of Prometheus' HTTP API below `/api/v1/`; throws a QueryError for an error response. */
export type PrometheusApi = <T>(path: string, parameters?: Readonly<Record<string, string>>) => Promise<T>;

/** The API of a running lab. */
export function prometheusApi(lab: Pick<LabOutputs, "prometheusUrl" | "webPassword">): PrometheusApi {
  const limit = limiter(MAX_CONCURRENT);
  return (path, parameters = {}) =>
    limit(async () => {
      const url = `${lab.prometheusUrl}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`;
      const init = { headers: signInHeaders(lab.webPassword), signal: AbortSignal.timeout(TIMEOUT_MS) };
      const response = await fetch(url, init).catch(timedOut);
      const content = (await response.json().catch(() => ({}))) as { data?: unknown; error?: string };
      if (content.data === undefined) {
        const reason = content.error ?? `Prometheus returned ${String(response.status)} to ${path}`;
        // without the name of the request's own parameter
        throw new QueryError(reason.replace(/^invalid parameter "query": /, ""));
      }
      return content.data as never;
    });
}

/** A timeout counts as a failed evaluation. */
function timedOut(error: unknown): never {
  if (error instanceof DOMException && error.name === "TimeoutError") {
    throw new QueryError(`no response within ${String(TIMEOUT_MS / 1000)} s`);
  }
  throw error;
}
