import { setTimeout } from "node:timers/promises";
import { dockerGet } from "../../lib/docker/client";
import { Workspace } from "./workspace";

/** Path that each program answers once it works, by the setting of its port. */
const HEALTH = [
  ["prometheus", "prometheusPort", "/-/ready"],
  ["grafana", "grafanaPort", "/api/health"],
  ["node_exporter", "nodeExporterPort", "/"],
  ["cadvisor", "cadvisorPort", "/healthz"],
  ["pushgateway", "pushgatewayPort", "/-/ready"],
] as const;
const PAUSE_MS = 50;

/** How long a container's program took from its start until it answered. */
export interface Start {
  readonly container: string;
  readonly seconds: number;
}

/** Watches a lab start, and reports the container with the slowest start. */
export async function slowestStart({ prefix, settings }: Workspace, signal: AbortSignal): Promise<Start | undefined> {
  const starts = await Promise.all(
    HEALTH.map(async ([container, port, path]): Promise<Start> => {
      const answered = await firstAnswer(`http://127.0.0.1:${String(settings[port])}${path}`, signal);
      const { State } = await dockerGet<{ State: { StartedAt: string } }>(`/containers/${prefix}${container}/json`);
      return { container, seconds: (answered - Date.parse(State.StartedAt)) / 1000 };
    }),
  ).catch(() => []); // the watched `up` reports its error
  return starts.sort((one, other) => other.seconds - one.seconds)[0];
}

async function firstAnswer(url: string, signal: AbortSignal): Promise<number> {
  for (;;) {
    try {
      const answer = await fetch(url, { signal });
      await answer.arrayBuffer();
      if (answer.ok) {
        return Date.now();
      }
    } catch {
      signal.throwIfAborted(); // else it does not listen yet
    }
    await setTimeout(PAUSE_MS);
  }
}
