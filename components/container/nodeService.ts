import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { removeOrphan } from "../../lib/docker/orphans";
import { belongsToManager } from "../../lib/docker/swarmOwner";
import { awaitTasks } from "../../lib/docker/tasks";
import { MISSING, replaceOnDrift } from "../../lib/drift/drift";
import { serviceDrift } from "../../lib/drift/services";
import { LAB_LABEL, labName, MANAGER_LABEL, REASON_LABEL } from "../../lib/shared/names";
import { ComponentArgs, Overlay } from "../context";
import { bindMount, coverMount, healthProbe, LOG, nameOf, ServiceSpec } from "./spec";

/** Spec of a program on a node: without data, files, environment, and the options that Swarm does not support. */
export type NodeSpec = Omit<
  ServiceSpec,
  "dataPath" | "envs" | "uploads" | "scratch" | "hosts" | "pidMode" | "hostUsers" | "hostAddress"
>;

export type NodeServiceArgs = NodeSpec & ComponentArgs & { readonly overlay: Overlay };

/**
 * A service with a task on every node, also on one that joins later. As restricted as every container of the lab, except that
 * Swarm supports neither a swap limit nor `no-new-privileges`: the read-only root file system and the dropped
 * capabilities compensate for the latter. It publishes no port; Prometheus scrapes each task over the overlay network.
 */
export class NodeService extends pulumi.ComponentResource {
  constructor(name: string, args: NodeServiceArgs, options?: pulumi.ComponentResourceOptions) {
    super("observability-lab:swarm:NodeService", name, {}, options);
    const { settings, machine, observed } = args.context;
    const [lab, service] = [labName(settings.namePrefix), nameOf(args)];
    const drift = serviceDrift(observed.services.get(service));
    const { reason, options: repair } = replaceOnDrift(observed, `the service ${service}`, drift, "labels[1].value");
    const waitForTasks = (): Promise<void> => awaitTasks(service);
    new docker.Service(`${name}-service`, serviceArgs(args, reason), {
      parent: this,
      dependsOn: [args.context.teardown.containers, args.overlay.teardown],
      deleteBeforeReplace: true,
      // the overlay's teardown removes it, or before a replacement the hook
      retainOnDelete: true,
      // the provider cannot update a missing service
      replaceOnChanges: drift === MISSING ? ["labels"] : [],
      hooks: {
        beforeCreate: [() => removeOrphan("services", service, lab, (it) => belongsToManager(it, lab, machine))],
        // the provider waits only for replicated services
        afterCreate: [waitForTasks],
        afterUpdate: [waitForTasks],
      },
      ...repair,
    });
    this.registerOutputs({});
  }
}

function serviceArgs(args: NodeServiceArgs, reason: string): docker.ServiceArgs {
  const { settings, machine } = args.context;
  const label = { label: LAB_LABEL, value: labName(settings.namePrefix) };
  const { hostPaths = [], covered = [] } = args;
  return {
    name: nameOf(args),
    labels: [label, { label: REASON_LABEL, value: reason }, { label: MANAGER_LABEL, value: machine.swarm.NodeID }],
    mode: { global: true },
    // each task is scraped at its own address, so no virtual IP is needed
    endpointSpec: { mode: "dnsrr" },
    taskSpec: {
      containerSpec: {
        image: args.service.image,
        args: args.command ?? [],
        user: args.user,
        ...(args.machineName === undefined ? {} : { hostname: "{{.Node.Hostname}}" }),
        env: {},
        labels: [label],
        readOnly: true,
        mounts: [...hostPaths.map(bindMount), ...covered.map(coverMount)],
        capDrops: ["ALL"],
        capAdds: args.capabilities ?? [],
        // a task counts as running after its first check; until then its predecessor continues, while Prometheus discovers it
        healthcheck: { ...healthProbe(args), startPeriod: "1m", interval: "10s" },
      },
      resources: { limits: { memoryBytes: args.service.memory * 1024 * 1024 } },
      // the window is Swarm's default; without it a refresh would show a change
      restartPolicy: { condition: "any", delay: "5s", window: "0s" },
      placement: {
        constraints: settings.nodeLabel === undefined ? [] : [`node.labels.${settings.nodeLabel.replace("=", "==")}`],
      },
      networksAdvanceds: [{ id: args.overlay.network.id }],
      logDriver: { name: LOG.driver, options: LOG.options },
    },
    updateConfig: { ...UPDATE, failureAction: "rollback" },
    rollbackConfig: { ...UPDATE, failureAction: "pause" },
  };
}

/** Order of an update: the new task starts first, so that no node is unmonitored meanwhile. */
const UPDATE = {
  // so that a failure stops the update early
  parallelism: 2,
  delay: "0s",
  monitor: "10s",
  maxFailureRatio: "0.0",
  order: "start-first",
};
