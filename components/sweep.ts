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

/** What removes, when it is deleted, what no state knows of: an update that was killed leaves such things. */
export interface Sweep {
  /** Removes everything; deleted last, as everything depends on it. */
  readonly all: pulumi.Resource;
  /** Removes containers; deleted before the volumes, which they would hold. */
  readonly containers: pulumi.Resource;
  /** The lab's volumes, as they are declared. */
  readonly volumes: pulumi.Resource[];
  /** To be called once every volume is declared. */
  readonly complete: () => void;
}

/** Both do nothing until they are deleted: then they remove what carries the lab's label. */
export function createSweep(name: string, { lab, keep }: SweepArgs, parent: pulumi.Resource): Sweep {
  const all = createCommand(`${name}-sweep`, { LAB: lab, KEEP: keep.join(" ") }, { parent });
  const volumes: pulumi.Resource[] = [];
  let complete = (): void => undefined;
  const declared = new Promise<pulumi.Resource[]>((resolve) => {
    complete = () => {
      resolve([all, ...volumes]);
    };
  });
  const environment = { LAB: lab, ONLY: "containers" };
  const containers = createCommand(`${name}-container-sweep`, environment, { parent, dependsOn: declared });
  return { all, containers, volumes, complete };
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
        DELETE: readAsset("flask", "process.sh") + readAsset("lab", "sweep.sh"),
      },
      // what is kept is told
      logging: "stdoutAndStderr",
    },
    options,
  );
}
