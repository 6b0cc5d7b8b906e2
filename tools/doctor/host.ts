import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { ObservedHost } from "../../lib/drift/host";
import { findFolderProblems, freeMib, nearest } from "../../lib/preflight/host";
import { Finding, ofProblems, ok, problem, warning } from "./finding";

/** What `make` installs besides images: npm packages, the CLI with its plugins, two Python environments. */
const HOME_MIB = 2048;
/** Five images, a week of samples, and room for the engine. */
const DOCKER_MIB = 4096;
/** The Python environments of the app and the playbook, and what pip needs meanwhile. */
const FOLDER_MIB = 100;
/** Below this hardly anything works. */
const LEAST_MIB = 200;

/** Whether this Node runs the lab, from its version. */
export function checkNode(version: string): Finding {
  const major = parseInt(version, 10);
  if (major < 20) {
    return problem("node", version, "install Node.js 22, or 20 at least");
  }
  return major < 22
    ? warning("node", `${version} works, but Pulumi asks for 22 and says so at each run`, "install Node.js 22")
    : ok("node", version);
}

/** Which Python it is, once it is known to do. */
export async function describePython(python: string): Promise<string> {
  try {
    return `${(await promisify(execFile)(python, ["--version"])).stdout.trim()} (${python}), with venv`;
  } catch {
    return "not asked: the lab's environments are made";
  }
}

/** Whether there is room on the disk of a folder; with less than `least` the lab has none. */
export function checkDisk(check: string, folder: string, wanted: number, least: number, free = freeMib): Finding {
  const there = nearest(folder);
  const left = free(there);
  const seen = `${String(left)} MiB free at ${there}`;
  if (left >= wanted) {
    return ok(check, seen);
  }
  return left < least
    ? problem(check, seen, `make room: ${String(wanted)} MiB are enough`)
    : warning(
        check,
        `${seen}; from nothing the lab takes up to ${String(wanted)} MiB`,
        "make room if it is not installed yet",
      );
}

/** Whether the lab can keep its files on the host, and those that it still has to make find room. */
export function checkFolder(folder: string, observed: ObservedHost): readonly Finding[] {
  const problems = findFolderProblems(folder, observed);
  const made = Object.values(observed.environments).every((drift) => drift === undefined);
  return problems.length > 0
    ? ofProblems("lab's folder", problems, folder)
    : [checkDisk("lab's folder", folder, made ? 0 : FOLDER_MIB, 0)];
}

/** Whether the home has room for what `make` installs. */
export function checkHome(home: string): Finding {
  return checkDisk("home disk", home, HOME_MIB, LEAST_MIB);
}

/** Whether the engine's disk has room for images and samples. */
export function checkDockerDisk(root: string, native: boolean): Finding {
  return native
    ? checkDisk("docker disk", root, DOCKER_MIB, LEAST_MIB)
    : ok("docker disk", "that of the virtual machine");
}
