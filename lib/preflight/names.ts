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
    .map((name) => foreign(settings, "container", name, "rm -f"));
}

/** A network with the lab's name that is not the lab's. */
export function findForeignNetwork(settings: Settings, { networks }: Machine): readonly Problem[] {
  const { namePrefix } = settings;
  const lab = labName(namePrefix);
  return networks
    .filter(({ Name, Labels }) => [lab, overlayName(namePrefix)].includes(Name) && Labels?.[LAB_LABEL] !== lab)
    .map(({ Name }) => foreign(settings, "network", Name, "network rm"));
}

/** An object with a name of the lab that is not the lab's, and the command of Docker that removes it. */
export function foreign({ namePrefix }: Settings, kind: string, name: string, remove: string): Problem {
  return {
    setting: "namePrefix",
    value: namePrefix,
    problem: `a ${kind} named ${name} exists and does not belong to this lab`,
    fix: `set another namePrefix, or remove it with docker ${remove} ${name}`,
  };
}

/** Whether a container belongs to the lab with these settings. */
export function belongsToLab({ Labels }: DockerContainer, { namePrefix }: Pick<Settings, "namePrefix">): boolean {
  return Labels[LAB_LABEL] === labName(namePrefix);
}
