import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { ensureVolume } from "../../lib/docker/orphans";
import { dataVolumeName, LAB_LABEL, labName } from "../../lib/shared/names";
import { ComponentArgs } from "../context";
import { ServiceSpec } from "./spec";

type DataVolumeArgs = Pick<ServiceSpec, "hostname" | "dataPath" | "dataKey" | "shared"> & ComponentArgs;

/** The volume with a container's data; with `keepData` it outlives the lab. */
export function createDataVolume(
  name: string,
  { context, hostname, dataKey }: DataVolumeArgs,
  parent: pulumi.Resource,
): docker.Volume {
  const { settings, teardown } = context;
  const lab = labName(settings.namePrefix);
  const volume = new docker.Volume(
    `${name}-data`,
    {
      name: dataVolumeName(settings, hostname),
      labels: [{ label: LAB_LABEL, value: lab }, ...(dataKey === undefined ? [] : [{ ...dataKey.mark }])],
    },
    {
      parent,
      dependsOn: teardown.all,
      deletedWith: teardown.all,
      retainOnDelete: settings.keepData,
      ...(dataKey === undefined
        ? {}
        : {
            hooks: { beforeCreate: [dataKey.ensure] },
            // labels are fixed at creation: an existing volume keeps working without the mark, and is never replaced
            ignoreChanges: ["labels"],
          }),
    },
  );
  teardown.volumes.push(volume);
  return volume;
}

/** Recreates a container's removed volumes, as Docker would create them without the label that destroy looks for. */
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
      : [ensureVolume(dataVolumeName(settings, hostname), lab, label === undefined ? {} : { [label]: value ?? "" })]),
    ...shared.map(({ name }) => ensureVolume(name, lab)),
  ]);
}
