import * as os from "node:os";
import { Machine } from "../docker/machine";
import { monitoredNodes } from "../docker/swarm";
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

/** A check that `up` has to pass, and that `make doctor` lists. */
interface MachineCheck {
  readonly name: string;
  readonly problems: readonly Problem[] | Promise<readonly Problem[]>;
  /** Text shown if it passes. */
  readonly passed: string;
}

/** The checks that need Docker. */
export function machineChecks(settings: Settings, machine: Machine, host: ObservedHost): readonly MachineCheck[] {
  const nodes = monitoredNodes(machine.swarm, settings.nodeLabel);
  const swarm = {
    name: "swarm",
    problems: findSwarmProblems(settings, machine),
    passed: `reachable nodes: ${String(nodes.length)}`,
  };
  return [
    {
      name: "root",
      problems: findRootless(machine),
      passed: "not rootless: container networks are visible on this machine",
    },
    {
      name: "users",
      problems: findRemapped(settings, machine),
      passed: machine.usersRemapped
        ? "userns-remap; node_exporter and cAdvisor use the host's users, to read its processes and sockets"
        : "not remapped: users of containers are users of the host",
    },
    {
      name: "network",
      problems: findDockerDesktop(settings, machine),
      passed: `node_exporter is in the ${settings.nodeExporterNetwork} network`,
    },
    {
      name: "names",
      problems: [...findForeignContainers(settings, machine), ...findForeignNetwork(settings, machine)],
      passed: "no other container or network has a name of the lab",
    },
    ...(settings.engine === "swarm" ? [swarm] : []),
    {
      name: "subnet",
      problems: findOverlaps(settings, machine, os.networkInterfaces()),
      passed: `${settings.subnet} is free, or used by the lab`,
    },
    { name: "ports", problems: findTakenPorts(settings, machine, host), passed: "free, or used by the lab" },
  ];
}

/** All problems of this machine that prevent the lab, found before anything is created. */
export async function findProblems(
  settings: Settings,
  machine: Machine,
  host: ObservedHost,
): Promise<readonly Problem[]> {
  const problems = await Promise.all([
    findMissingPython(host, chosenPython()),
    ...machineChecks(settings, machine, host).map((it) => it.problems),
    findMissingImages(settings),
  ]);
  return [...findFolderProblems(labFolder(labName(settings.namePrefix)), host), ...problems.flat()];
}
