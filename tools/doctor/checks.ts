import * as os from "node:os";
import { askEngine } from "../../lib/docker/client";
import { HostCondition, labFolder, lookAtHost } from "../../lib/drift/host";
import { Fault, LabError } from "../../lib/shared/problems";
import { findRemapped, findRootless } from "../../lib/preflight/host";
import { inspectMachine, Machine } from "../../lib/docker/machine";
import { labName } from "../../lib/shared/names";
import { findForeignContainers, findForeignNetwork, findMissingPython, findTakenPorts } from "../../lib/preflight";
import { findOverlaps } from "../../lib/preflight/subnets";
import { Settings } from "../../lib/settings/settings";
import { findSwarmFaults } from "../../lib/preflight/swarm";
import { watchedNodes } from "../../lib/docker/swarm";
import { removeLeftovers } from "../../lib/docker/temporaryContainer";
import {
  checkCgroups,
  checkEngine,
  checkMemory,
  checkMounts,
  checkSocketFolders,
  checkStorage,
  EngineInfo,
} from "./engine";
import { Finding, fault, ofFaults, skipped } from "./finding";
import { tryFirewall } from "./firewall";
import { checkGrafanaKey } from "./grafanaKey";
import { checkEngineDisk, checkFolder, checkHome, checkNode, describePython } from "./host";
import { checkNeighbours } from "./neighbours";

/** Every check of this machine, in the order in which one needs the other. */
export async function examine({
  settings,
  faults,
}: {
  readonly settings: Settings;
  readonly faults: readonly Fault[];
}): Promise<readonly Finding[]> {
  const lab = labName(settings.namePrefix);
  const folder = labFolder(lab);
  const condition = await lookAtHost(lab, folder);
  const python = process.env.PYTHON ?? "python3";
  const host = [
    checkNode(process.versions.node),
    ...ofFaults("python", await findMissingPython(condition, python), await describePython(python)),
    ...checkFolder(folder, condition),
    checkHome(os.homedir()),
    ...ofFaults("settings", faults, "none that is refused"),
    ...checkSocketFolders(),
  ];
  return [
    ...host,
    ...(faults.length > 0 ? [skipped("docker", "the settings first")] : await examineEngine(settings, condition)),
  ];
}

async function examineEngine(settings: Settings, host: HostCondition): Promise<readonly Finding[]> {
  let machine: Machine, info: EngineInfo;
  try {
    await removeLeftovers();
    [machine, info] = await Promise.all([inspectMachine(), askEngine<EngineInfo>("/info")]);
  } catch (error) {
    if (error instanceof LabError) {
      return [fault("docker", error.message, "https://docs.docker.com/engine/install/")];
    }
    throw error;
  }
  const overlaps = findOverlaps(settings, machine, os.networkInterfaces());
  return [
    checkEngine(info, machine),
    ...ofFaults("root", findRootless(machine), "the engine's networks are this machine's"),
    ...ofFaults(
      "users",
      findRemapped(settings, machine),
      machine.usersRemapped
        ? "userns-remap: node_exporter and cAdvisor keep the host's, as they read its processes and its sockets"
        : "a container's are the host's",
    ),
    checkStorage(machine),
    checkCgroups(info),
    checkMemory(info, settings),
    checkEngineDisk(info.DockerRootDir, machine.native),
    checkMounts(machine),
    ...ofFaults(
      "names",
      [...findForeignContainers(settings, machine), ...findForeignNetwork(settings, machine)],
      "nothing else has one of the lab's",
    ),
    ...(settings.engine === "swarm"
      ? ofFaults(
          "swarm",
          await findSwarmFaults(settings, machine),
          `${String(watchedNodes(machine.swarm, settings.nodeLabel).length)} nodes are reached`,
        )
      : []),
    ...ofFaults("subnet", overlaps, `${settings.subnet} is free, or the lab's`),
    ...ofFaults("ports", await findTakenPorts(settings, machine, host), "free, or the lab's"),
    overlaps.length > 0 ? skipped("firewall", "the subnet first") : await tryFirewall(settings, machine),
    ...(await checkNeighbours(settings, machine)),
    await checkGrafanaKey(settings, machine),
  ];
}
