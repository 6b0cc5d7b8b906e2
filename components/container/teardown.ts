import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { readAsset } from "../../lib/shared/assets";
import { LAB_LABEL, MANAGER_LABEL } from "../../lib/shared/names";

export interface TeardownArgs {
  /** The lab's name. */
  readonly lab: string;
  /** Volumes that `destroy` keeps. */
  readonly keep: readonly string[];
  /** Whether programs are stopped gracefully, so that they flush data that is kept or sent elsewhere. */
  readonly graceful: boolean;
}

/**
 * Removes on destroy everything of the lab on this machine, including leftovers of an interrupted update that are not in the
 * state.
 *
 * The provider takes 2 s for each volume or network, and the Pulumi engine deletes the tree level by level, so in a destroy
 * this component removes everything at once (`deletedWith`). The provider removes a resource that is replaced.
 */
export class Teardown extends pulumi.ComponentResource {
  /** Removes everything when it is deleted; deleted last, as everything depends on it. */
  readonly all: pulumi.Resource;
  /** Created after every volume. Named for its role in earlier versions, which removed the containers. */
  readonly containers: pulumi.Resource;
  /** The lab's volumes; each component adds its own. */
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
          DELETE: readAsset("flask", "process.sh") + readAsset("lab", "teardown.sh"),
        },
        // the output names the kept volumes
        logging: "stdoutAndStderr",
      },
      moved,
    );
    // the lab is declared synchronously, so every volume is in the list by then
    const declared = Promise.resolve().then(() => [this.all, ...this.volumes]);
    this.containers = new local.Command(
      `${name}-container-sweep`,
      { create: ":", logging: "none" },
      { ...moved, dependsOn: declared, deletedWith: this.all },
    );
    this.registerOutputs({});
  }
}
