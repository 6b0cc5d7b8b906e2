// Measures what one Prometheus needs for a growing number of machines, simulated on this one.
// usage: [NODES="1 10 100 1000"] [INTERVAL=5] [MINUTES=5] scale.ts STACK FOLDER RESULT
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as http from "node:http";
import * as path from "node:path";
import { gzipSync } from "node:zlib";
import { nodeExporterFlags } from "../../components/monitoring/nodeExporter";
import { inspectMachine } from "../../lib/docker/machine";
import { readStackFiles } from "../../lib/settings/stackFiles";
import { PROJECT } from "../../lib/shared/assets";
import { findFreePort } from "../pull-request/machine";
import { Load, LOOPBACK, measureLoad, start } from "./onePrometheus";
import { print } from "./report";
import { loadTable } from "./scaleTable";

/** Below the port range of labs of benchmarks, tests and previews. */
const FIRST_PORT = 18_000;
/** Longer than a scrape interval, so that no scrape meets a closing connection. */
const KEEP_ALIVE_MS = 60_000;
/** Excludes the short-lived interfaces of containers. */
const EXCLUDED_INTERFACES = [
  "--collector.netdev.device-exclude=^(veth|br-)",
  "--collector.netclass.ignored-devices=^(veth|br-)",
];

async function main(): Promise<void> {
  const [stack = "", folder = "", file = ""] = process.argv.slice(2);
  const { NODES = "1 10 100 1000", INTERVAL = "5", MINUTES = "5" } = process.env;
  const [sizes, interval, minutes] = [NODES.split(/\s+/).map(Number), Number(INTERVAL), Number(MINUTES)];
  if (!sizes.every((nodes) => nodes >= 1) || !(interval >= 1 && minutes >= 1)) {
    throw new Error(
      `NODES = ${NODES}, INTERVAL = ${INTERVAL}, MINUTES = ${MINUTES}: each must be a number, 1 or more; NODES may be several, with spaces between them`,
    );
  }
  const workspace = path.join(folder, "scale");
  fs.rmSync(workspace, { recursive: true, force: true });
  fs.mkdirSync(workspace, { recursive: true });
  // an exit ends the child processes
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => process.exit(1));
  }
  process.once("exit", () => {
    fs.rmSync(workspace, { recursive: true, force: true });
  });
  const { settings } = readStackFiles([path.join(PROJECT, `Pulumi.${stack}.yaml`)]);
  const exporter = `${LOOPBACK}:${String(await findFreePort())}`;
  const flags = nodeExporterFlags(settings, await inspectMachine()).filter((flag) => flag.startsWith("--collector."));
  const url = `http://${exporter}/metrics`;
  await start(
    programOf(settings.nodeExporter.image, "node_exporter", workspace),
    [`--web.listen-address=${exporter}`, ...flags, ...EXCLUDED_INTERFACES],
    url,
  );
  await serveNodes(Math.max(...sizes), url);
  const program = programOf(settings.prometheus.image, "prometheus", workspace);
  const loads: Load[] = [];
  for (const count of sizes) {
    const targets = Array.from({ length: count }, (_, index) => `${LOOPBACK}:${String(FIRST_PORT + index)}`);
    const load = await measureLoad(program, path.join(workspace, "data"), targets, interval, minutes * 60);
    loads.push(load);
    console.log(`${String(count)} nodes: ${String(load.needs.series)} series`);
  }
  fs.writeFileSync(file, `${JSON.stringify({ interval, loads }, null, 2)}\n`);
  print(loadTable(loads));
}

/** Copies a program out of an image to run it without a container; returns its path. */
function programOf(image: string, name: string, folder: string): string {
  const container = execFileSync("docker", ["create", image], { encoding: "utf8" }).trim();
  try {
    execFileSync("docker", ["cp", `${container}:/bin/${name}`, folder], { stdio: ["ignore", "ignore", "inherit"] });
  } finally {
    execFileSync("docker", ["rm", "--volumes", container], { stdio: "ignore" });
  }
  return path.join(folder, name);
}

/**
 * Serves the metrics of one real node_exporter as that many targets, refreshed every second. Identical machines do not
 * distort the result, as Prometheus compresses each series separately.
 */
async function serveNodes(count: number, exporter: string): Promise<void> {
  const read = async (): Promise<Buffer> => gzipSync(await (await fetch(exporter)).text());
  let metrics = await read();
  setInterval(() => void read().then((text) => (metrics = text)), 1000);
  // Prometheus always accepts gzip
  const headers = { "content-type": "text/plain; version=0.0.4; charset=utf-8", "content-encoding": "gzip" };
  const respond: http.RequestListener = (_, response) => response.writeHead(200, headers).end(metrics);
  const servers = Array.from({ length: count }, (_, index) =>
    http.createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, respond).listen(FIRST_PORT + index, LOOPBACK),
  );
  await Promise.all(servers.map((server) => once(server, "listening")));
}

main()
  .then(() => process.exit())
  .catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  });
