import { ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout } from "node:timers/promises";
import { stringify } from "yaml";
import { alertRules } from "../../lib/shared/alertRules";
import { findFreePort } from "../pull-request/machine";
import { queryPrometheus } from "../verify/lab";
import { MIB } from "./idle";
import { isUp, until } from "./poll";

/** Resource usage of one Prometheus for a number of targets, and whether it kept up. */
export interface Load {
  readonly nodes: number;
  /** Values that grow with the number of targets, by column heading. */
  readonly needs: Readonly<Record<string, number>>;
  /** The other columns: whether it kept up, and the size of a block. */
  readonly rest: Readonly<Record<string, string>>;
}

/** Address of all processes of this measurement. */
export const LOOPBACK = "127.0.0.1";
/** Time until all series exist and the garbage of the start is collected. */
const WARM_UP_MS = 60_000;

/** Starts a program that ends with this process, and waits until it responds. */
export async function start(file: string, args: readonly string[], url: string): Promise<ChildProcess> {
  const log = fs.openSync(`${file}.log`, "w");
  const child = spawn(file, args, { stdio: ["ignore", log, log] });
  process.once("exit", () => child.kill("SIGKILL"));
  const ended = new AbortController();
  child.once("exit", () => {
    ended.abort(new Error(`${path.basename(file)} has ended:\n${fs.readFileSync(`${file}.log`, "utf8").slice(-2000)}`));
  });
  await until(file, () => isUp(url), ended.signal);
  return child;
}

/** Measures a Prometheus with the lab's alert rules and these targets for that many seconds. */
export async function measureLoad(
  program: string,
  folder: string,
  targets: readonly string[],
  interval: number,
  seconds: number,
): Promise<Load> {
  const config = {
    global: { scrape_interval: `${String(interval)}s`, evaluation_interval: `${String(interval)}s` },
    rule_files: ["*.rules.yml"],
    scrape_configs: [{ job_name: "linux_host", static_configs: [{ targets }] }],
  };
  fs.mkdirSync(folder);
  for (const { file, content } of [{ file: "prometheus.yml", content: stringify(config) }, ...alertRules()]) {
    fs.writeFileSync(path.join(folder, file), content);
  }
  const address = `${LOOPBACK}:${String(await findFreePort())}`;
  const url = `http://${address}`;
  const flags = [
    `--config.file=${path.join(folder, "prometheus.yml")}`,
    `--storage.tsdb.path=${path.join(folder, "data")}`,
    `--web.listen-address=${address}`,
    "--web.enable-admin-api",
  ];
  const child = await start(program, flags, `${url}/-/ready`);
  await setTimeout(WARM_UP_MS);
  const readMetrics = async (): Promise<string> => (await fetch(`${url}/metrics`)).text();
  const [begin, before] = [Date.now(), await readMetrics()];
  await setTimeout(seconds * 1000);
  const [elapsed, after] = [(Date.now() - begin) / 1000, await readMetrics()];
  const status = fs.readFileSync(`/proc/${String(child.pid)}/status`, "utf8");
  const growth = (name: string): number => (metric(after, name) - metric(before, name)) / elapsed;
  const evaluate = async (query: string): Promise<number> =>
    Number((await queryPrometheus({ prometheusUrl: url }, query))[0]?.value[1]);
  const scrapeMs = async (quantile: number): Promise<string> =>
    ((await evaluate(`quantile(${String(quantile)}, scrape_duration_seconds)`)) * 1000).toFixed(0);
  const late = `prometheus_target_interval_length_seconds{interval="${String(interval)}s",quantile="0.99"}`;
  const load = {
    nodes: targets.length,
    needs: {
      series: metric(after, "prometheus_tsdb_head_series"),
      "samples/s": growth("prometheus_tsdb_head_samples_appended_total"),
      "% of one core": growth("process_cpu_seconds_total") * 100,
      "MiB resident": metric(after, "process_resident_memory_bytes") / MIB,
      "MiB at most": Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]) / 1024,
      "log, MiB/h": (growth("prometheus_tsdb_wal_storage_size_bytes") * 3600) / MIB,
    },
    rest: {
      "scrape, ms (p99)": `${await scrapeMs(0.5)} (${await scrapeMs(0.99)})`,
      "interval, s (p99)": metric(after, late).toFixed(2),
      down: String(targets.length - (await evaluate("sum(up)"))),
      ...(await blockSize(url, folder)),
    },
  };
  child.kill();
  await once(child, "exit");
  fs.rmSync(folder, { recursive: true });
  return load;
}

/** Size of samples and labels in a block of all scraped data. */
async function blockSize(url: string, folder: string): Promise<Record<string, string>> {
  const response = await fetch(`${url}/api/v1/admin/tsdb/snapshot`, { method: "POST" });
  const { data } = (await response.json()) as { data: { name: string } };
  const snapshot = path.join(folder, "data", "snapshots", data.name);
  const block = path.join(snapshot, fs.readdirSync(snapshot)[0] ?? "");
  const meta = fs.readFileSync(path.join(block, "meta.json"), "utf8");
  const { stats } = JSON.parse(meta) as { stats: { numSeries: number; numSamples: number } };
  const chunks = fs.readdirSync(path.join(block, "chunks")).map((name) => path.join(block, "chunks", name));
  const bytes = chunks.reduce((sum, file) => sum + fs.statSync(file).size, 0);
  return {
    "block, B/sample": (bytes / stats.numSamples).toFixed(2),
    "index, B/series": (fs.statSync(path.join(block, "index")).size / stats.numSeries).toFixed(0),
  };
}

/** Sum of a metric's samples, in Prometheus' text format. */
export function metric(exposed: string, name: string): number {
  const values = exposed
    .split("\n")
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .map((line) => Number(line.slice(line.lastIndexOf(" ") + 1)));
  return values.length === 0 ? NaN : values.reduce((sum, value) => sum + value, 0);
}
