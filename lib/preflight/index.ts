import * as os from "node:os";
import { Machine } from "../docker/machine";
import { labFolder, ObservedHost } from "../drift/host";
import { Settings } from "../settings/settings";
import { labName } from "../shared/names";
import { Problem } from "../shared/problems";
import {
  chosenPython,
  findDockerDesktop,
  findFolderProblems,
  findMissingPython,
  findRemapped,
  findRootless,
} from "./host";
import { findMissingImages } from "./images";
import { findForeignContainers, findForeignNetwork } from "./names";
import { findTakenPorts } from "./ports";
import { findOverlaps } from "./subnets";
import { findSwarmProblems } from "./swarm";

/** All problems of this machine that prevent the lab, found before anything is created. */
export async function findProblems(
  settings: Settings,
  machine: Machine,
  host: ObservedHost,
): Promise<readonly Problem[]> {
  const problems = await Promise.all([
    findTakenPorts(settings, machine, host),
    findMissingPython(host, chosenPython()),
    findSwarmProblems(settings, machine),
    findMissingImages(settings),
  ]);
  return [
    ...findForeignContainers(settings, machine),
    ...findForeignNetwork(settings, machine),
    ...findOverlaps(settings, machine, os.networkInterfaces()),
    ...findDockerDesktop(settings, machine),
    ...findRootless(machine),
    ...findRemapped(settings, machine),
    ...findFolderProblems(labFolder(labName(settings.namePrefix)), host),
    ...problems.flat(),
  ];
}
