import { setTimeout } from "node:timers/promises";
import { containersOf } from "../../lib/settings/services";
import { queryPrometheus } from "../verify/lab";
import { interrupted, System } from "./system";

/** Resource usage of an idle lab. */
export interface Idle {
  /** Length of the measurement. */
  readonly seconds: number;
  /** By part: CPU as a share of one core, memory in MiB. */
  readonly needs: readonly { readonly part: string; readonly cpu: number; readonly memory: number }[];
  readonly series: number;
  readonly samplesPerSecond: number;
  /** Growth of Prometheus' data folder; compaction later reduces it. */
  readonly bytesPerHour: number;
}

export const MIB = 1024 * 1024;
/** Time for the effects of the checks' requests to fade. */
const SETTLE_SECONDS = 15;
const APP = "flask app";
const DISK = '{__name__=~"prometheus_tsdb_(wal_storage_size|head_chunks_storage_size|storage_blocks)_bytes"}';

/** Measures a running lab with its own Prometheus, over a window of that many seconds. */
export async function measureIdle(system: System, seconds: number): Promise<Idle> {
  const outputs = await system.outputs();
  await setTimeout((SETTLE_SECONDS + seconds) * 1000, undefined, { signal: interrupted }).catch(() => {
    interrupted.throwIfAborted();
  });
  const queryByName = async (query: string): Promise<ReadonlyMap<string, number>> => {
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
    ].map(queryByName),
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
