import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { LAB_LABEL, labName } from "./names";
import { ensureVolume } from "./orphans";
import type { LabContext, ServiceSpec } from "./service";
import { Settings } from "./settings";

interface DataVolumeArgs extends Pick<ServiceSpec, "hostname" | "dataPath" | "shared"> {
  readonly context: LabContext;
}

/** Name of the volume that keeps a container's data. */
export function dataVolume({ namePrefix }: Settings, hostname: string): string {
  return `${labName(namePrefix)}-${hostname}`;
}

/** The volume that keeps a container's data, and with `keepData` outlives the lab. */
export function createDataVolume(
  name: string,
  { context, hostname }: DataVolumeArgs,
  parent: pulumi.Resource,
): docker.Volume {
  const { settings, sweep } = context;
  const lab = labName(settings.namePrefix);
  const volume = new docker.Volume(
    `${name}-data`,
    { name: dataVolume(settings, hostname), labels: [{ label: LAB_LABEL, value: lab }] },
    { parent, dependsOn: sweep.all, deletedWith: sweep.all, retainOnDelete: settings.keepData },
  );
  sweep.volumes.push(volume);
  return volume;
}

/** Creates a container's volumes that were removed by hand: Docker would create them without the label that destroy looks for. */
export async function ensureVolumes({ context, hostname, dataPath, shared = [] }: DataVolumeArgs): Promise<void> {
  const { settings } = context;
  const data = dataPath === undefined ? [] : [dataVolume(settings, hostname)];
  const names = [...data, ...shared.map(({ name }) => name)];
  await Promise.all(names.map((name) => ensureVolume(name, labName(settings.namePrefix))));
}
