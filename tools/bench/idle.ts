import { setTimeout } from "node:timers/promises";
import { containersOf } from "../../lib/settings/services";
import { queryPrometheus } from "../verify/lab";
import { interrupted, System } from "./system";

/** What a lab costs that nobody uses. */
export interface Idle {
  /** How long it was watched. */
  readonly seconds: number;
  /** Of each part: the share of one core, and MiB. */
  readonly needs: readonly { readonly part: string; readonly cpu: number; readonly memory: number }[];
  readonly series: number;
  readonly samplesPerSecond: number;
  /** Growth of everything that Prometheus keeps on disk; what it compacts later is less. */
  readonly bytesPerHour: number;
}

export const MIB = 1024 * 1024;
/** Seconds in which the checks' requests are forgotten. */
const SETTLE = 15;
const APP = "flask app";
const DISK = '{__name__=~"prometheus_tsdb_(wal_storage_size|head_chunks_storage_size|storage_blocks)_bytes"}';

/** Watches a lab that is up for so many seconds; its own Prometheus measures. */
export async function measureIdle(system: System, seconds: number): Promise<Idle> {
  const outputs = await system.outputs();
  await setTimeout((SETTLE + seconds) * 1000, undefined, { signal: interrupted });
  const ask = async (query: string): Promise<ReadonlyMap<string, number>> => {
    const samples = await queryPrometheus(outputs, query);
    return new Map(samples.map(({ metric, value }) => [metric.name ?? APP, Number(value[1])]));
  };
  const names = `{name=~"${system.prefix}.+"}`;
  const window = `[${String(seconds)}s]`;
  const [cpu, memory, ...own] = await Promise.all(
    [
      `sum by (name) (rate(container_cpu_usage_seconds_total${names}${window})) or rate(process_cpu_seconds_total{job="flask_app"}${window})`,
      `container_memory_working_set_bytes${names} or process_resident_memory_bytes{job="flask_app"}`,
      "prometheus_tsdb_head_series",
      `sum(rate(prometheus_tsdb_head_samples_appended_total${window}))`,
      `(sum(${DISK}) - sum(${DISK} offset ${String(seconds)}s)) / ${String(seconds)}`,
    ].map(ask),
  );
  const [series = NaN, samplesPerSecond = NaN, bytesPerSecond = NaN] = own.map((it) => it.get(APP) ?? NaN);
  const needOf = (part: string, key: string): Idle["needs"][number] => ({
    part,
    cpu: cpu?.get(key) ?? NaN,
    memory: (memory?.get(key) ?? NaN) / MIB,
  });
  return {
    seconds,
    needs: [...containersOf({}).map((part) => needOf(part, `${system.prefix}${part}`)), needOf(APP, APP)],
    series,
    samplesPerSecond,
    bytesPerHour: bytesPerSecond * 3600,
  };
}
