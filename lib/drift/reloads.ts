import { signInHeaders } from "../shared/webSignIn";
import { withTimeout } from "../shared/withTimeout";
import { FoundContainer } from "./containers";
import { Drift } from "./drift";
import { loadedBefore } from "./files";

/** Prefix of the metrics about the last reload, by program. */
export const RELOAD_METRICS = {
  prometheus: "prometheus_config_last_reload",
  alertmanager: "alertmanager_config_last_reload",
} as const;

/** The last reload according to a program's metrics. */
export interface Reload {
  /** Whether the last reload succeeded. */
  readonly successful: boolean;
  /** Time of the last successful reload, in seconds since the epoch. */
  readonly at: number;
}

const TIMEOUT_MS = 5_000;

/**
 * Reads a program's metrics about its last reload.
 *
 * @param url URL of the program.
 * @param password Undefined if it requires none.
 * @throws Error if the program does not respond, or has no such metrics.
 */
export async function readReload(url: string, metrics: string, password?: string): Promise<Reload> {
  const text = await withTimeout(TIMEOUT_MS, async (signal) => {
    const response = await fetch(`${url}/metrics`, { headers: signInHeaders(password), signal });
    return response.ok
      ? response.text()
      : Promise.reject(new Error(`${url}/metrics returned ${String(response.status)}`));
  });
  const value = (metric: string): number => {
    const sample = text.split("\n").find((line) => line.startsWith(`${metric} `));
    if (sample === undefined) {
      throw new Error(`${url}/metrics has no ${metric}`);
    }
    return Number(sample.slice(metric.length));
  };
  return { successful: value(`${metrics}_successful`) === 1, at: value(`${metrics}_success_timestamp_seconds`) };
}

/** Drift of a program's loaded files, given that the files themselves are unchanged. */
export function loadedDrift(reload: Reload, { files }: Pick<FoundContainer, "files">): Drift {
  if (!reload.successful) {
    return "it rejected its files and kept the previous ones";
  }
  // equality rather than order, as clocks may be adjusted
  const notLoaded = files !== undefined && loadedBefore(files) === reload.at;
  return notLoaded ? "it has not loaded its files" : undefined;
}
