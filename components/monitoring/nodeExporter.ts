import * as pulumi from "@pulumi/pulumi";
import { Machine } from "../machine";
import { reachable } from "../names";
import { HostPath, LabContext, ServiceSpec } from "../service";
import { Settings } from "../settings";
import { runOnEveryNode } from "../swarm/everyNode";

export interface NodeExporterArgs {
  readonly context: LabContext;
}

const PORT = 9100;
/** Where the host's root is mounted. */
const ROOT = "/host";

/** node_exporter, which reports the host's own CPU, memory, disks, file systems and processes. */
export class NodeExporter extends pulumi.ComponentResource {
  /** URL as seen from the host; undefined in a swarm, where nothing of it is published. */
  readonly url: string | undefined;

  constructor(name: string, args: NodeExporterArgs, options?: pulumi.ComponentResourceOptions) {
    super("observability-lab:monitoring:NodeExporter", name, {}, options);
    const { settings, machine } = args.context;
    const spec = {
      hostname: "node_exporter",
      machineName: machine.hostname,
      service: settings.nodeExporter,
      internalPort: PORT,
      healthPath: "/",
      command: nodeExporterFlags(settings, machine),
    };
    const { url } = runOnEveryNode(
      name,
      {
        context: args.context,
        spec: { ...spec, ...(settings.engine === "swarm" ? onNode() : onMachine(machine)) },
        onMachine: {
          pidMode: "host",
          ...(settings.nodeExporterNetwork === "host"
            ? { hostNetwork: { healthAddress: reachable(settings.bindAddress) } }
            : {}),
        },
      },
      { parent: this },
    );
    this.url = url;
    this.registerOutputs({ url: this.url });
  }
}

/** What it sees of this machine, of which it is known where the sockets are and what there is. */
function onMachine(machine: Machine): Pick<ServiceSpec, "envs" | "hostPaths"> {
  return {
    envs: machine.systemd ? [`DBUS_SYSTEM_BUS_ADDRESS=unix:path=${ROOT}/run/dbus/system_bus_socket`] : [],
    hostPaths: [
      // follows what the host mounts later, where its root is shared at all
      { source: "/", target: ROOT, ...(machine.rootShared ? { propagation: "rslave" } : {}) },
      ...hiddenSockets(machine),
    ],
  };
}

/** What it sees of a node that may be any: all but /run, where the sockets of each are. */
function onNode(): Pick<ServiceSpec, "hostPaths" | "scratch"> {
  return { hostPaths: [{ source: "/", target: ROOT }], scratch: [`${ROOT}/run`] };
}

/** Covers the sockets under the host's root: one mounted read-only still gives the whole API. */
export function hiddenSockets({ sockets }: Machine): HostPath[] {
  return sockets.map((socket) => ({ source: "/dev/null", target: `${ROOT}${socket}` }));
}

/** Flags: the host's file systems, and the collectors off by default that dashboard 1860 draws on. */
export function nodeExporterFlags(settings: Settings, machine: Machine): string[] {
  const addresses =
    settings.nodeExporterNetwork === "host" ? [reachable(settings.bindAddress), settings.gateway] : [""];
  const port = settings.nodeExporterNetwork === "host" ? settings.nodeExporter.port : PORT;
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
    // what containers and the kernel mount for themselves is no file system of the host
    "--collector.filesystem.mount-points-exclude=^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/.+)($|/)",
  ];
}
