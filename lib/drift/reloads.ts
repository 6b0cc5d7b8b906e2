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

/** What a program's own metrics say of its files. */
export interface Reload {
  /** Whether it accepted its files when it last read them. */
  readonly successful: boolean;
  /** When it last accepted them, in seconds since the epoch. */
  readonly at: number;
}

const TIMEOUT_MS = 5_000;

/**
 * Reads a program's metrics about its last reload.
 *
 * @param url URL of the program.
 * @param password Undefined where it asks for none.
 * @throws Error for a program that does not answer, or that has no such metrics.
 */
export async function readReload(url: string, metrics: string, password?: string): Promise<Reload> {
  const text = await withTimeout(TIMEOUT_MS, async (signal) => {
    const response = await fetch(`${url}/metrics`, { headers: signInHeaders(password), signal });
    return response.ok
      ? response.text()
      : Promise.reject(new Error(`${url}/metrics answers ${String(response.status)}`));
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

/** What is wrong with what a program has loaded, given that its files are as they were written. */
export function loadedDrift(reload: Reload, { files }: Pick<FoundContainer, "files">): Drift {
  if (!reload.successful) {
    return "it rejected its files and kept the previous ones";
  }
  // not by which is later: clocks are set
  const notLoaded = files !== undefined && loadedBefore(files) === reload.at;
  return notLoaded ? "it has not loaded its files" : undefined;
}
