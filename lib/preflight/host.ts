import { execFile } from "node:child_process";
import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";
import { Machine, needsHostNetwork } from "../docker/machine";
import { ENVIRONMENTS, ObservedHost } from "../drift/host";
import { Settings } from "../settings/settings";
import { Problem } from "../shared/problems";

/** With less, even the first Python environment fails. */
const MIN_FREE_MIB = 16;
const MIB = 1024 * 1024;
const MIN_PYTHON = "3.10";

/** Problems that prevent creating or filling the state directory on the host. */
export function findFolderProblems(
  folder: string,
  { environments }: Pick<ObservedHost, "environments">,
  env: NodeJS.ProcessEnv = process.env,
): readonly Problem[] {
  const fixed = { setting: "XDG_STATE_HOME", value: env.XDG_STATE_HOME };
  if (!path.isAbsolute(folder)) {
    return [{ ...fixed, problem: "is not an absolute path", fix: "set one that starts with /, or unset it" }];
  }
  const parent = nearest(folder);
  const reason = reasonAgainst(parent);
  if (reason !== undefined) {
    const problem = `cannot create files of the lab in ${folder}: ${reason}`;
    return [{ ...fixed, problem, fix: "set XDG_STATE_HOME to a folder that you may write to" }];
  }
  const free = freeMib(parent);
  const full = {
    ...fixed,
    problem: `${parent} has ${String(free)} MiB left, which is too little for the lab's Python environments`,
    fix: "free disk space there, or set XDG_STATE_HOME to a folder on another disk",
  };
  return Object.values(environments).some((drift) => drift !== undefined) && free < MIN_FREE_MIB ? [full] : [];
}

/** Docker without network addresses on this machine, on which the app would have to listen for Prometheus. */
export function findRootless({ rootless }: Machine, env: NodeJS.ProcessEnv = process.env): readonly Problem[] {
  const problem = {
    setting: "DOCKER_HOST",
    value: env.DOCKER_HOST,
    problem: "is a rootless Docker, whose networks are not visible on this machine",
    fix: "set it to the socket of a Docker that runs as root, such as unix:///var/run/docker.sock",
  };
  return rootless ? [problem] : [];
}

/** Settings that do not work if Docker remaps user ids (userns-remap). */
export function findRemapped(
  { engine, alertWebhook }: Pick<Settings, "engine" | "alertWebhook">,
  machine: Machine,
): readonly Problem[] {
  const swarm = {
    setting: "engine",
    value: engine,
    problem:
      "Docker runs with userns-remap, from which a Swarm service cannot opt out, as cAdvisor must to read Docker's socket",
    fix: "remove userns-remap from daemon.json, or set engine: docker",
  };
  const webhook = {
    setting: "alertWebhook",
    problem:
      "is on loopback, so Alertmanager needs the host's network, in which it cannot write its data under userns-remap",
    fix: "let the receiver listen on an address that containers reach, or remove userns-remap from daemon.json",
  };
  return machine.usersRemapped
    ? [
        ...(engine === "swarm" ? [swarm] : []),
        ...(alertWebhook !== undefined && needsHostNetwork(alertWebhook, machine) ? [webhook] : []),
      ]
    : [];
}

/** Free disk space of a folder for the current user, in MiB. */
export function freeMib(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return Math.floor((bavail * bsize) / MIB);
}

/** The folder itself, or the nearest one above it that exists. */
export function nearest(folder: string): string {
  return existsSync(folder) || folder === path.dirname(folder) ? folder : nearest(path.dirname(folder));
}

function reasonAgainst(folder: string): string | undefined {
  if (!statSync(folder).isDirectory()) {
    return `${folder} is not a folder`;
  }
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "EROFS" ? `${folder} is read-only` : `${folder} is not writable (${code ?? ""})`;
  }
}

/** Settings that need Docker on Linux itself. */
export function findDockerDesktop(
  { nodeExporterNetwork }: Pick<Settings, "nodeExporterNetwork">,
  machine: Machine,
): readonly Problem[] {
  const problem = {
    setting: "nodeExporterNetwork",
    value: nodeExporterNetwork,
    problem: "needs Docker on Linux: Docker Desktop's containers run in a virtual machine",
    fix: "set lab",
  };
  return nodeExporterNetwork === "host" && !machine.native ? [problem] : [];
}

/** The Python for the virtual environments, as the scripts choose it. */
export function chosenPython(): string {
  const { PYTHON = "" } = process.env;
  return PYTHON === "" ? "python3" : PYTHON;
}

/** A Python that cannot create the virtual environments that are missing. */
export async function findMissingPython({ environments }: ObservedHost, python: string): Promise<readonly Problem[]> {
  if (ENVIRONMENTS.every((name) => environments[name] === undefined)) {
    return [];
  }
  const probe = `import sys, venv, ensurepip; sys.exit(sys.version_info < (${MIN_PYTHON.replace(".", ", ")}))`;
  try {
    await promisify(execFile)(python, ["-c", probe]);
    return [];
  } catch {
    return [
      {
        setting: "PYTHON",
        value: python,
        problem: `is missing, older than ${MIN_PYTHON}, or has no venv`,
        fix: "install Python with venv (Debian, Ubuntu: apt-get install python3-venv), or set PYTHON to one",
      },
    ];
  }
}
