// Prints where the time of an up from nothing, of an unchanged preview and of an unchanged up goes, in a lab of its own.
// usage: profile.ts STACK FOLDER
import Table from "cli-table3";
import * as path from "node:path";
import { inspectMachine } from "../../lib/docker/machine";
import { PROJECT } from "../../lib/shared/assets";
import { pulumiLab } from "./pulumiLab";
import { removeAll } from "./removal";
import { benchEnvironment } from "./system";
import { Stretch, watch } from "./watch";
import { findWorkspace, PLAIN } from "./workspace";

/** Shorter ones are not printed. */
const LEAST_SECONDS = 0.05;

async function main(): Promise<void> {
  const [stack = "", folder = ""] = process.argv.slice(2);
  const place = await findWorkspace(folder, "bench-profile-", stack, await inspectMachine());
  const lab = pulumiLab(place);
  const env = { ...benchEnvironment(place), LAB_ROOM: path.join(place.folder, "room"), STACK: stack };
  const pulumi = path.join(PROJECT, "scripts", "pulumi");
  try {
    await removeAll([lab]);
    await lab.prepare(PLAIN);
    for (const command of [["up", "--yes", "--skip-preview"], ["preview"], ["up", "--yes", "--skip-preview"]]) {
      const { ok, seconds, processes, modules, resources } = await watch(pulumi, command, env);
      console.log(`\npulumi ${command.join(" ")}: ${seconds.toFixed(2)} s${ok ? "" : ", failed"}`);
      print("process", processes);
      print("module of the program", modules);
      print("resource", resources);
    }
  } finally {
    await removeAll([lab]);
  }
}

function print(what: string, stretches: readonly Stretch[]): void {
  const table = new Table({ head: [what, "from", "to", "seconds"], style: { head: [], border: [], compact: true } });
  const shown = stretches.filter(({ from, to = from }) => to - from >= LEAST_SECONDS);
  table.push(
    ...shown.map(({ what: name, from, to = from }) => [name, from.toFixed(2), to.toFixed(2), (to - from).toFixed(2)]),
  );
  console.log(table.toString());
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
