import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { createInterface } from "node:readline";

/** A stretch of time, in seconds from the start of the command. */
export interface Stretch {
  readonly what: string;
  readonly from: number;
  /** Undefined for what did not end by itself. */
  readonly to: number | undefined;
}

/** Where the time of a command of the engine went. */
export interface Watched {
  readonly ok: boolean;
  readonly seconds: number;
  readonly processes: readonly Stretch[];
  readonly modules: readonly Stretch[];
  readonly resources: readonly Stretch[];
}

/** What of the engine's events says when a resource was worked on. */
interface Event {
  readonly resourcePreEvent?: { readonly metadata: { readonly urn: string; readonly op: string } };
  readonly resOutputsEvent?: { readonly metadata: { readonly urn: string } };
}

interface Mark {
  readonly process: string;
  readonly module: string;
  readonly depth: number;
  /** In ms since 1970. */
  readonly at: number;
  readonly ms: number;
}

const LOOK_MS = 10;
/** The language host's way to start the program. */
const PROGRAM = "@pulumi/pulumi/cmd/run";

/** Runs the CLI with events as JSON; the events' own times are whole seconds, so when each arrives is what counts. */
export async function watch(script: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Watched> {
  const timings = path.join(env.LAB_ROOM ?? "", "marks");
  fs.rmSync(timings, { force: true });
  const start = Date.now();
  const passed = (): number => (Date.now() - start) / 1000;
  const child = spawn(script, [...args, "--json"], {
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...env,
      MARKS: timings,
      NODE_OPTIONS: `--require ${path.join(__dirname, "timings.js")}`,
      PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true",
    },
  });
  const [processes, resources] = [new Map<string, Stretch>(), new Map<string, Stretch>()];
  const looking = setInterval(() => {
    const seen = processesOf(child.pid ?? 0);
    seen.forEach((what, key) => processes.set(key, { what, from: processes.get(key)?.from ?? passed(), to: passed() }));
  }, LOOK_MS);
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { resourcePreEvent, resOutputsEvent } = readEvent(line);
    if (resourcePreEvent !== undefined) {
      const { urn, op } = resourcePreEvent.metadata;
      resources.set(urn, { what: `${op} ${urn.split("::").pop() ?? ""}`, from: passed(), to: undefined });
    }
    const begun = resources.get(resOutputsEvent?.metadata.urn ?? "");
    if (begun !== undefined && begun.to === undefined) {
      resources.set(resOutputsEvent?.metadata.urn ?? "", { ...begun, to: passed() });
    }
  });
  const [code] = (await once(child, "close")) as [number | null];
  clearInterval(looking);
  return {
    ok: code === 0,
    seconds: passed(),
    processes: [...processes.values()],
    modules: readTimings(timings, start),
    resources: [...resources.values()],
  };
}

function readEvent(line: string): Event {
  return line.startsWith("{") ? (JSON.parse(line) as Event) : {};
}

/** The program's own modules as it loads them, and those right below. */
function readTimings(file: string, start: number): readonly Stretch[] {
  const lines = fs.existsSync(file) ? fs.readFileSync(file, "utf8").trim().split("\n") : [];
  return lines
    .map((line) => JSON.parse(line) as Mark)
    .filter((mark) => mark.process.includes(PROGRAM))
    .map(({ module, depth, at, ms }) => ({
      what: `${"  ".repeat(depth)}${module.replace(/^.*\/(?=[^/]+\/[^/]+$)/, "")}`,
      from: (at - start) / 1000,
      to: (at - start + ms) / 1000,
    }))
    .sort((one, other) => one.from - other.from);
}

/** What the processes of a session are, by their number and that; a plugin has a process group of its own. */
function processesOf(session: number): ReadonlyMap<string, string> {
  const found = fs
    .readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid): [string, string][] => {
      try {
        const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
        const [, , , ofSession] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        if (Number(ofSession) !== session) {
          return [];
        }
        const what = describe(fs.readFileSync(`/proc/${pid}/cmdline`, "utf8"));
        // one that has ended and that nobody has asked about has none; one that becomes another program is two
        return what === "" ? [] : [[`${pid} ${what}`, what]];
      } catch {
        return []; // it has ended meanwhile
      }
    });
  return new Map(found);
}

/** A command line in two words: the program, and the first file that it was given. */
function describe(commandLine: string): string {
  const [program = "", ...args] = commandLine.split("\0").filter((it) => !it.includes("\n"));
  const argument = args.find((it) => it.includes("/")) ?? args[0] ?? "";
  return `${path.basename(program)} ${path.basename(argument)}`.trim();
}
