import { ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";

/** A program of an image that runs on the machine itself, without a container. */
export interface Program {
  /** The most memory that it has had resident, in MiB, from proc(5). */
  readonly peak: () => number;
  /** Ends it, and waits until it has ended. */
  readonly end: () => Promise<void>;
}

/** Copies a program out of an image, which the engine pulls where it has to; returns the file. */
export function programOf(image: string, name: string, folder: string): string {
  const file = path.join(folder, name);
  const container = execFileSync("docker", ["create", image], { encoding: "utf8" }).trim();
  try {
    execFileSync("docker", ["cp", `${container}:/bin/${name}`, file], { stdio: ["ignore", "ignore", "inherit"] });
  } finally {
    execFileSync("docker", ["rm", "--volumes", container], { stdio: "ignore" });
  }
  return file;
}

/**
 * Starts a program, which writes its log into a file beside it, and waits until it answers.
 *
 * @throws Error with the end of the log where it ends before that.
 */
export async function start(file: string, args: readonly string[], log: string, url: string): Promise<Program> {
  const output = fs.openSync(log, "w");
  const child = spawn(file, args, { stdio: ["ignore", output, output] });
  fs.closeSync(output);
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  while (!(await answers(url))) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`${path.basename(file)} has ended:\n${fs.readFileSync(log, "utf8").slice(-2000)}`);
    }
  }
  return {
    peak: () => {
      const status = fs.readFileSync(`/proc/${String(child.pid)}/status`, "utf8");
      return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]) / 1024;
    },
    end: async () => {
      await ended(child);
      process.off("exit", kill);
    },
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill();
    await once(child, "exit");
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(1000) })).ok;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 100));
    return false;
  }
}
