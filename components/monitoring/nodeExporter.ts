import * as pulumi from "@pulumi/pulumi";
import { LabContainer } from "../container";
import { Machine } from "../machine";
import { reachable } from "../names";
import { HostPath, LabContext } from "../service";
import { Settings } from "../settings";

export interface NodeExporterArgs {
  readonly context: LabContext;
}

const PORT = 9100;
/** Where the host's root is mounted. */
const ROOT = "/host";

/** node_exporter, which reports the host's own CPU, memory, disks, file systems and processes. */
export class NodeExporter extends pulumi.ComponentResource {
  /** URL as seen from the host. */
  readonly url: string;

  constructor(name: string, args: NodeExporterArgs, options?: pulumi.ComponentResourceOptions) {
    super("observability-lab:monitoring:NodeExporter", name, {}, options);
    const { settings, machine } = args.context;
    const inHostNetwork = settings.nodeExporterNetwork === "host";
    const container = new LabContainer(
      name,
      {
        context: args.context,
        hostname: "node_exporter",
        machineName: machine.hostname,
        service: settings.nodeExporter,
        internalPort: PORT,
        healthPath: "/",
        command: nodeExporterFlags(settings, machine),
        envs: machine.systemd ? [`DBUS_SYSTEM_BUS_ADDRESS=unix:path=${ROOT}/run/dbus/system_bus_socket`] : [],
        pidMode: "host",
        hostPaths: [
          // follows what the host mounts later, where its root is shared at all
          { source: "/", target: ROOT, ...(machine.rootShared ? { propagation: "rslave" } : {}) },
          ...hiddenSockets(machine),
        ],
        ...(inHostNetwork ? { hostNetwork: { healthAddress: reachable(settings.bindAddress) } } : {}),
      },
      { parent: this },
    );
    this.url = container.url;
    this.registerOutputs({ url: this.url });
  }
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
  return [
    `--path.rootfs=${ROOT}`,
    `--path.udev.data=${ROOT}/run/udev/data`,
    ...addresses.map((address) => `--web.listen-address=${address}:${String(port)}`),
    "--collector.processes",
    "--collector.tcpstat",
    "--collector.interrupts",
    ...(machine.systemd ? ["--collector.systemd"] : []),
    // what containers and the kernel mount for themselves is no file system of the host
    "--collector.filesystem.mount-points-exclude=^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/.+)($|/)",
  ];
}
