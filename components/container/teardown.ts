import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { readAsset } from "../../lib/shared/assets";
import { LAB_LABEL, MANAGER_LABEL } from "../../lib/shared/names";

export interface TeardownArgs {
  /** The lab's name. */
  readonly lab: string;
  /** Volumes that `destroy` leaves. */
  readonly keep: readonly string[];
  /** Whether programs may write their last data before they end, as it is kept or sent elsewhere. */
  readonly graceful: boolean;
}

/**
 * Removes on destroy everything that the lab has on this machine, including leftovers of an interrupted update that no state
 * knows.
 *
 * The provider takes 2 s for each volume or network, and the Pulumi engine deletes the tree level by level, so in a destroy
 * everything goes with this component at once (`deletedWith`). A resource that is replaced is removed by the provider.
 */
export class Teardown extends pulumi.ComponentResource {
  /** Removes everything when it is deleted, which is last, as everything depends on it. */
  readonly all: pulumi.Resource;
  /** Exists once every volume does. Earlier versions removed the containers with it, hence its name. */
  readonly containers: pulumi.Resource;
  /** The lab's volumes, as they are declared. */
  readonly volumes: pulumi.Resource[] = [];

  constructor(name: string, { lab, keep, graceful }: TeardownArgs, options?: pulumi.ComponentResourceOptions) {
    super("observability-lab:components:Sweep", name, {}, options);
    // their former parent: if they were replaced, deleting the old ones would remove the lab
    const moved = { parent: this, aliases: [{ parent: options?.parent }] };
    this.all = new local.Command(
      `${name}-sweep`,
      {
        create: ":",
        delete: 'sh -c "$DELETE"',
        environment: {
          LAB: lab,
          KEEP: keep.join(" "),
          ...(graceful ? { GRACEFUL: "yes" } : {}),
          LABEL: LAB_LABEL,
          MANAGER_LABEL,
          DELETE: readAsset("flask", "process.sh") + readAsset("lab", "sweep.sh"),
        },
        // it names the volumes that stay
        logging: "stdoutAndStderr",
      },
      moved,
    );
    // the lab is declared at once, so every volume is by then
    const declared = Promise.resolve().then(() => [this.all, ...this.volumes]);
    this.containers = new local.Command(
      `${name}-container-sweep`,
      { create: ":", logging: "none" },
      { ...moved, dependsOn: declared, deletedWith: this.all },
    );
    this.registerOutputs({});
  }
}
