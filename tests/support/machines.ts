import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { PROJECT } from "./harness";

const CLUSTER = path.join(PROJECT, "tests", "support", "cluster");
/** A network namespace and the kind of link that a swarm's network is made of, tried out. */
const TRIAL = "lab-swarm-trial";

/** What a command on a machine printed, and whether it went well. */
export interface CommandResult {
  readonly ok: boolean;
  readonly output: string;
}

/** Why no machines for a swarm can be made here; undefined where they can. */
export function impossible(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    return "network namespaces need root on Linux";
  }
  const missing = ["ip", "nsenter", "unshare", "dockerd"].filter(
    (program) => spawnSync("sh", ["-c", `command -v ${program}`]).status !== 0,
  );
  if (missing.length > 0) {
    return `${missing.join(", ")} are not here`;
  }
  const made = ["add", "exec", "delete"].map((step) =>
    step === "exec"
      ? spawnSync("ip", ["-n", TRIAL, "link", "add", "trial", "type", "vxlan", "id", "1", "dstport", "4789"])
      : spawnSync("ip", ["netns", step, TRIAL]),
  );
  return made.some(({ status }) => status !== 0)
    ? "this machine lets nobody make network namespaces or VXLANs"
    : undefined;
}

/** What the engine of each machine is, where that is not this machine's own; `cluster` says more of it. */
export interface MachineEngine {
  /** The name of them all, where that is not the swarm's. */
  readonly CLUSTER?: string;
  /** Where it listens. */
  readonly SOCKET?: string;
  /** Whether it has a memory controller. */
  readonly MEMORY?: "no";
  /** Folder of its programs. */
  readonly ENGINE?: string;
  /** Further flags of dockerd. */
  readonly ENGINE_FLAGS?: string;
  /** Whose containerd it has. */
  readonly CONTAINERD?: "own" | "system";
}

/** Machines that each have an engine, by number; made by `cluster`, which says how. */
export class Machines {
  constructor(private readonly engine: MachineEngine = {}) {}

  /** Everything that they leave outside their network namespaces. */
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-swarm-"));

  /** Starts a machine, with these images where it is new. */
  start(node: number, images: readonly string[] = []): void {
    this.cluster("start", String(node));
    if (images.length > 0) {
      this.load(node, images);
    }
  }

  /** Gives a machine that runs further images. */
  load(node: number, images: readonly string[]): void {
    this.cluster("load", String(node), ...images);
  }

  init(node: number): void {
    this.cluster("init", String(node));
  }

  join(node: number, manager: number): void {
    this.cluster("join", String(node), String(manager));
  }

  restart(node: number): void {
    this.cluster("restart", String(node));
  }

  reboot(node: number): void {
    this.cluster("reboot", String(node));
  }

  crash(node: number): void {
    this.cluster("crash", String(node));
  }

  /** Host name of a machine, which is its name in the swarm. */
  name(node: number): string {
    return `${this.engine.CLUSTER ?? "lab-swarm"}-${String(node)}`;
  }

  /** Runs a command on a machine, with these variables besides. */
  run(node: number, command: readonly string[], env: NodeJS.ProcessEnv = {}): CommandResult {
    const { status, stdout, stderr } = spawnSync(CLUSTER, [this.folder, "run", String(node), ...command], {
      cwd: PROJECT,
      encoding: "utf8",
      env: { ...process.env, ...this.engine, ...env },
      maxBuffer: 64 * 1024 * 1024,
    });
    return { ok: status === 0, output: status === 0 ? stdout : `${stdout}${stderr}` };
  }

  /** Output of the docker client on a machine. */
  docker(node: number, ...args: string[]): string {
    const { ok, output } = this.run(node, ["docker", ...args]);
    if (!ok) {
      throw new Error(output);
    }
    return output.trim();
  }

  /**
   * Seconds for which the engine of a machine waited for its networks in vain, each time until its own limit; no task
   * starts meanwhile (https://github.com/moby/moby/issues/47396).
   */
  secondsHungUp(node: number): number {
    const log = fs.readFileSync(path.join(this.folder, String(node), "engine.log"), "utf8");
    return log.split(/Bulk sync to node \w+ timed out/).slice(1).length * 30;
  }

  /** What is there of the lab on a machine: containers, volumes, networks. */
  leftovers(node: number): string[] {
    const lists = [
      ["container", "ls", "--all", "--format", "{{.Names}}"],
      ["volume", "ls", "--format", "{{.Name}}"],
      ["network", "ls", "--filter", "name=observability-lab", "--format", "{{.Name}}"],
    ];
    return lists.flatMap((args) => this.docker(node, ...args).split("\n")).filter((it) => it !== "");
  }

  remove(): void {
    this.cluster("remove");
  }

  private cluster(...args: string[]): void {
    const { status, stderr } = spawnSync(CLUSTER, [this.folder, ...args], {
      encoding: "utf8",
      env: { ...process.env, ...this.engine },
    });
    if (status !== 0) {
      throw new Error(stderr);
    }
  }
}
