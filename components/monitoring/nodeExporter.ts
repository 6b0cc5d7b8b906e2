import * as pulumi from "@pulumi/pulumi";
import * as path from "node:path";
import { Machine } from "../../lib/docker/machine";
import { SERVICES } from "../../lib/settings/services";
import { Settings } from "../../lib/settings/settings";
import { connectHost } from "../../lib/shared/names";
import { runOnEveryNode } from "../container/everyNode";
import { ServiceSpec, specOf } from "../container/spec";
import { ComponentArgs } from "../context";

/** Mount point of the host's root. */
const ROOT = "/host";
/**
 * A user that no other program of the lab has: a program that sees the host's processes can read files and memory of the
 * same user's. Every distribution has the user 2 (bin or daemon) and runs nothing as it; a user that the host's database
 * lacks is rejected by dbus-daemon. The group is nobody's.
 */
export const USER = "2:64130";
/** Folder of the host's sockets, including Docker's. */
const RUN = "/run";

/** node_exporter, which reports the host's own CPU, memory, disks, file systems and processes. */
export class NodeExporter extends pulumi.ComponentResource {
  constructor(name: string, args: ComponentArgs, options?: pulumi.ComponentResourceOptions) {
    super("observability-lab:monitoring:NodeExporter", name, {}, options);
    const { settings, machine } = args.context;
    const spec = {
      ...specOf("nodeExporter", settings),
      machineName: machine.hostname,
      healthPath: "/",
      user: USER,
      command: nodeExporterFlags(settings, machine),
    };
    runOnEveryNode(
      name,
      {
        context: args.context,
        spec: { ...spec, ...(settings.engine === "swarm" ? nodePaths() : machinePaths(machine)) },
        onMachine: {
          envs: machine.systemd ? [`DBUS_SYSTEM_BUS_ADDRESS=unix:path=${ROOT}/run/dbus/system_bus_socket`] : [],
          pidMode: "host",
          ...(settings.nodeExporterNetwork === "host" ? { hostAddress: connectHost(settings.bindAddress) } : {}),
        },
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

/**
 * What it sees on this machine: the host's root without its sockets, as even mounted read-only, a socket gives the whole
 * API. Their folders are covered, as a cover of the socket itself is lost when Docker recreates its socket.
 */
function machinePaths(machine: Machine): Pick<ServiceSpec, "hostPaths" | "covered"> {
  return {
    hostPaths: [
      // follows later mounts of the host, if its root is shared
      { source: "/", target: ROOT, ...(machine.rootShared ? { propagation: "rslave" } : {}) },
      // the root itself cannot be covered
      ...machine.sockets
        .filter((socket) => path.dirname(socket) === "/")
        .map((socket) => ({ source: "/dev/null", target: `${ROOT}${socket}` })),
      ...machine.runPaths.map((source) => ({ source, target: `${ROOT}${source}` })),
    ],
    covered: coveredFolders(machine).map((folder) => `${ROOT}${folder}`),
  };
}

/** Paths that it sees on an unknown node: all except /run. */
function nodePaths(): Pick<ServiceSpec, "hostPaths" | "covered"> {
  return { hostPaths: [{ source: "/", target: ROOT }], covered: [`${ROOT}${RUN}`] };
}

/** /run, and the folders of sockets elsewhere. */
function coveredFolders({ sockets }: Machine): readonly string[] {
  const folders = sockets.map((socket) => path.dirname(socket));
  return [RUN, ...new Set(folders.filter((folder) => folder !== "/" && !`${folder}/`.startsWith(`${RUN}/`)))];
}

/** Flags: the host's file systems, and the collectors that dashboard 1860 needs and that are off by default. */
export function nodeExporterFlags(settings: Settings, machine: Machine): string[] {
  const addresses =
    settings.nodeExporterNetwork === "host" ? [connectHost(settings.bindAddress), settings.gateway] : [""];
  const port = settings.nodeExporterNetwork === "host" ? settings.nodeExporter.port : SERVICES.nodeExporter.port;
  const swarm = settings.engine === "swarm";
  return [
    `--path.rootfs=${ROOT}`,
    // a service cannot join its host's process namespace, but sees the processes through this mount
    swarm ? `--path.procfs=${ROOT}/proc` : `--path.udev.data=${ROOT}/run/udev/data`,
    ...addresses.map((address) => `--web.listen-address=${address}:${String(port)}`),
    "--collector.processes",
    "--collector.tcpstat",
    "--collector.interrupts",
    ...(machine.systemd && !swarm ? ["--collector.systemd"] : []),
    `--collector.filesystem.mount-points-exclude=^/(${hiddenMounts(swarm ? [RUN] : coveredFolders(machine))})($|/)`,
  ];
}

/** Mounts of containers and the kernel, and covered paths, where it would measure the cover. */
function hiddenMounts(covered: readonly string[]): string {
  const folders = covered.map((folder) => folder.slice(1).replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return ["dev", "proc", "sys", "var/lib/docker/.+", "var/lib/containers/.+", ...folders].join("|");
}
