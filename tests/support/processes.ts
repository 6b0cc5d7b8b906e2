import { ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { docker, inspect } from "./harness";
import { UserLab } from "./userLab";

/** Kills a command and everything that it started, like a power failure: no process can clean up. */
export function killSession({ pid }: ChildProcess): void {
  const ofSession = (): number[] =>
    fs
      .readdirSync("/proc")
      .filter((entry) => /^\d+$/.test(entry) && sessionOf(entry) === pid)
      .map(Number);
  for (let left = ofSession(); left.length > 0; left = ofSession()) {
    left.forEach((it) => {
      signal(it, "SIGKILL");
    });
  }
}

/** Ctrl-C in a terminal: signals the command and its process group. */
export function interrupt({ pid }: ChildProcess): void {
  signal(-(pid ?? 0), "SIGINT");
}

/** Kills the program of a container; Docker then restarts it. */
export function killProgram(container: string): void {
  // in a container, as the process belongs to another user
  const image = docker("inspect", "--format", "{{.Image}}", container);
  const pid = String(inspect(container, ".State.Pid"));
  const asRoot = ["--pid", "host", "--user", "0:0", "--network", "none", "--entrypoint", "kill"];
  docker("run", "--rm", ...asRoot, image, "-KILL", pid);
}

/** Pid of the lab's app. */
export function appPid({ hostFolder }: UserLab): number {
  const record = fs.readFileSync(path.join(hostFolder, "flask", "record.json"), "utf8");
  return (JSON.parse(record) as { pid: number }).pid;
}

/** Whether a process is alive; a zombie is not. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(fs.readFileSync(`/proc/${String(pid)}/status`, "utf8"));
  } catch {
    return false;
  }
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") {
      throw error;
    }
  }
}

/** Session of a process, from proc(5); the process name before the fields can contain anything. */
function sessionOf(pid: string): number | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state, , , session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" ? undefined : Number(session);
  } catch {
    return undefined;
  }
}
