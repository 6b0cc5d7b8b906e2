import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { PROJECT } from "./harness";

const CLUSTER = path.join(PROJECT, "tests", "support", "cluster");
/** Name of a network namespace for a trial of VXLAN links, which overlay networks use. */
const TRIAL = "lab-swarm-trial";

/** Output of a command on a machine, and whether it succeeded. */
export interface CommandResult {
  readonly ok: boolean;
  readonly output: string;
}

/** Why machines for a swarm cannot be created here; undefined if they can. */
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

/** Docker of each machine, as far as it differs from this machine's own; see `cluster`. */
export interface MachineEngine {
  /** Name of the cluster, if it is not the swarm's. */
  readonly CLUSTER?: string;
  /** Where it listens. */
  readonly SOCKET?: string;
  /** Whether it has a memory controller. */
  readonly MEMORY?: "no";
  /** Folder of its programs. */
  readonly ENGINE?: string;
  /** Additional flags of dockerd. */
  readonly ENGINE_FLAGS?: string;
  /** Who starts containerd. */
  readonly CONTAINERD?: "own" | "system";
}

/** Machines with a Docker daemon each, by number; created by `cluster`. */
export class Machines {
  constructor(private readonly engine: MachineEngine = {}) {}

  /** Folder of everything that they keep outside their network namespaces. */
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-swarm-"));

  /** Starts a machine; loads these images if it is new. */
  start(node: number, images: readonly string[] = []): void {
    this.cluster("start", String(node));
    if (images.length > 0) {
      this.load(node, images);
    }
  }

  /** Loads images on a running machine. */
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

  /** Host name of a machine, and its name in the swarm. */
  name(node: number): string {
    return `${this.engine.CLUSTER ?? "lab-swarm"}-${String(node)}`;
  }

  /** Runs a command on a machine, with additional environment variables. */
  run(node: number, command: readonly string[], env: NodeJS.ProcessEnv = {}): CommandResult {
    const { status, stdout, stderr } = spawnSync(CLUSTER, [this.folder, "run", String(node), ...command], {
      cwd: PROJECT,
      encoding: "utf8",
      env: { ...process.env, ...this.engine, ...env },
      maxBuffer: 64 * 1024 * 1024,
    });
    return { ok: status === 0, output: status === 0 ? stdout : `${stdout}${stderr}` };
  }

  /** Output of a docker command on a machine. */
  docker(node: number, ...args: string[]): string {
    const { ok, output } = this.run(node, ["docker", ...args]);
    if (!ok) {
      throw new Error(output);
    }
    return output.trim();
  }

  /** Leftovers of the lab on a machine: containers, volumes, networks. */
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
