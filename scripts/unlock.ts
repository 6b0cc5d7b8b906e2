// Ends with exit code 1 if another command is changing the lab; otherwise takes up the state that a killed one left.
// usage: unlock.ts CLI STACK FOLDER LOCK...      FOLDER: Pulumi's state; LOCK: a lock of the stack in it
import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, readdirSync, readFileSync, rmSync } from "node:fs";
import * as path from "node:path";
import { attempt } from "../lib/shared/attempt";
import { runMain } from "../lib/shared/run";

const [cli = "", stack = "", folder = "", ...found] = process.argv.slice(2);

/** Pid of the CLI that created a lock; undefined if the lock is incomplete. */
function readPid(lock: string): number | undefined {
  return attempt(() => (JSON.parse(readFileSync(lock, "utf8")) as { pid?: number }).pid);
}

/** Whether a process is a live Pulumi CLI of this user: the pid may be reused by any other process. */
function isCli(pid: number, user: number): boolean {
  const columns = ["ruid=", "uid=", "stat=", "args="].flatMap((column) => ["-o", column]);
  const { error, stdout, stderr } = spawnSync("ps", ["-ww", "-p", String(pid), ...columns], { encoding: "utf8" });
  // there is no ps, or it is BusyBox's, which takes no pid
  if (error !== undefined || (stdout === "" && stderr !== "")) {
    return isAlive(pid);
  }
  return new RegExp(`^ *${String(user)} +${String(user)} +[^Z ].*pulumi`).test(stdout);
}

/** Whether a process is alive that this user may signal. */
function isAlive(pid: number): boolean {
  return attempt(() => process.kill(pid, 0)) ?? false;
}

/** The output of the CLI for the stack. */
function run(failure: string, args: readonly string[], input = ""): string {
  const options = { input, encoding: "utf8", maxBuffer: Infinity } as const;
  const { status, stdout, stderr } = spawnSync(cli, [...args, "--stack", stack], options);
  if (status !== 0) {
    throw new Error(`${failure}: ${stderr}${stdout}`.trim());
  }
  return stdout;
}

function unlock(): void {
  const locks = found.filter((lock) => existsSync(lock)); // the other command may have ended
  for (const lock of locks) {
    const pid = readPid(lock);
    if (pid !== undefined && isCli(pid, lstatSync(lock).uid)) {
      const advice = `wait for it to end, or stop it with kill -INT ${String(pid)}`;
      throw new Error(`this lab is being changed by another command, process ${String(pid)}: ${advice}`);
    }
  }
  if (locks.length === 0) {
    return;
  }
  console.error("an earlier command was killed: continuing from its last saved state");
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (/\.(tmp|attrs)$/.test(file)) {
      rmSync(path.join(folder, file)); // an incomplete write
    }
  }
  run("its lock cannot be removed", ["cancel", "--yes"]);
  // the program itself finds what pending operations created, and removes what is in no state
  const failure = "its state cannot be recovered";
  const state = JSON.parse(run(failure, ["stack", "export"])) as { deployment: { pending_operations?: object } };
  delete state.deployment.pending_operations;
  run(failure, ["stack", "import"], JSON.stringify(state));
}

runMain(unlock);
