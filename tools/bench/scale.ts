// Measures what one Prometheus needs for more and more machines, none of which exists but this one.
// usage: [NODES="1 10 100 1000"] [INTERVAL=5] [MINUTES=5] scale.ts STACK FOLDER RESULT
import Table from "cli-table3";
import * as fs from "node:fs";
import * as path from "node:path";
import { nodeExporterFlags } from "../../components/monitoring/nodeExporter";
import { inspectMachine } from "../../lib/docker/machine";
import { Settings } from "../../lib/settings/settings";
import { readStackFiles } from "../../lib/settings/stackFiles";
import { PROJECT } from "../../lib/shared/assets";
import { findFreePort } from "../pull-request/previewLab";
import { measureBlock } from "./block";
import { LOOPBACK, serveNodes } from "./nodes";
import { Load, startPrometheus, watchLoad } from "./onePrometheus";
import { Program, programOf, start } from "./programs";
import { blockTable, loadTable } from "./scaleTable";
import { Cells } from "./table";
import { targetsOn } from "./targets";

/** Machines whose block is measured. */
const BLOCK_NODES = 10;
/** Interfaces of containers come and go with what else the machine does. */
const STEADY = ["--collector.netdev.device-exclude=^(veth|br-)", "--collector.netclass.ignored-devices=^(veth|br-)"];

async function main(): Promise<void> {
  const [stack = "", folder = "", file = ""] = process.argv.slice(2);
  const { NODES = "1 10 100 1000", INTERVAL = "5", MINUTES = "5" } = process.env;
  const [sizes, interval, minutes] = [NODES.split(/\s+/).map(Number), Number(INTERVAL), Number(MINUTES)];
  if (!sizes.every((nodes) => nodes >= 1) || !(interval >= 1 && minutes >= 1)) {
    throw new Error("NODES are numbers from 1, and INTERVAL and MINUTES are one each");
  }
  const { settings } = readStackFiles([path.join(PROJECT, `Pulumi.${stack}.yaml`)]);
  const own = path.join(folder, "scale");
  fs.rmSync(own, { recursive: true, force: true });
  fs.mkdirSync(own, { recursive: true });
  // every program ends with this one
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => process.exit(1));
  }
  process.once("exit", () => {
    fs.rmSync(own, { recursive: true, force: true });
  });
  const exporter = await startExporter(settings, own);
  const prometheus = programOf(settings.prometheus.image, "prometheus", own);
  const nodes = await serveNodes(Math.max(...sizes, BLOCK_NODES), exporter.url);
  const argsFor = async (name: string, count: number) => ({
    file: prometheus,
    folder: path.join(own, name),
    port: await findFreePort(),
    targets: targetsOn(LOOPBACK, count),
    interval,
  });
  try {
    const measuring = measureBlock(await argsFor("block", BLOCK_NODES));
    const loads: Load[] = [];
    for (const count of sizes) {
      const args = await argsFor(String(count), count);
      const program = await startPrometheus(args);
      const load = await watchLoad(program, args, minutes * 60);
      await program.end();
      fs.rmSync(args.folder, { recursive: true });
      loads.push(load);
      console.log(`${String(count)} nodes: ${String(load.needs.series)} series, ${load.needs.memory.toFixed(0)} MiB`);
    }
    const block = await measuring;
    fs.writeFileSync(file, `${JSON.stringify({ interval, answer: nodes.bytes, loads, block }, null, 2)}\n`);
    print(loadTable(loads));
    print(blockTable(block));
  } finally {
    nodes.end();
    await exporter.program.end();
  }
}

/** The node_exporter whose answers all the others give, with the lab's collectors. */
async function startExporter(settings: Settings, folder: string): Promise<{ program: Program; url: string }> {
  const port = await findFreePort();
  const url = `http://${LOOPBACK}:${String(port)}/metrics`;
  const collectors = nodeExporterFlags(settings, await inspectMachine()).filter((it) => it.startsWith("--collector."));
  const flags = [`--web.listen-address=${LOOPBACK}:${String(port)}`, ...collectors, ...STEADY];
  const file = programOf(settings.nodeExporter.image, "node_exporter", folder);
  return { program: await start(file, flags, path.join(folder, "node_exporter.log"), url), url };
}

function print({ head, rows }: Cells): void {
  const table = new Table({ head: [...head], style: { head: [], border: [] } });
  table.push(...rows.map((row) => [...row]));
  console.log(table.toString());
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  // with whatever still runs
  process.exit(1);
});
