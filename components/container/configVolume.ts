import { local } from "@pulumi/command";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { ensureVolume } from "../../lib/docker/orphans";
import { FOLDER, getFiles, putFiles, runToEnd, withTemporaryContainer } from "../../lib/docker/temporaryContainer";
import { Drift, replaceOnDrift } from "../../lib/drift/drift";
import { describeFiles, RECORD } from "../../lib/drift/files";
import { Reload } from "../../lib/drift/reloads";
import { LAB_LABEL } from "../../lib/shared/names";
import { LabError } from "../../lib/shared/problems";
import { Teardown } from "./teardown";

/** A file of `CONFIG_FOLDER`. */
export interface ConfigFile {
  /** A name without folders. */
  readonly file: string;
  readonly content: pulumi.Input<string>;
  /**
   * Derives the file's text from a secret content when it is written. The Pulumi engine hides a secret setting in its log, but
   * not values derived from it. The file is written again when the content changes.
   */
  readonly derive?: (content: string) => string;
}

export interface ConfigVolumeArgs {
  /** Name of the volume. */
  readonly volume: string;
  /** Name of the container that reads the files. */
  readonly container: string;
  /** Its image. */
  readonly image: string;
  /** The lab's name. */
  readonly lab: string;
  readonly files: readonly ConfigFile[];
  /** Time at which the running program last loaded files, if known. */
  readonly lastReload: () => Promise<Reload | undefined>;
  /** Drift of the existing files. */
  readonly drift: Drift;
  readonly repairTime: () => string;
  readonly teardown: Teardown;
}

/** Folder with a container's files; no image has it, so the volume there hides nothing. */
export const CONFIG_FOLDER = FOLDER;

/**
 * Files for a container whose root file system is read-only. Docker cannot upload into such a container, so they are
 * written to a volume through a temporary one.
 */
export class ConfigVolume extends pulumi.ComponentResource {
  /** Replaced when the files are written again. */
  readonly files: local.Command;
  /** Differs after every write. */
  readonly version: pulumi.Output<string>;
  /** The volume, to be mounted read-only. */
  readonly mount: docker.types.input.ContainerVolume;

  constructor(name: string, args: ConfigVolumeArgs, options?: pulumi.ComponentResourceOptions) {
    super("observability-lab:components:ConfigVolume", name, {}, options);
    const labels = [{ label: LAB_LABEL, value: args.lab }];
    const volume = new docker.Volume(
      `${name}-volume`,
      { name: args.volume, labels },
      { parent: this, dependsOn: args.teardown.all, deletedWith: args.teardown.all },
    );
    args.teardown.volumes.push(volume);
    const { reason, options: repair } = replaceOnDrift(
      args,
      `the files of ${args.container}`,
      args.drift,
      "triggers[0]",
    );
    this.files = new local.Command(
      `${name}-files`,
      {
        create: "od -An -N8 -tx1 /dev/urandom | tr -d ' '",
        triggers: [reason, ...args.files.map(({ file, content }) => ({ file, content }))],
        logging: "none",
      },
      {
        parent: this,
        dependsOn: [volume, args.teardown.containers],
        // before the create, so that a failed write is not recorded as done
        hooks: { beforeCreate: [() => writeFiles(args)] },
        ...repair,
      },
    );
    // a random value that reveals nothing about the files, some of which are secret
    this.version = pulumi.unsecret(this.files.stdout);
    this.mount = { volumeName: volume.name, containerPath: CONFIG_FOLDER, readOnly: true };
    this.registerOutputs({});
  }
}

/** Writes the files with a record of them, and removes all others. */
async function writeFiles({ volume, image, lab, files, lastReload }: ConfigVolumeArgs): Promise<void> {
  const contents = await Promise.all(files.map(({ content }) => valueOf(content)));
  const declared = new Map(
    files.map(({ file, derive = (content) => content }, index) => [file, derive(contents[index] ?? "")]),
  );
  await ensureVolume(volume, lab);
  const before = await lastReload();
  const entrypoint = ["sh", "-c", `rm -rf ${FOLDER}/* ${FOLDER}/.[!.]*`];
  await withTemporaryContainer({ image, lab, volume, entrypoint }, async (id) => {
    const present = [...((await getFiles(id))?.files.keys() ?? [])];
    if (present.some((file) => file !== RECORD && !declared.has(file))) {
      const { code, output } = await runToEnd(id);
      if (code !== 0) {
        throw new LabError(`the volume ${volume} cannot be emptied: ${output.trim()}`);
      }
    }
    await putFiles(id, new Map([...declared, [RECORD, describeFiles(declared, before?.at)]]));
  });
}

function valueOf(content: pulumi.Input<string>): Promise<string> {
  return new Promise((resolve) => {
    pulumi.output(content).apply(resolve);
  });
}
