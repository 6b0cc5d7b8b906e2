import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import * as os from "node:os";
import { isLoopback } from "../shared/names";
import { DEFAULT_SOCKET, dockerGet, dockerSocket } from "./client";
import { inspectSwarm, Swarm, SwarmInfo } from "./swarm";

/** A container in Docker's list. */
export interface DockerContainer {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
  readonly State: string;
  /** The program with its arguments. */
  readonly Command: string;
  /** Such as `Up 5 minutes (healthy)`. */
  readonly Status: string;
  readonly Ports: readonly { readonly IP?: string; readonly PublicPort?: number }[];
  readonly HostConfig: { readonly NetworkMode: string };
  readonly Mounts: readonly { readonly Destination: string }[];
}

/** A network in Docker's list. */
export interface DockerNetwork {
  readonly Id: string;
  readonly Name: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly IPAM: { readonly Config: readonly { readonly Subnet?: string; readonly Gateway?: string }[] | null };
}

/** Properties of the machine and its Docker that the lab depends on. */
export interface Machine {
  /** The machine's own name. */
  readonly hostname: string;
  /** Docker runs on this Linux, not in Docker Desktop's virtual machine. */
  readonly native: boolean;
  /** Docker is rootless, so its networks are not this machine's. */
  readonly rootless: boolean;
  /** Docker remaps the users of containers (`userns-remap`): root in one is nobody on the host. */
  readonly usersRemapped: boolean;
  /** Docker's storage driver; `overlayfs` is the one of the containerd image store. */
  readonly storageDriver: string;
  /** Major version of Docker, such as 28. */
  readonly dockerMajor: number;
  /** `/` is a shared mount, so later mounts propagate to containers. */
  readonly rootShared: boolean;
  /** The machine was booted by systemd. */
  readonly systemd: boolean;
  /** Docker's socket on this machine. */
  readonly socket: string;
  /** Socket of Docker's containerd, if known and a socket, or if the current user may not check it. */
  readonly containerdSocket: string | undefined;
  /** Whether Docker can limit a container's memory, which requires the kernel's memory controller. */
  readonly memoryLimit: boolean;
  /** Whether it can limit swap, too. */
  readonly swapLimit: boolean;
  /** Sockets of this machine that give access to the whole API of Docker or containerd. */
  readonly sockets: readonly string[];
  /** node_exporter's sources in /run that exist on this machine. */
  readonly runPaths: readonly string[];
  readonly containers: readonly DockerContainer[];
  readonly networks: readonly DockerNetwork[];
  /** The swarm that Docker is part of. */
  readonly swarm: Swarm;
}

/** Docker's `/info`. */
export interface DockerInfo {
  readonly ID: string;
  readonly CgroupVersion?: string;
  readonly CgroupDriver: string;
  readonly DockerRootDir: string;
  readonly MemTotal: number;
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

/** Storage drivers for which cAdvisor finds a container's own files. */
const MEASURED = ["overlay2", "overlay", "aufs", "zfs", "vfs"];

/** Whether cAdvisor measures a container's disk usage; not with the containerd image store. */
export function measuresWrites({ storageDriver }: Pick<Machine, "storageDriver">): boolean {
  return MEASURED.includes(storageDriver);
}

/** Sockets of the system's containerd, and of one started by Docker. */
export const CONTAINERD_SOCKETS = ["/run/containerd/containerd.sock", "/run/docker/containerd/containerd.sock"];

/** The sources of node_exporter's systemd metrics, and of its disks' properties. */
const [DBUS, UDEV] = ["/run/dbus/system_bus_socket", "/run/udev/data"];

/** Observes the machine, once per run of the program. */
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

/** The paths that are sockets, without duplicates, as real paths. */
export function findSockets(candidates: readonly string[]): readonly string[] {
  return [...new Set(candidates.filter(isSocket).map((it) => realpathSync(it)))].sort();
}

function isSocket(path: string): boolean {
  return kindOf(path) === "socket";
}

/** Type of a path; `hidden` if only root may check it, as in the folder of Docker's own containerd. */
function kindOf(path: string): "socket" | "other" | "hidden" {
  try {
    return statSync(path).isSocket() ? "socket" : "other";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EACCES" ? "hidden" : "other";
  }
}

/** Docker's default socket if the same Docker answers there, so that a proxy changes nothing; otherwise DOCKER_HOST's. */
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

/** Whether a webhook is reachable only from the host's network: on loopback, with Docker on this machine. */
export function needsHostNetwork(webhook: string, { native }: Pick<Machine, "native">): boolean {
  return native && isLoopback(webhook);
}
