import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

/** A command failed; its stderr has the reason. */
export class CommandError extends Error {}

/** A signal arrived. */
class Interrupted extends Error {
  constructor(readonly exitCode: number) {
    super("interrupted");
  }
}

export interface RunOptions {
  readonly cwd?: string;
  /** Standard input: a text or an open file. */
  readonly input?: string | number;
  /** Where standard output goes; returned by default. */
  readonly output?: number | "inherit";
  /** Discards stderr. */
  readonly quiet?: boolean;
}

let interrupted: Interrupted | undefined;
let deferred = false;

/** Throws once per signal, so that the cleanup after it is not interrupted. */
function checkInterrupted(): void {
  if (deferred) {
    return;
  }
  const signal = interrupted;
  interrupted = undefined;
  if (signal !== undefined) {
    throw signal;
  }
}

/**
 * Runs a command and returns its output; a signal does not end it early.
 *
 * @throws CommandError if it fails.
 */
export async function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { cwd, input = "", output = "pipe", quiet = false } = options;
  const stdin = typeof input === "number" ? input : "pipe";
  // Ctrl-C would end Docker's client, but not its request: a container would be started before it has stopped
  const detached = program === "docker";
  const child = spawn(program, args, { cwd, detached, stdio: [stdin, output, quiet ? "ignore" : "inherit"] });
  // EPIPE: a command that ends without reading its input is judged by its exit code
  child.stdin?.on("error", () => undefined).end(input);
  const failed = (reason: string): CommandError =>
    new CommandError(`${[program, ...args.slice(0, 1)].join(" ")} ${reason}`);
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

/** Runs a task to its end; a signal during it is thrown afterwards. */
export async function uninterrupted(task: () => Promise<void>): Promise<void> {
  deferred = true;
  await task().finally(() => {
    deferred = false;
  });
  checkInterrupted();
}

/** The output of a command; undefined if it fails. Discards stderr. */
export async function tryRun(program: string, args: readonly string[]): Promise<string | undefined> {
  return run(program, args, { quiet: true }).catch((error: unknown) => {
    if (error instanceof CommandError) {
      return undefined;
    }
    throw error;
  });
}

export function log(message: string): void {
  process.stderr.write(`${message}\n`);
}

/** Runs a program with umask 077; a signal ends it after the current command. */
export function runProgram(program: () => Promise<void>): void {
  process.umask(0o077);
  for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 143 })) {
    process.on(signal, () => {
      interrupted = new Interrupted(code);
    });
  }
  program().catch((error: unknown) => {
    log(error instanceof Error ? error.message : String(error));
    process.exitCode = error instanceof Interrupted ? error.exitCode : 1;
  });
}
