import * as os from "node:os";
import { dockerGet } from "../../lib/docker/client";
import { inspectMachine, Machine } from "../../lib/docker/machine";
import { monitoredNodes } from "../../lib/docker/swarm";
import { removeLeftovers } from "../../lib/docker/temporaryContainer";
import { labFolder, ObservedHost, observeHost } from "../../lib/drift/host";
import {
  chosenPython,
  findDockerDesktop,
  findMissingPython,
  findRemapped,
  findRootless,
} from "../../lib/preflight/host";
import { findForeignContainers, findForeignNetwork } from "../../lib/preflight/names";
import { findTakenPorts } from "../../lib/preflight/ports";
import { findOverlaps } from "../../lib/preflight/subnets";
import { findSwarmProblems } from "../../lib/preflight/swarm";
import { Settings } from "../../lib/settings/settings";
import { readStackFiles } from "../../lib/settings/stackFiles";
import { labName } from "../../lib/shared/names";
import { LabError } from "../../lib/shared/problems";
import {
  checkCgroups,
  checkDocker,
  checkMemory,
  checkMounts,
  checkSocketFolders,
  checkStorage,
  DockerInfo,
} from "./docker";
import { Finding, ofProblems, problem, skipped } from "./finding";
import { tryFirewall } from "./firewall";
import { checkGrafanaKey } from "./grafanaKey";
import { checkDockerDisk, checkFolder, checkHome, checkNode, describePython } from "./host";
import { checkNeighbours } from "./neighbours";

/** All checks of this machine, each after those that it needs. */
export async function examine({ settings, problems }: ReturnType<typeof readStackFiles>): Promise<readonly Finding[]> {
  const lab = labName(settings.namePrefix);
  const folder = labFolder(lab);
  const observed = await observeHost(lab, folder);
  const python = chosenPython();
  const host = [
    checkNode(process.versions.node),
    ...ofProblems("python", await findMissingPython(observed, python), await describePython(python)),
    ...checkFolder(folder, observed),
    checkHome(os.homedir()),
    ...ofProblems("settings", problems, "all valid"),
    ...checkSocketFolders(),
  ];
  return [
    ...host,
    ...(problems.length > 0 ? [skipped("docker", "fix the settings first")] : await examineDocker(settings, observed)),
  ];
}

async function examineDocker(settings: Settings, host: ObservedHost): Promise<readonly Finding[]> {
  let machine: Machine, info: DockerInfo;
  try {
    await removeLeftovers();
    [machine, info] = await Promise.all([inspectMachine(), dockerGet<DockerInfo>("/info")]);
  } catch (error) {
    if (error instanceof LabError) {
      return [problem("docker", error.message, "https://docs.docker.com/engine/install/")];
    }
    throw error;
  }
  const overlaps = findOverlaps(settings, machine, os.networkInterfaces());
  return [
    checkDocker(info, machine),
    ...ofProblems("root", findRootless(machine), "not rootless: container networks are visible on this machine"),
    ...ofProblems(
      "users",
      findRemapped(settings, machine),
      machine.usersRemapped
        ? "userns-remap; node_exporter and cAdvisor use the host's users, to read its processes and sockets"
        : "not remapped: users of containers are users of the host",
    ),
    checkStorage(machine),
    checkCgroups(info),
    checkMemory(info, settings),
    checkDockerDisk(info.DockerRootDir, machine.native),
    checkMounts(machine),
    ...ofProblems(
      "network",
      findDockerDesktop(settings, machine),
      `node_exporter is in the ${settings.nodeExporterNetwork} network`,
    ),
    ...ofProblems(
      "names",
      [...findForeignContainers(settings, machine), ...findForeignNetwork(settings, machine)],
      "no other container or network has a name of the lab",
    ),
    ...(settings.engine === "swarm"
      ? ofProblems(
          "swarm",
          await findSwarmProblems(settings, machine),
          `reachable nodes: ${String(monitoredNodes(machine.swarm, settings.nodeLabel).length)}`,
        )
      : []),
    ...ofProblems("subnet", overlaps, `${settings.subnet} is free, or used by the lab`),
    ...ofProblems("ports", await findTakenPorts(settings, machine, host), "free, or used by the lab"),
    overlaps.length > 0
      ? skipped("firewall", "fix the subnet first")
      : await tryFirewall(settings, machine, host.app === undefined ? host.appPort : undefined),
    ...(await checkNeighbours(settings, machine)),
    await checkGrafanaKey(settings, machine),
  ];
}
