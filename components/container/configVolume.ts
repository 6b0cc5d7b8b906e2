import { local } from "@pulumi/command";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { ensureVolume } from "../../lib/docker/orphans";
import { FOLDER, getFiles, putFiles, runToEnd, withTemporaryContainer } from "../../lib/docker/temporaryContainer";
import { replaceOnDrift } from "../../lib/drift/drift";
import { describeFiles, filesDrift, RECORD } from "../../lib/drift/files";
import { readReload, Reload } from "../../lib/drift/reloads";
import { dataVolumeName, LAB_LABEL, labName } from "../../lib/shared/names";
import { LabError } from "../../lib/shared/problems";
import { WEB_PASSWORD_FILE } from "../../lib/shared/webSignIn";
import { ComponentArgs } from "../context";
import { CONFIG_FOLDER, ConfigFile, nameOf, ServiceSpec, urlOf } from "./spec";

/** A service with files, and its lab. */
type ConfigVolumeArgs = ServiceSpec & ComponentArgs & { readonly uploads: readonly ConfigFile[] };

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
    const { settings, observed, teardown } = args.context;
    const [lab, container] = [labName(settings.namePrefix), nameOf(args)];
    const volumeName = `${dataVolumeName(settings, args.hostname)}-config`;
    const volume = new docker.Volume(
      `${name}-volume`,
      { name: volumeName, labels: [{ label: LAB_LABEL, value: lab }] },
      { parent: this, dependsOn: teardown.all, deletedWith: teardown.all },
    );
    teardown.volumes.push(volume);
    const drift = filesDrift(observed.volumes.has(volumeName), observed.containers.get(container));
    const { reason, options: repair } = replaceOnDrift(observed, `the files of ${container}`, drift, "triggers[0]");
    this.files = new local.Command(
      `${name}-files`,
      {
        create: "od -An -N8 -tx1 /dev/urandom | tr -d ' '",
        triggers: [reason, ...args.uploads.map(({ file, content }) => ({ file, content }))],
        logging: "none",
      },
      {
        parent: this,
        dependsOn: [volume, teardown.containers],
        // before the create, so that a failed write is not recorded as done
        hooks: { beforeCreate: [() => writeFiles(volumeName, lab, args)] },
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
async function writeFiles(volume: string, lab: string, args: ConfigVolumeArgs): Promise<void> {
  const { uploads: files, service } = args;
  const contents = await Promise.all(files.map(({ content }) => valueOf(content)));
  const declared = new Map(
    files.map(({ file, derive = (content) => content }, index) => [file, derive(contents[index] ?? "")]),
  );
  await ensureVolume(volume, lab);
  const before = await lastReload(args);
  const entrypoint = ["sh", "-c", `rm -rf ${FOLDER}/* ${FOLDER}/.[!.]*`];
  await withTemporaryContainer({ image: service.image, lab, volume, entrypoint }, async (id) => {
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

/** The last reload that a reloadable program reports; undefined if it is not running. */
async function lastReload(args: ConfigVolumeArgs): Promise<Reload | undefined> {
  // the password that it was started with may differ from the current one
  const password = args.context.observed.containers.get(nameOf(args))?.files?.get(WEB_PASSWORD_FILE);
  return args.reloadMetrics === undefined
    ? undefined
    : readReload(urlOf(args), args.reloadMetrics, password).catch(() => undefined);
}
