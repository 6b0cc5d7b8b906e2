import { ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as path from "node:path";
import { text } from "node:stream/consumers";

/** Result of a command. */
export interface Outcome {
  readonly ok: boolean;
  /** The Pulumi engine's events, one per line, without debug events: those contain secrets. */
  readonly events: string;
  /** The rest of its stdout. */
  readonly output: string;
  /** `output` and its stderr. */
  readonly messages: string;
}

const SCRIPTS = path.resolve(__dirname, "../../scripts");
const DEBUG = '"severity":"debug"';

/** Runs scripts of the lab, each in its own session, so that an interruption reaches it only once. */
export class Commands {
  private readonly running = new Set<ChildProcess>();
  private readonly interruption = new AbortController();
  /** Aborted when the user interrupts. */
  readonly signal = this.interruption.signal;

  constructor(private readonly env: NodeJS.ProcessEnv) {}

  /** Runs a script, or a program by its path; separates the Pulumi engine's events from other output. */
  async run(script: string, args: readonly string[], { env = {}, stdin = "" }: RunOptions = {}): Promise<Outcome> {
    const child = spawn(path.resolve(SCRIPTS, script), args, {
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...this.env, PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true", ...env },
    });
    this.running.add(child);
    child.stdin.on("error", () => undefined).end(stdin); // EPIPE: a command that reads nothing may have closed its stdin
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "close") as Promise<[number | null]>,
    ]);
    this.running.delete(child);
    const lines = stdout.split("\n");
    const isEvent = (line: string): boolean => line.startsWith('{"sequence":');
    const output = lines.filter((line) => !isEvent(line)).join("\n");
    return {
      ok: code === 0,
      events: lines.filter((line) => isEvent(line) && !line.includes(DEBUG)).join("\n"),
      output,
      messages: output + stderr,
    };
  }

  /** Interrupts the running commands at Ctrl-C or SIGTERM, with this message. */
  interruptOnSignals(message: string): void {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.on(signal, () => {
        console.error(message);
        this.interrupt();
      });
    }
  }

  /** Interrupts the running commands as Ctrl-C does; they end in order. */
  interrupt(): void {
    this.interruption.abort();
    for (const { pid } of this.running) {
      try {
        if (pid !== undefined) {
          process.kill(-pid, "SIGINT");
        }
      } catch {
        // it ended just before
      }
    }
  }
}

interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly stdin?: string;
}
