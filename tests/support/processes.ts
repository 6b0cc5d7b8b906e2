import { ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { docker, inspect } from "./harness";
import { UserLab } from "./userLab";

/** Ends a command with everything that it started, as a machine does that loses its power: nobody may clean up. */
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

/** What a terminal does on Ctrl-C: the signal goes to the command and to all that shares its process group. */
export function interrupt({ pid }: ChildProcess): void {
  signal(-(pid ?? 0), "SIGINT");
}

/** Kills the program of a container, which the engine then starts again. */
export function killProgram(container: string): void {
  // through the engine: the process belongs to another user
  const image = docker("inspect", "--format", "{{.Image}}", container);
  const pid = String(inspect(container, ".State.Pid"));
  const asRoot = ["--pid", "host", "--user", "0:0", "--network", "none", "--entrypoint", "kill"];
  docker("run", "--rm", ...asRoot, image, "-KILL", pid);
}

/** Process of the lab's app. */
export function appPid({ hostFolder }: UserLab): number {
  const record = fs.readFileSync(path.join(hostFolder, "flask", "record.json"), "utf8");
  return (JSON.parse(record) as { pid: number }).pid;
}

/** Whether a process is there; one that has ended and that nobody has asked about is not. */
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

/** Session of a process, from proc(5): the name before the fields may hold anything. */
function sessionOf(pid: string): number | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state, , , session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" ? undefined : Number(session);
  } catch {
    return undefined;
  }
}
