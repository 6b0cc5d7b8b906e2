// Profiles an up from nothing, an unchanged preview and an unchanged up of a separate lab by process and resource.
// usage: profile.ts STACK FOLDER
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { PROJECT } from "../../lib/shared/assets";
import { print } from "./report";
import { interrupted, System, withSystems } from "./system";

/** A time span in seconds since the start of the command; `to` grows until the end is observed. */
interface Span {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** Events of the Pulumi engine that start or end the work on a resource. */
interface Event {
  readonly resourcePreEvent?: { readonly metadata: { readonly urn: string; readonly op: string } };
  readonly resOutputsEvent?: { readonly metadata: { readonly urn: string } };
}

const POLL_MS = 10;
/** Shorter spans are not printed. */
const MIN_SECONDS = 0.05;

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

/** Runs the CLI with JSON events and takes their time of arrival, as their own timestamps are whole seconds. */
async function profile(command: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const start = Date.now();
  const elapsed = (): number => (Date.now() - start) / 1000;
  const [processes, resources] = [new Map<string, Span>(), new Map<string, Span>()];
  const child = spawn(path.join(PROJECT, "scripts", "pulumi"), [...command, "--json"], {
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...env, PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true" },
  });
  const polling = setInterval(() => {
    for (const [key, name] of processesOf(child.pid ?? 0)) {
      processes.set(key, { name, from: processes.get(key)?.from ?? elapsed(), to: elapsed() });
    }
  }, POLL_MS);
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { resourcePreEvent, resOutputsEvent } = (line.startsWith("{") ? JSON.parse(line) : {}) as Event;
    const { urn, op } = resourcePreEvent?.metadata ?? { urn: resOutputsEvent?.metadata.urn ?? "", op: "" };
    const started = resources.get(urn);
    if (resourcePreEvent !== undefined) {
      resources.set(urn, { name: `${op} ${urn.split("::").pop() ?? ""}`, from: elapsed(), to: NaN });
    } else if (started !== undefined && Number.isNaN(started.to)) {
      resources.set(urn, { ...started, to: elapsed() });
    }
  });
  const [code] = (await once(child, "close")) as [number | null];
  clearInterval(polling);
  console.log(`\npulumi ${command.join(" ")}: ${elapsed().toFixed(2)} s${code === 0 ? "" : ", failed"}`);
  printSpans("process", processes);
  printSpans("resource", resources);
}

function printSpans(head: string, spans: ReadonlyMap<string, Span>): void {
  const shown = [...spans.values()].filter(({ from, to }) => to - from >= MIN_SECONDS);
  const rows = shown.map(({ name, from, to }) => [name, ...[from, to, to - from].map((it) => it.toFixed(2))]);
  print({ head: [head, "from", "to", "seconds"], rows });
}

/** Processes of a session by pid and name; by session, as a plugin has its own process group. */
function processesOf(session: number): readonly [key: string, name: string][] {
  const pids = fs.readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));
  return pids.flatMap((pid): [string, string][] => {
    try {
      const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
      const [, , , ofSession] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const name = Number(ofSession) === session ? describe(fs.readFileSync(`/proc/${pid}/cmdline`, "utf8")) : "";
      // a zombie has no command line; a process that executes another program counts as two
      return name === "" ? [] : [[`${pid} ${name}`, name]];
    } catch {
      return []; // the process has ended meanwhile
    }
  });
}

/** Short form of a command line: the program and its first file argument. */
function describe(commandLine: string): string {
  const [program = "", ...args] = commandLine.split("\0").filter((it) => !it.includes("\n"));
  const argument = args.find((it) => it.includes("/")) ?? args[0] ?? "";
  return `${path.basename(program)} ${path.basename(argument)}`.trim();
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
