import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

/** A command that failed, after it said why on stderr. */
export class CommandError extends Error {}

/** A signal arrived. */
class Interrupted extends Error {
  constructor(readonly exitCode: number) {
    super("interrupted");
  }
}

export interface RunOptions {
  readonly cwd?: string;
  /** What the command reads: a text, or an open file. */
  readonly input?: string | number;
  /** Where the command writes; by default its output is returned. */
  readonly output?: number | "inherit";
  /** Discards what it prints on stderr. */
  readonly quiet?: boolean;
}

let interrupted: Interrupted | undefined;

/** Throws once for a signal, so that what cleans up after it is not interrupted as well. */
function checkInterrupted(): void {
  const signal = interrupted;
  interrupted = undefined;
  if (signal !== undefined) {
    throw signal;
  }
}

/**
 * Runs a command to its end, also if a signal arrives, and returns its output.
 *
 * @throws CommandError if it fails.
 */
export async function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { cwd, input = "", output = "pipe", quiet = false } = options;
  const stdin = typeof input === "number" ? input : "pipe";
  const child = spawn(program, args, { cwd, stdio: [stdin, output, quiet ? "ignore" : "inherit"] });
  // one that ends without reading it has a status
  child.stdin?.on("error", () => undefined).end(input);
  const failed = (why: string): CommandError => new CommandError(`${[program, ...args.slice(0, 1)].join(" ")} ${why}`);
  const ended = once(child, "close").catch((error: unknown) => {
    throw failed(`cannot be run: ${String((error as NodeJS.ErrnoException).code)}`);
  });
  const [printed] = await Promise.all([child.stdout === null ? "" : text(child.stdout), ended]);
  checkInterrupted();
  if (child.exitCode !== 0) {
    throw failed(`failed: ${child.signalCode ?? `exit code ${String(child.exitCode)}`}`);
  }
  return printed;
}

/** The output of a command; undefined if it fails, without its messages. */
export async function tryRun(program: string, args: readonly string[]): Promise<string | undefined> {
  return run(program, args, { quiet: true }).catch((error: unknown) => {
    if (error instanceof CommandError) {
      return undefined;
    }
    throw error;
  });
}

export function say(message: string): void {
  process.stderr.write(`${message}\n`);
}

/** Runs a program whose files are for their owner alone; a signal ends it after the command that runs. */
export function runProgram(program: () => Promise<void>): void {
  process.umask(0o077);
  for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 143 })) {
    process.on(signal, () => {
      interrupted = new Interrupted(code);
    });
  }
  program().catch((error: unknown) => {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = error instanceof Interrupted ? error.exitCode : 1;
  });
}
