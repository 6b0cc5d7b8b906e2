import { statSync } from "node:fs";
import { DEFAULT_SOCKET } from "../../lib/docker/client";
import { CONTAINERD_SOCKETS, Machine, measuresWrites } from "../../lib/docker/machine";
import { servicesOf } from "../../lib/settings/services";
import { Settings } from "../../lib/settings/settings";
import { Finding, ok, problem, warning } from "./finding";

/** What the engine says of itself, as far as a check asks. */
export interface DockerInfo {
  readonly ServerVersion: string;
  readonly OperatingSystem: string;
  readonly CgroupVersion?: string;
  readonly CgroupDriver: string;
  readonly MemoryLimit: boolean;
  readonly SwapLimit: boolean;
  readonly MemTotal: number;
  readonly DockerRootDir: string;
}

/** Where earlier labs mounted a socket whether it was there or not. */
const SOCKETS = [DEFAULT_SOCKET, ...CONTAINERD_SOCKETS];
const MIB = 1024 * 1024;

/** Which engine answers, and whether its containers run on this machine itself. */
export function checkDocker({ ServerVersion, OperatingSystem }: DockerInfo, { native, dockerMajor }: Machine): Finding {
  if (!native) {
    return warning(
      "docker",
      `${ServerVersion}, ${OperatingSystem}: its containers run in a virtual machine, and that is the host which node_exporter reports`,
      "nothing to do, unless it is this machine that you want to see",
    );
  }
  return dockerMajor >= 25
    ? ok("docker", `${ServerVersion} on this machine`)
    : warning(
        "docker",
        `${ServerVersion}: before 25, health checks run every 3 s for a container's whole life`,
        "update Docker when you can",
      );
}

/** Whether cAdvisor will see the containers, and what they write. */
export function checkStorage(machine: Machine): Finding {
  const { native, storageDriver: driver, containerdSocket } = machine;
  if (driver === "overlayfs") {
    return !native || containerdSocket !== undefined
      ? ok(
          "storage",
          `${driver}, the containerd image store: cAdvisor asks containerd at ${containerdSocket ?? "its socket"}, but does not see what a container writes`,
        )
      : warning(
          "storage",
          `${driver}, but no socket of containerd is found: cAdvisor will see no container`,
          'let containerd listen there, or set {"features": {"containerd-snapshotter": false}} in daemon.json',
        );
  }
  return measuresWrites(machine)
    ? ok("storage", `${driver}: cAdvisor sees every container and what it writes`)
    : warning(
        "storage",
        `${driver}: cAdvisor sees every container, but not what it writes`,
        'set {"storage-driver": "overlay2"} in daemon.json if you want to see it',
      );
}

/** Folders where sockets belong: Docker creates one for a mount of a missing path, and does not start over it. */
export function checkSocketFolders(isFolder = isDirectory): readonly Finding[] {
  return SOCKETS.filter(isFolder).map((path) =>
    problem(
      "sockets",
      `${path} is a folder and not a socket: Docker may not start again`,
      `remove it with rmdir ${path}, then restart Docker`,
    ),
  );
}

/** False for a path that only root may check. */
function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Whether the memory limits of the containers hold, and cAdvisor has something to read. */
export function checkCgroups({ CgroupVersion, CgroupDriver, MemoryLimit, SwapLimit }: DockerInfo): Finding {
  const version = `version ${CgroupVersion ?? "1"}, driver ${CgroupDriver}`;
  return CgroupDriver === "none" || !MemoryLimit
    ? warning(
        "cgroups",
        `${version}: Docker cannot limit a container's memory, so the lab sets no limits`,
        "turn the memory controller on: cgroup_enable=memory on the kernel's command line",
      )
    : ok("cgroups", SwapLimit ? version : `${version}, without limits for swap`);
}

/** Whether the containers may all use what they are allowed to. */
export function checkMemory({ MemTotal }: DockerInfo, settings: Settings): Finding {
  const limits = servicesOf(settings).reduce((sum, key) => sum + settings[key].memory, 0);
  const seen = `${String(Math.floor(MemTotal / MIB))} MiB, and the lab's limits add up to ${String(limits)} MiB`;
  return limits * MIB <= MemTotal
    ? ok("memory", seen)
    : warning("memory", seen, "lower prometheusMemory or grafanaMemory, or give the machine more");
}

/** Whether node_exporter follows what is mounted later. */
export function checkMounts({ native, rootShared }: Machine): Finding {
  if (!native) {
    return ok("mounts", "those of the virtual machine");
  }
  return rootShared
    ? ok("mounts", "/ is shared: node_exporter sees file systems that are mounted later, too")
    : warning(
        "mounts",
        "/ is not shared: node_exporter sees only file systems that were mounted before it started",
        "mount --make-rshared /, then make up",
      );
}
