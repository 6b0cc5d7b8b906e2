import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { readAsset } from "./assets";
import { LAB_LABEL } from "./names";

export interface SweepArgs {
  /** The lab's name. */
  readonly lab: string;
  /** Volumes that `destroy` leaves. */
  readonly keep: readonly string[];
}

/**
 * Deleted last, as everything depends on it: it then removes what carries the lab's label and no state knows, such as
 * a container that an update made just before it was killed.
 */
export function createSweep(name: string, { lab, keep }: SweepArgs, parent: pulumi.Resource): local.Command {
  return new local.Command(
    `${name}-sweep`,
    {
      create: ":",
      delete: 'sh -c "$DELETE"',
      environment: {
        LAB: lab,
        LABEL: LAB_LABEL,
        KEEP: keep.join(" "),
        DELETE: readAsset("flask", "process.sh") + readAsset("lab", "sweep.sh"),
      },
      // what is kept is told
      logging: "stdoutAndStderr",
    },
    { parent },
  );
}
