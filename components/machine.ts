import { existsSync, readFileSync, realpathSync } from "node:fs";
import * as os from "node:os";
import { askEngine, engineSocket } from "./engine";
import { inspectSwarm, Swarm, SwarmInfo } from "./swarm/state";

/** A container as the engine lists it. */
export interface EngineContainer {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
  readonly State: string;
  /** Such as `Up 5 minutes (healthy)`. */
  readonly Status: string;
  readonly Ports: readonly { readonly IP?: string; readonly PublicPort?: number }[];
  readonly HostConfig: { readonly NetworkMode: string };
}

/** A network as the engine lists it. */
export interface EngineNetwork {
  readonly Id: string;
  readonly Name: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly IPAM: { readonly Config: readonly { readonly Subnet?: string }[] | null };
}

/** What the lab needs to know of the machine and of its Docker engine. */
export interface Machine {
  /** The machine's own name. */
  readonly hostname: string;
  /** The engine runs on this very Linux, and not in Docker Desktop's virtual machine. */
  readonly native: boolean;
  /** The engine runs without root, and its networks are not this machine's. */
  readonly rootless: boolean;
  /** Docker's storage driver; `overlayfs` is the one of the containerd image store. */
  readonly storageDriver: string;
  /** Major version of the engine, such as 28. */
  readonly engineMajor: number;
  /** `/` is a shared mount, so that mounts made later reach a container that follows it. */
  readonly rootShared: boolean;
  /** The machine was booted by systemd. */
  readonly systemd: boolean;
  /** Sockets of this machine that give the engine's whole API, or containerd's, to whoever may open them. */
  readonly sockets: readonly string[];
  readonly containers: readonly EngineContainer[];
  readonly networks: readonly EngineNetwork[];
  /** The swarm that the engine is in. */
  readonly swarm: Swarm;
}

/** What the engine says of itself. */
interface EngineInfo {
  readonly Driver: string;
  readonly OperatingSystem: string;
  readonly ServerVersion: string;
  readonly SecurityOptions?: readonly string[] | null;
  readonly Swarm?: SwarmInfo;
}

/** Where the engine, the system's containerd and one that the engine started itself usually listen. */
const USUAL_SOCKETS = [
  "/var/run/docker.sock",
  "/run/containerd/containerd.sock",
  "/run/docker/containerd/containerd.sock",
];

/** What the machine is, asked once for a run of the program. */
export async function inspectMachine(): Promise<Machine> {
  const [info, containers, networks] = await Promise.all([
    askEngine<EngineInfo>("/info"),
    askEngine<EngineContainer[]>("/containers/json?all=1"),
    askEngine<EngineNetwork[]>("/networks"),
  ]);
  const native = process.platform === "linux" && !info.OperatingSystem.startsWith("Docker Desktop");
  return {
    hostname: os.hostname(),
    native,
    rootless: info.SecurityOptions?.some((option) => option.split(",").includes("name=rootless")) ?? false,
    storageDriver: info.Driver,
    engineMajor: parseInt(info.ServerVersion, 10) || 0,
    rootShared: native && isRootShared(readFileSync("/proc/self/mountinfo", "utf8")),
    systemd: native && existsSync("/run/systemd/system"), // the test of sd_booted(3)
    sockets: native ? findSockets([engineSocket(process.env), ...USUAL_SOCKETS]) : [],
    containers,
    networks,
    swarm: await inspectSwarm(info.Swarm),
  };
}

/** Those that exist, each once and under its real path. */
export function findSockets(candidates: readonly string[]): readonly string[] {
  return [...new Set(candidates.filter((it) => existsSync(it)).map((it) => realpathSync(it)))].sort();
}

/** Whether `/` is a shared mount, from a mountinfo file as proc(5) describes it. */
export function isRootShared(mountinfo: string): boolean {
  return mountinfo
    .split("\n")
    .map((line) => line.split(" "))
    .some(
      (fields) => fields[4] === "/" && fields.slice(6, fields.indexOf("-")).some((tag) => tag.startsWith("shared:")),
    );
}
