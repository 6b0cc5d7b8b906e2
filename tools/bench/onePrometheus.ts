import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout } from "node:timers/promises";
import { stringify } from "yaml";
import { alertRules } from "../../lib/shared/alertRules";
import { getJson, QueryAnswer } from "../verify/lab";
import { metric } from "./idle";
import { Program, start } from "./programs";

export interface OnePrometheusArgs {
  /** File of the program. */
  readonly file: string;
  /** For all that it writes; emptied first. */
  readonly folder: string;
  readonly port: number;
  /** `host:port` of each. */
  readonly targets: readonly string[];
  /** Seconds between two scrapes of a target. */
  readonly interval: number;
  /** Flags besides. */
  readonly flags?: readonly string[];
}

/** What grows with the number of targets. */
export interface Needs {
  readonly series: number;
  readonly samplesPerSecond: number;
  /** Share of one core. */
  readonly cpu: number;
  /** Resident at the end, in MiB. */
  readonly memory: number;
  /** The most that was resident since the start, in MiB. */
  readonly peakMemory: number;
  /** MiB that the write-ahead log grows by in an hour. */
  readonly logPerHour: number;
}

/** What one Prometheus needed for its targets, and how it kept up with them. */
export interface Load {
  readonly nodes: number;
  /** How long it was watched, in seconds. */
  readonly seconds: number;
  readonly needs: Needs;
  /** Seconds that a scrape took: median, and 99 of 100 took less. */
  readonly scrape: { readonly median: number; readonly p99: number };
  /** Seconds between two scrapes of a target: of 100, 99 were less. */
  readonly intervalP99: number;
  /** Targets whose last scrape failed. */
  readonly down: number;
}

const MIB = 1024 * 1024;
/** Seconds until it is watched: all series are there, and the garbage of the start is collected. */
const WARM_UP = 60;
const SAMPLES = "prometheus_tsdb_head_samples_appended_total";
const LOG = "prometheus_tsdb_wal_storage_size_bytes";
const CPU = "process_cpu_seconds_total";

/** A Prometheus with the lab's alert rules that scrapes nothing but these targets. */
export async function startPrometheus(args: OnePrometheusArgs): Promise<Program> {
  const { folder, port, targets, interval } = args;
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  const config = {
    global: { scrape_interval: `${String(interval)}s`, evaluation_interval: `${String(interval)}s` },
    rule_files: ["*.rules.yml"],
    scrape_configs: [{ job_name: "linux_host", static_configs: [{ targets }] }],
  };
  for (const { file, content } of [{ file: "prometheus.yml", content: stringify(config) }, ...alertRules()]) {
    fs.writeFileSync(path.join(folder, file), content);
  }
  const flags = [
    `--config.file=${path.join(folder, "prometheus.yml")}`,
    `--storage.tsdb.path=${path.join(folder, "data")}`,
    `--web.listen-address=127.0.0.1:${String(port)}`,
    ...(args.flags ?? []),
  ];
  return start(args.file, flags, path.join(folder, "log"), `${urlOf(port)}/-/ready`);
}

/** What it needs, watched for so many seconds. */
export async function watchLoad(
  program: Program,
  { port, targets, interval }: OnePrometheusArgs,
  seconds: number,
): Promise<Load> {
  await setTimeout(WARM_UP * 1000);
  const [start, before] = [Date.now(), await ownMetrics(port)];
  await setTimeout(seconds * 1000);
  const [passed, after] = [(Date.now() - start) / 1000, await ownMetrics(port)];
  const growth = (name: string): number => (metric(after, name) - metric(before, name)) / passed;
  const ask = (query: string): Promise<number> => askValue(port, query);
  return {
    nodes: targets.length,
    seconds: passed,
    needs: {
      series: metric(after, "prometheus_tsdb_head_series"),
      samplesPerSecond: growth(SAMPLES),
      cpu: growth(CPU),
      memory: metric(after, "process_resident_memory_bytes") / MIB,
      peakMemory: program.peak(),
      logPerHour: (growth(LOG) * 3600) / MIB,
    },
    scrape: {
      median: await ask("quantile(0.5, scrape_duration_seconds)"),
      p99: await ask("quantile(0.99, scrape_duration_seconds)"),
    },
    intervalP99: metric(
      after,
      `prometheus_target_interval_length_seconds{interval="${String(interval)}s",quantile="0.99"}`,
    ),
    down: targets.length - (await ask("sum(up)")),
  };
}

function urlOf(port: number): string {
  return `http://127.0.0.1:${String(port)}`;
}

async function ownMetrics(port: number): Promise<string> {
  return (await fetch(`${urlOf(port)}/metrics`)).text();
}

async function askValue(port: number, query: string): Promise<number> {
  const url = `${urlOf(port)}/api/v1/query?query=${encodeURIComponent(query)}`;
  return Number((await getJson<QueryAnswer>(url)).data.result[0]?.value[1]);
}
