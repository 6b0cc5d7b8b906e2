import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { docker, eventually, inspect, labelled, PROJECT } from "../e2e/harness";
import { Bench, expectGreen } from "./mending";
import { appPid, isAlive, ownEngine, signal } from "./processes";

/** Folders in which an engine keeps what a machine forgets when it is switched off. */
const VOLATILE = ["/var/run/docker", "/var/run/docker.pid", "/var/run/docker.sock"];

/** Why the engine is not to be restarted here, asked before any lab is up; undefined where it may be. */
export function engineIsShared(): string | undefined {
  if (ownEngine() === undefined) {
    return "make did not start the engine here";
  }
  return docker("ps", "--all", "--quiet") === "" ? undefined : "the engine has containers of others";
}

/** Ends the engine, and waits until it has gone. */
export async function endEngine(name: NodeJS.Signals): Promise<void> {
  const pid = ownEngine();
  if (pid === undefined) {
    throw new Error("there is no engine of this checkout");
  }
  signal(pid, name);
  await eventually(() => Promise.resolve(!isAlive(pid) || undefined), 60);
}

/** Starts the engine as `make setup` does where it does not answer. */
export function startEngine(): void {
  const { status, stderr } = spawnSync(path.join(PROJECT, "scripts", "setup"), { cwd: PROJECT, encoding: "utf8" });
  if (status !== 0) {
    throw new Error(stderr);
  }
}

/** Faults of the Docker daemon and of the whole machine. */
export function engineFaults(bench: () => Bench): void {
  const part = "the engine";

  it("restarted", async () => {
    await endEngine("SIGTERM");
    startEngine();
    await expectGreen(bench(), { part, fault: "the Docker daemon restarted" });
  });

  it("gone with everything that ran, as after a power cut", async () => {
    const { lab } = bench();
    const programs = labelled("container", lab.lab).map((id) => inspect(id, ".State.Pid") as number);
    const network = docker("network", "inspect", "--format", "{{.Id}}", lab.lab).slice(0, 12);
    const app = appPid(lab);

    await endEngine("SIGKILL");
    [...supervisors(), ...programs.filter((pid) => pid > 0), app].forEach((pid) => {
      signal(pid, "SIGKILL");
    });
    await eventually(() => Promise.resolve(programs.concat(app).some(isAlive) ? undefined : true), 30);
    spawnSync("ip", ["link", "delete", `br-${network}`]);
    unmountAll();
    VOLATILE.forEach((it) => {
      fs.rmSync(it, { recursive: true, force: true });
    });

    startEngine();
    await expectGreen(bench(), {
      part,
      fault: "the machine rebooted: engine, containers, network and app gone at once",
    });
  });
}

/** What stands between the engine and its containers, where the engine started it: containerd, and one for each. */
function supervisors(): number[] {
  return fs
    .readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .filter((entry) => {
      try {
        const command = fs.readFileSync(`/proc/${entry}/cmdline`, "utf8").replaceAll("\0", " ");
        return /^\S*containerd(-shim\S*)? .*\/var\/run\/docker\//.test(command);
      } catch {
        return false; // it has ended meanwhile
      }
    })
    .map(Number);
}

/** Takes away the mounts of the containers, the innermost first. */
function unmountAll(): void {
  const points = fs
    .readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .filter((point) => /^\/(var\/)?(run|lib)\/docker\/./.test(point));
  points.reverse().forEach((point) => {
    spawnSync("umount", ["--lazy", point]);
  });
}
