import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { Damage, madeBecause } from "./condition/damage";
import { LAB_LABEL, REASON_LABEL } from "./names";
import { removeOrphan } from "./orphans";
import { Sweep } from "./sweep";

/** A file of `CONFIG_FOLDER`. */
export interface ConfigFile {
  /** A name without folders. */
  readonly file: string;
  readonly content: pulumi.Input<string>;
}

export interface ConfigVolumeArgs {
  /** Name of the volume. */
  readonly volume: string;
  /** Name of the container that the files are uploaded through. */
  readonly carrier: string;
  /** Any image that the engine has. */
  readonly image: string;
  /** The lab's name. */
  readonly lab: string;
  readonly files: readonly ConfigFile[];
  /** What is wrong with the files that are there. */
  readonly damage: Damage;
  readonly sweep: Sweep;
}

/** Where a container finds its files: a folder that no image has, so the volume there hides nothing. */
export const CONFIG_FOLDER = "/lab";

/**
 * Files for a container whose root file system is read-only. Docker uploads nothing into such a container, so they
 * go through another one that only shares the volume and is never started.
 */
export class ConfigVolume extends pulumi.ComponentResource {
  /** What brings the files; another one, of another id, after every change of a file. */
  readonly carrier: docker.Container;
  /** The volume, to be mounted read-only. */
  readonly mount: docker.types.input.ContainerVolume;

  constructor(name: string, args: ConfigVolumeArgs, options?: pulumi.ComponentResourceOptions) {
    super("observability-lab:components:ConfigVolume", name, {}, options);
    const labels = [{ label: LAB_LABEL, value: args.lab }];
    const volume = new docker.Volume(
      `${name}-volume`,
      { name: args.volume, labels },
      { parent: this, dependsOn: args.sweep.all, deletedWith: args.sweep.all },
    );
    args.sweep.volumes.push(volume);
    const { reason, options: mending } = madeBecause(args.carrier, args.damage, "labels[1].value");
    this.carrier = new docker.Container(
      `${name}-carrier`,
      {
        name: args.carrier,
        image: args.image,
        labels: [...labels, { label: REASON_LABEL, value: reason }],
        start: false,
        mustRun: false,
        networkMode: "none",
        securityOpts: ["no-new-privileges:true"],
        capabilities: { drops: ["ALL"] },
        volumes: [{ volumeName: volume.name, containerPath: CONFIG_FOLDER }],
        // owned by root and read by the program's user: the engine takes no owner that the host's passwd does not know
        uploads: args.files.map(({ file, content }) => ({
          file: `${CONFIG_FOLDER}/${file}`,
          content,
          permissions: "0444",
        })),
      },
      {
        parent: this,
        dependsOn: args.sweep.containers,
        deleteBeforeReplace: true,
        hooks: { beforeCreate: [() => removeOrphan("containers", args.carrier, args.lab)] },
        ...mending,
      },
    );
    this.mount = { volumeName: volume.name, containerPath: CONFIG_FOLDER, readOnly: true };
    this.registerOutputs({});
  }
}
