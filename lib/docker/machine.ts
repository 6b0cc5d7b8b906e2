import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import * as os from "node:os";
import { DEFAULT_SOCKET, dockerGet, dockerSocket } from "./client";
import { inspectSwarm, Swarm, SwarmInfo } from "./swarm";

/** A container as the engine lists it. */
export interface DockerContainer {
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
export interface DockerNetwork {
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
  /** The engine gives containers users of their own (`userns-remap`): root in one is nobody on the host. */
  readonly usersRemapped: boolean;
  /** Docker's storage driver; `overlayfs` is the one of the containerd image store. */
  readonly storageDriver: string;
  /** Major version of the engine, such as 28. */
  readonly dockerMajor: number;
  /** `/` is a shared mount, so that mounts made later reach a container that follows it. */
  readonly rootShared: boolean;
  /** The machine was booted by systemd. */
  readonly systemd: boolean;
  /** Where Docker listens on this machine. */
  readonly socket: string;
  /** Where the containerd of Docker listens, if that is known and a socket, or where whoever runs this may not look. */
  readonly containerdSocket: string | undefined;
  /** Whether Docker can limit the memory of a container, which takes the kernel's memory controller. */
  readonly memoryLimit: boolean;
  /** Whether it can limit swap, too. */
  readonly swapLimit: boolean;
  /** Sockets of this machine that give the engine's whole API, or containerd's, to whoever may open them. */
  readonly sockets: readonly string[];
  /** Those of node_exporter's sources in /run that this machine has. */
  readonly runPaths: readonly string[];
  readonly containers: readonly DockerContainer[];
  readonly networks: readonly DockerNetwork[];
  /** The swarm that the engine is in. */
  readonly swarm: Swarm;
}

/** What the engine says of itself. */
interface DockerInfo {
  readonly ID: string;
  readonly Driver: string;
  readonly MemoryLimit?: boolean;
  readonly SwapLimit?: boolean;
  /** Reported by Docker 27 and later. */
  readonly Containerd?: { readonly Address: string } | null;
  readonly OperatingSystem: string;
  readonly ServerVersion: string;
  readonly SecurityOptions?: readonly string[] | null;
  readonly Swarm?: SwarmInfo;
}

/** Storage drivers of which cAdvisor knows where a container's own files lie. */
const MEASURED = ["overlay2", "overlay", "aufs", "zfs", "vfs"];

/** Whether cAdvisor measures what a container writes; with the containerd image store it does not. */
export function measuresWrites({ storageDriver }: Pick<Machine, "storageDriver">): boolean {
  return MEASURED.includes(storageDriver);
}

/** Where the system's containerd listens, and one that Docker has started itself. */
export const CONTAINERD_SOCKETS = ["/run/containerd/containerd.sock", "/run/docker/containerd/containerd.sock"];

/** The sources of node_exporter's systemd metrics, and of its disks' properties. */
const [DBUS, UDEV] = ["/run/dbus/system_bus_socket", "/run/udev/data"];

/** What the machine is, asked once for a run of the program. */
export async function inspectMachine(): Promise<Machine> {
  const [info, containers, networks] = await Promise.all([
    dockerGet<DockerInfo>("/info"),
    dockerGet<DockerContainer[]>("/containers/json?all=1"),
    dockerGet<DockerNetwork[]>("/networks"),
  ]);
  const socket = await ownSocket(info);
  const security = new Set(info.SecurityOptions?.flatMap((option) => option.split(",")));
  const native = process.platform === "linux" && !info.OperatingSystem.startsWith("Docker Desktop");
  const systemd = native && existsSync("/run/systemd/system"); // the test of sd_booted(3)
  return {
    hostname: os.hostname(),
    native,
    rootless: security.has("name=rootless"),
    usersRemapped: security.has("name=userns"),
    storageDriver: info.Driver,
    dockerMajor: parseInt(info.ServerVersion, 10) || 0,
    rootShared: native && isRootShared(readFileSync("/proc/self/mountinfo", "utf8")),
    systemd,
    socket,
    containerdSocket: [...(info.Containerd ? [info.Containerd.Address] : []), ...CONTAINERD_SOCKETS].find(
      (it) => kindOf(it) !== "other",
    ),
    memoryLimit: info.MemoryLimit ?? true,
    swapLimit: info.SwapLimit ?? true,
    runPaths: [...(systemd ? [DBUS] : []), ...(native ? [UDEV] : [])].filter((it) => existsSync(it)),
    sockets: native ? findSockets([socket, DEFAULT_SOCKET, ...CONTAINERD_SOCKETS]) : [],
    containers,
    networks,
    swarm: await inspectSwarm(info.Swarm),
  };
}

/** Those that are sockets, each once and under its real path. */
export function findSockets(candidates: readonly string[]): readonly string[] {
  return [...new Set(candidates.filter(isSocket).map((it) => realpathSync(it)))].sort();
}

function isSocket(path: string): boolean {
  return kindOf(path) === "socket";
}

/** What is at a path; `hidden` where only root may look, as into the folder of Docker's own containerd. */
function kindOf(path: string): "socket" | "other" | "hidden" {
  try {
    return statSync(path).isSocket() ? "socket" : "other";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EACCES" ? "hidden" : "other";
  }
}

/** Docker's usual socket where the same Docker answers there, so that a proxy before it changes nothing; else DOCKER_HOST's. */
async function ownSocket({ ID }: DockerInfo): Promise<string> {
  const socket = dockerSocket(process.env);
  if (socket === DEFAULT_SOCKET || !isSocket(DEFAULT_SOCKET)) {
    return socket;
  }
  const usual = await dockerGet<DockerInfo>("/info", DEFAULT_SOCKET).catch(() => undefined);
  return usual?.ID === ID ? DEFAULT_SOCKET : socket;
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
