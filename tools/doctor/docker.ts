import { statSync } from "node:fs";
import { DEFAULT_SOCKET } from "../../lib/docker/client";
import { CONTAINERD_SOCKETS, DockerInfo, Machine, measuresWrites } from "../../lib/docker/machine";
import { servicesOf } from "../../lib/settings/services";
import { Settings } from "../../lib/settings/settings";
import { attempt } from "../../lib/shared/attempt";
import { Finding, ok, problem, warning } from "./finding";

/** Sockets that earlier versions mounted even if they did not exist. */
const SOCKETS = [DEFAULT_SOCKET, ...CONTAINERD_SOCKETS];
const MIB = 1024 * 1024;

/** Which Docker daemon answers, and whether its containers run directly on this machine. */
export function checkDocker({ ServerVersion, OperatingSystem }: DockerInfo, { native, dockerMajor }: Machine): Finding {
  if (!native) {
    return warning(
      "docker",
      `${ServerVersion}, ${OperatingSystem}: its containers run in a virtual machine, which node_exporter reports as the host`,
      "no action needed, unless you want to monitor this machine",
    );
  }
  return dockerMajor >= 25
    ? ok("docker", `${ServerVersion} on this machine`)
    : warning(
        "docker",
        `${ServerVersion}: Docker before 25 runs health checks every 3 s as long as a container runs`,
        "update Docker when you can",
      );
}

/** Whether cAdvisor will see the containers and their writable layers. */
export function checkStorage(machine: Machine): Finding {
  const { native, storageDriver: driver, containerdSocket } = machine;
  if (driver === "overlayfs") {
    return !native || containerdSocket !== undefined
      ? ok(
          "storage",
          `${driver}, the containerd image store: cAdvisor reads from containerd at ${containerdSocket ?? "its socket"}, but cannot measure writable layers`,
        )
      : warning(
          "storage",
          `${driver}, but no containerd socket was found: cAdvisor cannot see containers`,
          'let containerd listen on /run/containerd/containerd.sock, or set {"features": {"containerd-snapshotter": false}} in daemon.json',
        );
  }
  return measuresWrites(machine)
    ? ok("storage", `${driver}: cAdvisor measures containers and their writable layers`)
    : warning(
        "storage",
        `${driver}: cAdvisor measures containers, but not their writable layers`,
        'set {"storage-driver": "overlay2"} in daemon.json to measure them',
      );
}

/** Folders in place of sockets: Docker creates one for a mount of a missing path, and then cannot start over it. */
export function checkSocketFolders(isFolder = isDirectory): readonly Finding[] {
  return SOCKETS.filter(isFolder).map((path) =>
    problem(
      "sockets",
      `${path} is a folder instead of a socket: Docker may fail to restart`,
      `remove it with rmdir ${path}, then restart Docker`,
    ),
  );
}

/** False for a path that only root can read. */
function isDirectory(path: string): boolean {
  return attempt(() => statSync(path).isDirectory()) ?? false;
}

/** Whether memory limits are enforced, and cAdvisor has cgroups to read. */
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

/** Whether the machine's memory covers the sum of the containers' limits. */
export function checkMemory({ MemTotal }: DockerInfo, settings: Settings): Finding {
  const limits = servicesOf(settings).reduce((sum, key) => sum + settings[key].memory, 0);
  const seen = `${String(Math.floor(MemTotal / MIB))} MiB; the lab's limits add up to ${String(limits)} MiB`;
  return limits * MIB <= MemTotal
    ? ok("memory", seen)
    : warning("memory", seen, "lower prometheusMemory or grafanaMemory, or give the machine more memory");
}

/** Whether node_exporter sees later mounts. */
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
