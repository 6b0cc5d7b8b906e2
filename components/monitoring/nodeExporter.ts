import * as pulumi from "@pulumi/pulumi";
import * as path from "node:path";
import { Machine } from "../../lib/docker/machine";
import { SERVICES } from "../../lib/settings/services";
import { Settings } from "../../lib/settings/settings";
import { connectHost } from "../../lib/shared/names";
import { runOnEveryNode } from "../container/everyNode";
import { ServiceSpec, specOf } from "../container/spec";
import { LabContext } from "../context";

export interface NodeExporterArgs {
  readonly context: LabContext;
}

/** Where the host's root is mounted. */
const ROOT = "/host";
/**
 * Of no other program of the lab: whoever sees the host's processes may read the files and the memory of those of the
 * same user. Every distribution has the user 2 (bin or daemon) and runs nothing as it; one that the host's user database
 * lacks is refused by dbus-daemon. The group is of nobody.
 */
export const USER = "2:64130";
/** Where the host has its sockets, the engine's among them. */
const RUN = "/run";

/** node_exporter, which reports the host's own CPU, memory, disks, file systems and processes. */
export class NodeExporter extends pulumi.ComponentResource {
  constructor(name: string, args: NodeExporterArgs, options?: pulumi.ComponentResourceOptions) {
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
        spec: { ...spec, ...(settings.engine === "swarm" ? onNode() : onMachine(machine)) },
        onMachine: {
          pidMode: "host",
          ...(settings.nodeExporterNetwork === "host"
            ? { hostNetwork: { healthAddress: connectHost(settings.bindAddress) } }
            : {}),
        },
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

/** What it sees of this machine, of which it is known where the sockets are and what there is. */
function onMachine(machine: Machine): Pick<ServiceSpec, "envs" | "hostPaths" | "covered"> {
  return {
    envs: machine.systemd ? [`DBUS_SYSTEM_BUS_ADDRESS=unix:path=${ROOT}/run/dbus/system_bus_socket`] : [],
    ...hostView(machine),
  };
}

/** What it sees of a node that may be any: all but /run. */
function onNode(): Pick<ServiceSpec, "hostPaths" | "covered"> {
  return { hostPaths: [{ source: "/", target: ROOT }], covered: [`${ROOT}${RUN}`] };
}

/**
 * The host's root without its sockets: one mounted read-only still gives the whole API. Their folders are covered, as a
 * cover of the socket itself goes when the engine makes its socket again.
 */
export function hostView(machine: Machine): Required<Pick<ServiceSpec, "hostPaths" | "covered">> {
  return {
    hostPaths: [
      // follows what the host mounts later, where its root is shared at all
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

/** /run, and the folders of those sockets that are elsewhere. */
function coveredFolders({ sockets }: Machine): readonly string[] {
  const folders = sockets.map((socket) => path.dirname(socket));
  return [RUN, ...new Set(folders.filter((folder) => folder !== "/" && !`${folder}/`.startsWith(`${RUN}/`)))];
}

/** Flags: the host's file systems, and the collectors off by default that dashboard 1860 draws on. */
export function nodeExporterFlags(settings: Settings, machine: Machine): string[] {
  const addresses =
    settings.nodeExporterNetwork === "host" ? [connectHost(settings.bindAddress), settings.gateway] : [""];
  const port = settings.nodeExporterNetwork === "host" ? settings.nodeExporter.port : SERVICES.nodeExporter.port;
  const swarm = settings.engine === "swarm";
  return [
    `--path.rootfs=${ROOT}`,
    // a service is in no process namespace of its host: through this mount it sees the processes all the same
    swarm ? `--path.procfs=${ROOT}/proc` : `--path.udev.data=${ROOT}/run/udev/data`,
    ...addresses.map((address) => `--web.listen-address=${address}:${String(port)}`),
    "--collector.processes",
    "--collector.tcpstat",
    "--collector.interrupts",
    ...(machine.systemd && !swarm ? ["--collector.systemd"] : []),
    `--collector.filesystem.mount-points-exclude=^/(${hiddenMounts(swarm ? [RUN] : coveredFolders(machine))})($|/)`,
  ];
}

/** What containers and the kernel mount for themselves, and what is covered: there it would measure the cover. */
function hiddenMounts(covered: readonly string[]): string {
  const folders = covered.map((folder) => folder.slice(1).replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return ["dev", "proc", "sys", "var/lib/docker/.+", "var/lib/containers/.+", ...folders].join("|");
}
