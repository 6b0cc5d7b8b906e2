import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { ObservedHost } from "../../lib/drift/host";
import { findFolderProblems, freeMib, nearest } from "../../lib/preflight/host";
import { Finding, ofProblems, ok, problem, warning } from "./finding";

/** Installed by `make` besides images: npm packages, the CLI with its plugins, two Python environments. */
const HOME_MIB = 2048;
/** Five images, a week of samples, and Docker's own data. */
const DOCKER_MIB = 4096;
/** The Python environments of the app and the playbook, and pip's temporary files. */
const FOLDER_MIB = 100;
/** Below this hardly anything works. */
const LEAST_MIB = 200;

/** Whether this version of Node runs the lab. */
export function checkNode(version: string): Finding {
  const major = parseInt(version, 10);
  if (major < 20) {
    return problem("node", version, "install Node.js 22, or 20 at least");
  }
  return major < 22
    ? warning("node", `${version} works, but Pulumi requires 22 and warns on each run`, "install Node.js 22")
    : ok("node", version);
}

/** Version of a Python that is known to work. */
export async function describePython(python: string): Promise<string> {
  try {
    return `${(await promisify(execFile)(python, ["--version"])).stdout.trim()} (${python}), with venv`;
  } catch {
    return "not checked: the lab's environments exist";
  }
}

/** Whether the disk of a folder has enough space; less than `least` is a problem, less than `wanted` a warning. */
export function checkDisk(check: string, folder: string, wanted: number, least: number, free = freeMib): Finding {
  const there = nearest(folder);
  const left = free(there);
  const seen = `${String(left)} MiB free at ${there}`;
  if (left >= wanted) {
    return ok(check, seen);
  }
  return left < least
    ? problem(check, seen, `free disk space: ${String(wanted)} MiB are enough`)
    : warning(
        check,
        `${seen}; a new lab needs up to ${String(wanted)} MiB`,
        "free disk space if the lab is not installed yet",
      );
}

/** Whether the state directory is usable and has space for what is not installed yet. */
export function checkFolder(folder: string, observed: ObservedHost): readonly Finding[] {
  const problems = findFolderProblems(folder, observed);
  const made = Object.values(observed.environments).every((drift) => drift === undefined);
  return problems.length > 0
    ? ofProblems("lab's folder", problems, folder)
    : [checkDisk("lab's folder", folder, made ? 0 : FOLDER_MIB, 0)];
}

/** Whether the home directory has space for what `make` installs. */
export function checkHome(home: string): Finding {
  return checkDisk("home disk", home, HOME_MIB, LEAST_MIB);
}

/** Whether Docker's disk has space for images and samples. */
export function checkDockerDisk(root: string, native: boolean): Finding {
  return native
    ? checkDisk("docker disk", root, DOCKER_MIB, LEAST_MIB)
    : ok("docker disk", "that of the virtual machine");
}
