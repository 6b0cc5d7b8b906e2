import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { readAsset } from "../../lib/shared/assets";
import { LAB_LABEL, MANAGER_LABEL } from "../../lib/shared/names";

export interface TeardownArgs {
  /** The lab's name. */
  readonly lab: string;
  /** Volumes that `destroy` leaves. */
  readonly keep: readonly string[];
}

/**
 * What removes, when it is deleted, the lab's network and volumes, and what no state knows of: an update that was killed
 * leaves such things.
 *
 * The provider takes 2 s for a volume or a network, and the engine deletes level by level of the tree: in a destroy all
 * that is on the machine goes with this component instead. A part that is replaced is removed by the provider.
 */
export class Teardown extends pulumi.ComponentResource {
  /** Removes everything; deleted last, as everything depends on it, and with it what is `deletedWith` it. */
  readonly all: pulumi.Resource;
  /** Once it is there, every volume is. Its name is of earlier versions, in which its deletion removed the containers. */
  readonly containers: pulumi.Resource;
  /** The lab's volumes, as they are declared. */
  readonly volumes: pulumi.Resource[] = [];
  /** To be called once every volume is declared. */
  readonly complete: () => void;

  constructor(name: string, { lab, keep }: TeardownArgs, options?: pulumi.ComponentResourceOptions) {
    super("observability-lab:components:Sweep", name, {}, options);
    // where they were before: made anew, the old ones would sweep the lab away
    const moved = { parent: this, aliases: [{ parent: options?.parent }] };
    this.all = new local.Command(
      `${name}-sweep`,
      {
        create: ":",
        delete: 'sh -c "$DELETE"',
        environment: {
          LAB: lab,
          KEEP: keep.join(" "),
          LABEL: LAB_LABEL,
          MANAGER_LABEL,
          DELETE: readAsset("flask", "process.sh") + readAsset("lab", "sweep.sh"),
        },
        // it names the volumes that stay
        logging: "stdoutAndStderr",
      },
      moved,
    );
    let complete = (): void => undefined;
    const declared = new Promise<pulumi.Resource[]>((resolve) => {
      complete = () => {
        resolve([this.all, ...this.volumes]);
      };
    });
    this.complete = complete;
    this.containers = new local.Command(
      `${name}-container-sweep`,
      { create: ":", logging: "none" },
      { ...moved, dependsOn: declared, deletedWith: this.all },
    );
    this.registerOutputs({});
  }
}
