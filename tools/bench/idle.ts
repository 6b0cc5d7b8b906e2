import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { dockerGet } from "../../lib/docker/client";
import { containersOf } from "../../lib/settings/services";
import { LabOutputs } from "../verify/lab";
import { appsOf } from "./leftovers";
import { Interrupted, System } from "./system";

/** What a part of the running lab needs. */
export interface Need {
  readonly part: string;
  /** Share of one core. */
  readonly cpu: number;
  /** MiB. */
  readonly memory: number;
}

/** What a lab costs that nobody uses. */
export interface Idle {
  /** How long it was watched. */
  readonly seconds: number;
  readonly needs: readonly Need[];
  readonly series: number;
  readonly samplesPerSecond: number;
  /** Growth of everything that Prometheus keeps on disk; what it compacts later is less. */
  readonly bytesPerHour: number;
}

/** What was counted until a moment. */
interface Reading {
  readonly at: number;
  readonly parts: readonly { readonly part: string; readonly cpuSeconds: number; readonly memory: number }[];
  readonly series: number;
  readonly samples: number;
  readonly bytes: number;
}

/** What the engine counts of a container; the names of the memory's parts are those of cgroup 1 or 2. */
interface Stats {
  readonly cpu_stats: { readonly cpu_usage: { readonly total_usage: number } };
  readonly memory_stats: { readonly usage: number; readonly stats: Readonly<Record<string, number | undefined>> };
}

const MIB = 1024 * 1024;
/** Seconds in which the checks' requests are forgotten. */
const SETTLE = 15;
const HEAD = "prometheus_tsdb_head_series";
const SAMPLES = "prometheus_tsdb_head_samples_appended_total";
const DISK = [
  "prometheus_tsdb_wal_storage_size_bytes",
  "prometheus_tsdb_head_chunks_storage_size_bytes",
  "prometheus_tsdb_storage_blocks_bytes",
];

/** Watches a lab that is up for so many seconds. */
export async function measureIdle(system: System, seconds: number): Promise<Idle> {
  const outputs = await system.outputs();
  await pause(system, SETTLE);
  const before = await read(system, outputs);
  await pause(system, seconds);
  const after = await read(system, outputs);
  const passed = (after.at - before.at) / 1000;
  return {
    seconds: passed,
    needs: after.parts.map(({ part, cpuSeconds, memory }, index) => ({
      part,
      cpu: (cpuSeconds - (before.parts[index]?.cpuSeconds ?? NaN)) / passed,
      memory,
    })),
    series: after.series,
    samplesPerSecond: (after.samples - before.samples) / passed,
    bytesPerHour: ((after.bytes - before.bytes) / passed) * 3600,
  };
}

async function pause({ commands }: System, seconds: number): Promise<void> {
  for (let left = seconds; left > 0; left--) {
    if (commands.interrupted) {
      throw new Interrupted("interrupted");
    }
    await setTimeout(Math.min(left, 1) * 1000);
  }
}

async function read({ place }: System, outputs: LabOutputs): Promise<Reading> {
  const containers = containersOf({}).map(async (part) => {
    const stats = await dockerGet<Stats>(`/containers/${place.prefix}${part}/stats?stream=false&one-shot=true`);
    return { part, ...containerNeed(stats) };
  });
  const at = Date.now();
  const [parts, counters] = await Promise.all([Promise.all(containers), ownMetrics(outputs)]);
  return {
    at,
    parts: [...parts, { part: "flask app", ...(await appNeed(place.lab)) }],
    series: metric(counters, HEAD),
    samples: metric(counters, SAMPLES),
    bytes: DISK.reduce((sum, name) => sum + metric(counters, name), 0),
  };
}

/** CPU time and, as `docker stats` counts it, memory. */
export function containerNeed({ cpu_stats, memory_stats }: Stats): { cpuSeconds: number; memory: number } {
  const { total_inactive_file, inactive_file } = memory_stats.stats;
  return {
    cpuSeconds: cpu_stats.cpu_usage.total_usage / 1e9,
    memory: (memory_stats.usage - (total_inactive_file ?? inactive_file ?? 0)) / MIB,
  };
}

/** CPU time and resident memory of the app's process, from proc(5). */
async function appNeed(lab: string): Promise<{ cpuSeconds: number; memory: number }> {
  const [pid = ""] = await appsOf(lab);
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
  const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticks, memory: Number(kib) / 1024 };
}

/** What Prometheus says of itself now, and not at its last scrape. */
async function ownMetrics({ prometheusUrl }: LabOutputs): Promise<string> {
  const response = await fetch(`${prometheusUrl}/metrics`, { signal: AbortSignal.timeout(10_000) });
  return response.text();
}

/** Sum of a metric's samples in Prometheus' text format. */
export function metric(exposed: string, name: string): number {
  const values = exposed
    .split("\n")
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .map((line) => Number(line.slice(line.lastIndexOf(" ") + 1)));
  return values.length === 0 ? NaN : values.reduce((sum, value) => sum + value, 0);
}
