import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { promisify } from "node:util";

/** A process that was started as the Flask app of a lab. */
export interface AppStart {
  readonly pid: number;
  /** Token in its arguments, which begins with the lab's name. */
  readonly instance: string;
  /** Port on which it listens. */
  readonly port: number;
  /** Whether it belongs to the current user. */
  readonly ours: boolean;
}

/** A process of the system: real, effective and saved user id, and its arguments. */
interface Process {
  readonly pid: number;
  readonly users: readonly number[];
  readonly args: readonly string[];
}

/** Processes with the arguments of a lab's app; only one that is `ours` is trusted, as any user can imitate them. */
export async function findStarts(lab: string): Promise<readonly AppStart[]> {
  const processes = process.platform === "linux" ? readProc() : await listProcesses();
  return processes.flatMap(({ pid, users, args }) => {
    const instance = args[args.lastIndexOf("--instance") + 1] ?? "";
    const port = Number(/:(\d+)(,|$)/.exec(args[args.indexOf("--listen") + 1] ?? "")?.[1]);
    const ours = users.every((user) => user === process.geteuid?.());
    return args.includes("--instance") && args.includes("--listen") && isToken(lab, instance)
      ? [{ pid, instance, port, ours }]
      : [];
  });
}

/** Whether a token is from this lab's app, and not from a lab whose name only begins with this one's. */
function isToken(lab: string, token: string): boolean {
  return token.startsWith(`${lab}-`) && /^[0-9a-f]{12}$/.test(token.slice(lab.length + 1));
}

/** All processes on Linux, from proc(5), where the limits of arguments and users cannot be forged. */
function readProc(): readonly Process[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      try {
        const args = readFileSync(`/proc/${entry}/cmdline`, "utf8").split("\0");
        const uids = args.includes("--instance") ? readFileSync(`/proc/${entry}/status`, "utf8") : "";
        const users = /^Uid:\t(\d+)\t(\d+)\t(\d+)\t/m.exec(uids)?.slice(1).map(Number);
        return users === undefined ? [] : [{ pid: Number(entry), users, args }];
      } catch {
        return []; // it has ended meanwhile
      }
    });
}

/** The current user's processes; others could forge a line by a line feed in their arguments. */
async function listProcesses(): Promise<readonly Process[]> {
  const user = process.getuid?.() ?? 0;
  const { stdout } = await promisify(execFile)("ps", ["-ww", "-U", String(user), "-o", "pid=,uid=,args="]);
  return stdout.split("\n").map((line) => {
    const [pid, effective, ...args] = line.trim().split(/\s+/);
    return { pid: Number(pid), users: [user, Number(effective)], args };
  });
}
