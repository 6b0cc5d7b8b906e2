import * as os from "node:os";
import { dockerGet } from "../../lib/docker/client";
import { DockerInfo, inspectMachine, Machine } from "../../lib/docker/machine";
import { removeLeftovers } from "../../lib/docker/temporaryContainer";
import { labFolder, ObservedHost, observeHost } from "../../lib/drift/host";
import { machineChecks } from "../../lib/preflight";
import { chosenPython, findMissingPython } from "../../lib/preflight/host";
import { findOverlaps } from "../../lib/preflight/subnets";
import { Settings } from "../../lib/settings/settings";
import { readStackFiles } from "../../lib/settings/stackFiles";
import { labName } from "../../lib/shared/names";
import { LabError } from "../../lib/shared/problems";
import { checkCgroups, checkDocker, checkMemory, checkMounts, checkSocketFolders, checkStorage } from "./docker";
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
  const checks = machineChecks(settings, machine, host).map(async ({ name, problems, passed }) =>
    ofProblems(name, await problems, passed),
  );
  return [
    checkDocker(info, machine),
    checkStorage(machine),
    checkCgroups(info),
    checkMemory(info, settings),
    checkDockerDisk(info.DockerRootDir, machine.native),
    checkMounts(machine),
    ...(await Promise.all(checks)).flat(),
    findOverlaps(settings, machine, os.networkInterfaces()).length > 0
      ? skipped("firewall", "fix the subnet first")
      : await tryFirewall(settings, machine, host.app === undefined ? host.appPort : undefined),
    ...(await checkNeighbours(settings, machine)),
    await checkGrafanaKey(settings, machine),
  ];
}
