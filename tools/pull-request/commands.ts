import { ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as path from "node:path";
import { text } from "node:stream/consumers";

/** What a command did. */
export interface Outcome {
  readonly ok: boolean;
  /** The engine's events, an event a line, without those for debugging: these hold what is secret. */
  readonly events: string;
  /** What else it printed on its standard output. */
  readonly output: string;
  /** That and what it printed on its standard error. */
  readonly messages: string;
}

const SCRIPTS = path.resolve(__dirname, "../../scripts");
const DEBUG = '"severity":"debug"';

/** Runs scripts of the lab, each in a session of its own so that an interruption reaches it once. */
export class Commands {
  private readonly running = new Set<ChildProcess>();
  private readonly interruption = new AbortController();
  /** Aborted when somebody asks for the end. */
  readonly signal = this.interruption.signal;

  constructor(private readonly env: NodeJS.ProcessEnv) {}

  /** Runs a script, or a program by its path; separates events of the Pulumi engine from its output. */
  async run(script: string, args: readonly string[], { env = {}, stdin = "" }: RunOptions = {}): Promise<Outcome> {
    const child = spawn(path.resolve(SCRIPTS, script), args, {
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...this.env, PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true", ...env },
    });
    this.running.add(child);
    child.stdin.on("error", () => undefined).end(stdin); // a command that reads nothing may have closed it
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

  /** Whether somebody asked for the end. */
  get interrupted(): boolean {
    return this.signal.aborted;
  }

  /** Lets the commands that run come to an orderly end, as Ctrl-C does. */
  interrupt(): void {
    this.interruption.abort();
    for (const { pid } of this.running) {
      try {
        if (pid !== undefined) {
          process.kill(-pid, "SIGINT");
        }
      } catch {
        // it has just ended by itself
      }
    }
  }
}

interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly stdin?: string;
}
