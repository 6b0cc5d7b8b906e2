// Prints where the time goes of an up from nothing, an unchanged preview and an unchanged up, in a separate lab.
// usage: profile.ts STACK FOLDER
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { PROJECT } from "../../lib/shared/assets";
import { print } from "./report";
import { interrupted, System, withSystems } from "./system";

/** In seconds since the start of the command; `to` grows until the end is observed. */
interface Stretch {
  readonly what: string;
  readonly from: number;
  readonly to: number;
}

/** Events of the Pulumi engine that start or end the work on a resource. */
interface Event {
  readonly resourcePreEvent?: { readonly metadata: { readonly urn: string; readonly op: string } };
  readonly resOutputsEvent?: { readonly metadata: { readonly urn: string } };
}

const LOOK_MS = 10;
/** Shorter stretches are not printed. */
const LEAST_SECONDS = 0.05;

async function main(): Promise<void> {
  const [stack = "", folder = ""] = process.argv.slice(2);
  const lab = await System.create("lab", "bench-profile-", folder, stack);
  await withSystems([lab], async () => {
    await lab.prepare();
    for (const command of [["up", "--yes", "--skip-preview"], ["preview"], ["up", "--yes", "--skip-preview"]]) {
      interrupted.throwIfAborted();
      await profile(command, lab.env);
    }
  });
}

/** Runs the CLI with JSON events; their own times are whole seconds, so the time of arrival counts. */
async function profile(command: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const start = Date.now();
  const passed = (): number => (Date.now() - start) / 1000;
  const [processes, resources] = [new Map<string, Stretch>(), new Map<string, Stretch>()];
  const child = spawn(path.join(PROJECT, "scripts", "pulumi"), [...command, "--json"], {
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...env, PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true" },
  });
  const looking = setInterval(() => {
    for (const [key, what] of processesOf(child.pid ?? 0)) {
      processes.set(key, { what, from: processes.get(key)?.from ?? passed(), to: passed() });
    }
  }, LOOK_MS);
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { resourcePreEvent, resOutputsEvent } = (line.startsWith("{") ? JSON.parse(line) : {}) as Event;
    const { urn, op } = resourcePreEvent?.metadata ?? { urn: resOutputsEvent?.metadata.urn ?? "", op: "" };
    const begun = resources.get(urn);
    if (resourcePreEvent !== undefined) {
      resources.set(urn, { what: `${op} ${urn.split("::").pop() ?? ""}`, from: passed(), to: NaN });
    } else if (begun !== undefined && Number.isNaN(begun.to)) {
      resources.set(urn, { ...begun, to: passed() });
    }
  });
  const [code] = (await once(child, "close")) as [number | null];
  clearInterval(looking);
  console.log(`\npulumi ${command.join(" ")}: ${passed().toFixed(2)} s${code === 0 ? "" : ", failed"}`);
  printStretches("process", processes);
  printStretches("resource", resources);
}

function printStretches(head: string, stretches: ReadonlyMap<string, Stretch>): void {
  const shown = [...stretches.values()].filter(({ from, to }) => to - from >= LEAST_SECONDS);
  const rows = shown.map(({ what, from, to }) => [what, ...[from, to, to - from].map((it) => it.toFixed(2))]);
  print({ head: [head, "from", "to", "seconds"], rows });
}

/** Processes of a session with a description; the key also has the pid. A plugin has its own process group. */
function processesOf(session: number): readonly [key: string, what: string][] {
  const pids = fs.readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));
  return pids.flatMap((pid): [string, string][] => {
    try {
      const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
      const [, , , ofSession] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const what = Number(ofSession) === session ? describe(fs.readFileSync(`/proc/${pid}/cmdline`, "utf8")) : "";
      // a zombie has no command line; a process that executes another program counts as two
      return what === "" ? [] : [[`${pid} ${what}`, what]];
    } catch {
      return []; // the process has ended meanwhile
    }
  });
}

/** A command line in two words: the program and its first file argument. */
function describe(commandLine: string): string {
  const [program = "", ...args] = commandLine.split("\0").filter((it) => !it.includes("\n"));
  const argument = args.find((it) => it.includes("/")) ?? args[0] ?? "";
  return `${path.basename(program)} ${path.basename(argument)}`.trim();
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
