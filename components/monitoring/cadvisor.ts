import * as pulumi from "@pulumi/pulumi";
import { Machine } from "../machine";
import { HostPath, LabContext } from "../service";
import { runOnEveryNode } from "../swarm/everyNode";

export interface CadvisorArgs {
  readonly context: LabContext;
}

const PORT = 8080;

/** cAdvisor, which reports every container of the engine by its name. */
export class Cadvisor extends pulumi.ComponentResource {
  /** URL as seen from the host; undefined in a swarm, where nothing of it is published. */
  readonly url: string | undefined;

  constructor(name: string, args: CadvisorArgs, options?: pulumi.ComponentResourceOptions) {
    super("observability-lab:monitoring:Cadvisor", name, {}, options);
    const { settings, machine } = args.context;
    const { url } = runOnEveryNode(
      name,
      {
        context: args.context,
        spec: {
          hostname: "cadvisor",
          service: settings.cadvisor,
          internalPort: PORT,
          healthPath: "/healthz",
          command: ["--docker_only=true", "--housekeeping_interval=5s", "--store_container_labels=false"],
          hostPaths: cadvisorPaths(machine),
          // it measures the disk usage of folders that belong to other users
          capabilities: ["CAP_DAC_READ_SEARCH"],
        },
      },
      { parent: this },
    );
    this.url = url;
    this.registerOutputs({ url: this.url });
  }
}

/**
 * What cAdvisor reads of the host. The socket is the engine's whole API, which is why no other container has it; to
 * hide it below /rootfs too, as from node_exporter, would keep nothing from who has it anyway.
 */
export function cadvisorPaths(machine: Machine): HostPath[] {
  const paths = [
    ["/", "/rootfs"],
    ["/sys", "/sys"],
    ["/var/run/docker.sock", "/var/run/docker.sock"],
    // with the containerd image store only containerd knows a container's layers
    ...(machine.storageDriver === "overlayfs"
      ? [["/run/containerd/containerd.sock", "/run/containerd/containerd.sock"]]
      : []),
  ] as [string, string][];
  return paths.map(([source, target]) => ({ source, target, mayBeMissing: true }));
}
