import { DockerContainer, Machine } from "../docker/machine";
import { containersOf } from "../settings/services";
import { Settings } from "../settings/settings";
import { LAB_LABEL, labName, overlayName } from "../shared/names";
import { Problem } from "../shared/problems";

/** Containers with a name of the lab that are not the lab's. */
export function findForeignContainers(settings: Settings, machine: Machine): readonly Problem[] {
  return containersOf(settings)
    .map((name) => `${settings.namePrefix}${name}`)
    .filter((name) => machine.containers.some((it) => it.Names.includes(`/${name}`) && !belongsToLab(it, settings)))
    .map((name) => ({
      setting: "namePrefix",
      value: settings.namePrefix,
      problem: `a container named ${name} exists and does not belong to this lab`,
      fix: `set another namePrefix, or remove it with docker rm -f ${name}`,
    }));
}

/** A network with the lab's name that is not the lab's. */
export function findForeignNetwork({ namePrefix }: Settings, { networks }: Machine): readonly Problem[] {
  const lab = labName(namePrefix);
  return networks
    .filter(({ Name, Labels }) => [lab, overlayName(namePrefix)].includes(Name) && Labels?.[LAB_LABEL] !== lab)
    .map(({ Name }) => ({
      setting: "namePrefix",
      value: namePrefix,
      problem: `a network named ${Name} exists and does not belong to this lab`,
      fix: `set another namePrefix, or remove it with docker network rm ${Name}`,
    }));
}

/** Whether a container belongs to the lab with these settings. */
export function belongsToLab({ Labels }: DockerContainer, { namePrefix }: Pick<Settings, "namePrefix">): boolean {
  return Labels[LAB_LABEL] === labName(namePrefix);
}
