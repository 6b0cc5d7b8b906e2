import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { LAB_LABEL, labName } from "./names";
import { ensureVolume } from "./orphans";
import type { LabContext, ServiceSpec } from "./service";
import { Settings } from "./settings";

interface DataVolumeArgs extends Pick<ServiceSpec, "hostname" | "dataPath" | "dataKey" | "shared"> {
  readonly context: LabContext;
}

/** Name of the volume that keeps a container's data. */
export function dataVolume({ namePrefix }: Settings, hostname: string): string {
  return `${labName(namePrefix)}-${hostname}`;
}

/** The volume that keeps a container's data, and with `keepData` outlives the lab. */
export function createDataVolume(
  name: string,
  { context, hostname, dataKey }: DataVolumeArgs,
  parent: pulumi.Resource,
): docker.Volume {
  const { settings, sweep } = context;
  const lab = labName(settings.namePrefix);
  const volume = new docker.Volume(
    `${name}-data`,
    {
      name: dataVolume(settings, hostname),
      labels: [{ label: LAB_LABEL, value: lab }, ...(dataKey === undefined ? [] : [{ ...dataKey.mark }])],
    },
    {
      parent,
      dependsOn: sweep.all,
      deletedWith: sweep.all,
      retainOnDelete: settings.keepData,
      ...(dataKey === undefined
        ? {}
        : {
            hooks: { beforeCreate: [dataKey.ensure] },
            // labels are fixed at creation: a volume from before goes on without the mark, and is never replaced
            ignoreChanges: ["labels"],
          }),
    },
  );
  sweep.volumes.push(volume);
  return volume;
}

/** Creates a container's volumes that were removed by hand: Docker would create them without the label that destroy looks for. */
export async function ensureVolumes({
  context: { settings },
  hostname,
  dataPath,
  dataKey,
  shared = [],
}: DataVolumeArgs): Promise<void> {
  const lab = labName(settings.namePrefix);
  await dataKey?.ensure();
  const { label, value } = dataKey?.mark ?? {};
  await Promise.all([
    ...(dataPath === undefined
      ? []
      : [ensureVolume(dataVolume(settings, hostname), lab, label === undefined ? {} : { [label]: value ?? "" })]),
    ...shared.map(({ name }) => ensureVolume(name, lab)),
  ]);
}
