import * as pulumi from "@pulumi/pulumi";
import { Machine } from "../../lib/docker/machine";
import { Settings } from "../../lib/settings/settings";
import { seconds, writeDuration } from "../../lib/shared/duration";
import { runOnEveryNode } from "../container/everyNode";
import { HostPath, specOf } from "../container/spec";
import { ComponentArgs } from "../context";

/** Sockets of Docker and containerd that cAdvisor uses by default. */
const DOCKER = "/var/run/docker.sock";
const CONTAINERD = "/run/containerd/containerd.sock";

/** cAdvisor, which reports every container of this Docker by name. */
export class Cadvisor extends pulumi.ComponentResource {
  constructor(name: string, args: ComponentArgs, options?: pulumi.ComponentResourceOptions) {
    super("observability-lab:monitoring:Cadvisor", name, {}, options);
    const { settings, machine } = args.context;
    runOnEveryNode(
      name,
      {
        context: args.context,
        spec: {
          ...specOf("cadvisor", settings),
          healthPath: "/healthz",
          command: [
            "--docker_only=true",
            // the rate over four scrapes would have no value with samples that are further apart
            `--housekeeping_interval=${writeDuration(Math.min(seconds(settings.scrapeInterval), 5))}`,
            "--store_container_labels=false",
            // keeps no label without the flag
            ...(settings.containerLabels === "" ? [] : [`--whitelisted_container_labels=${settings.containerLabels}`]),
          ],
          hostPaths: cadvisorPaths(settings, machine),
          // for the disk usage of other users' folders
          capabilities: ["CAP_DAC_READ_SEARCH"],
        },
        // Docker's socket belongs to the host's root
        onMachine: { hostUsers: true },
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

/**
 * Paths of the host that cAdvisor reads. The socket is Docker's whole API, so no other container has it; hiding it
 * below /rootfs too, as for node_exporter, would be useless, as the program has it anyway.
 */
function cadvisorPaths({ engine }: Pick<Settings, "engine">, machine: Machine): HostPath[] {
  // the paths on a swarm's other nodes are unknown: the usual ones
  const usual = engine === "swarm" || !machine.native;
  const docker = { source: usual ? DOCKER : machine.socket, target: DOCKER };
  const containerd = { source: usual ? CONTAINERD : machine.containerdSocket, target: CONTAINERD };
  const paths = [
    { source: "/", target: "/rootfs" },
    { source: "/sys", target: "/sys" },
    docker,
    // with the containerd image store only containerd knows a container's layers
    ...(machine.storageDriver === "overlayfs" ? [containerd] : []),
  ];
  return paths.flatMap(({ source, target }) =>
    source === undefined ? [] : { source, target, ...(machine.native ? {} : { inVirtualMachine: true }) },
  );
}
