import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { readAsset } from "./assets";
import { LAB_LABEL, MANAGER_LABEL } from "./names";

export interface SweepArgs {
  /** The lab's name. */
  readonly lab: string;
  /** Volumes that `destroy` leaves. */
  readonly keep: readonly string[];
}

/**
 * What removes, when it is deleted, the lab's network and volumes, and what no state knows of: an update that was killed
 * leaves such things. Both of its commands do nothing until then.
 *
 * The provider takes 2 s for a volume or a network, so in a destroy these go with this component. One that is made
 * anew is removed by the provider.
 */
export class Sweep extends pulumi.ComponentResource {
  /** Removes everything; deleted last, as everything depends on it, and with it what is `deletedWith` it. */
  readonly all: pulumi.Resource;
  /** Removes containers; deleted before the volumes, which they would hold. */
  readonly containers: pulumi.Resource;
  /** The lab's volumes, as they are declared. */
  readonly volumes: pulumi.Resource[] = [];
  /** To be called once every volume is declared. */
  readonly complete: () => void;

  constructor(name: string, { lab, keep }: SweepArgs, options?: pulumi.ComponentResourceOptions) {
    super("observability-lab:components:Sweep", name, {}, options);
    // where they were before: made anew, the old ones would sweep the lab away
    const moved = { parent: this, aliases: [{ parent: options?.parent }] };
    this.all = createCommand(`${name}-sweep`, { LAB: lab, KEEP: keep.join(" ") }, moved);
    let complete = (): void => undefined;
    const declared = new Promise<pulumi.Resource[]>((resolve) => {
      complete = () => {
        resolve([this.all, ...this.volumes]);
      };
    });
    this.complete = complete;
    const environment = { LAB: lab, ONLY: "containers" };
    this.containers = createCommand(`${name}-container-sweep`, environment, { ...moved, dependsOn: declared });
    this.registerOutputs({});
  }
}

function createCommand(
  name: string,
  environment: Record<string, string>,
  options: pulumi.CustomResourceOptions,
): local.Command {
  return new local.Command(
    name,
    {
      create: ":",
      delete: 'sh -c "$DELETE"',
      environment: {
        ...environment,
        LABEL: LAB_LABEL,
        MANAGER_LABEL,
        DELETE: readAsset("flask", "process.sh") + readAsset("lab", "sweep.sh"),
      },
      // what is kept is told
      logging: "stdoutAndStderr",
    },
    options,
  );
}
