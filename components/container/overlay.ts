import { local } from "@pulumi/command";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { removeOrphan } from "../../lib/docker/orphans";
import { belongsToManager } from "../../lib/docker/swarmOwner";
import { MISSING, replaceOnDrift } from "../../lib/drift/drift";
import { readAsset } from "../../lib/shared/assets";
import { LAB_LABEL, labName, MANAGER_LABEL, overlayName, REASON_LABEL } from "../../lib/shared/names";
import { LabContext, Overlay } from "../context";

/** Creates the network over all nodes; other services and containers may join it. */
export function createOverlay(
  name: string,
  { settings, machine, observed, teardown }: Pick<LabContext, "settings" | "machine" | "observed" | "teardown">,
  parent: pulumi.Resource,
): Overlay {
  const lab = labName(settings.namePrefix);
  const overlay = overlayName(settings.namePrefix);
  const { reason, options: repair } = replaceOnDrift(
    observed,
    `the network ${overlay}`,
    observed.overlay === undefined ? MISSING : undefined,
    "labels[1].value",
  );
  const network = new docker.Network(
    `${name}-overlay`,
    {
      name: overlay,
      driver: "overlay",
      attachable: true,
      ...(settings.overlayEncryption ? { options: { encrypted: "true" } } : {}),
      // Swarm would choose the same gateway, but a refresh would show it as a change
      ipamConfigs: [{ subnet: settings.overlaySubnet, gateway: settings.overlayGateway }],
      labels: [
        { label: LAB_LABEL, value: lab },
        { label: REASON_LABEL, value: reason },
        { label: MANAGER_LABEL, value: machine.swarm.NodeID },
      ],
    },
    {
      parent,
      dependsOn: teardown.all,
      deletedWith: teardown.all,
      deleteBeforeReplace: true,
      hooks: {
        beforeCreate: [() => removeOrphan("networks", overlay, lab, (it) => belongsToManager(it, lab, machine))],
      },
      ...repair,
      // changed labels would replace the network: one of an earlier version stays as it is
      ...(observed.overlay === undefined ? {} : { ignoreChanges: ["labels"] }),
    },
  );
  // the provider can delete neither a service that is already gone nor a network whose tasks are still stopping
  const removal = new local.Command(
    `${name}-overlay-drain`,
    {
      create: ":",
      delete: 'sh -c "$DELETE"',
      environment: {
        LAB: lab,
        LABEL: LAB_LABEL,
        MANAGER_LABEL,
        NETWORK: overlay,
        DELETE: readAsset("lab", "overlay-teardown.sh"),
      },
      triggers: [network.id],
      logging: "none",
    },
    { parent, dependsOn: teardown.containers, deleteBeforeReplace: true },
  );
  return { network, teardown: removal };
}
