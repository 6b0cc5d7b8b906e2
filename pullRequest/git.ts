import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { LabError } from "../components/faults";

/** A commit to compare with. */
export interface Base {
  /** As it was asked for. */
  readonly name: string;
  readonly commit: string;
}

const LOCK = "package-lock.json";
/** A commit that is none, as git and GitHub name it. */
const NOTHING = /^(none|0+)$/;
const COMMIT = /^[0-9a-f]{40}([0-9a-f]{24})?$/;

/**
 * The commit that a change of this checkout starts from: where it left the history of BASE.
 *
 * @returns undefined where there is none to compare with.
 * @throws LabError for a name that is no commit here.
 */
export function findBase(project: string, name: string): Base | undefined {
  if (NOTHING.test(name)) {
    return undefined;
  }
  // git takes a name that begins with - for an option
  const readable = name !== "" && !name.startsWith("-");
  const commit = readable ? ask(project, "rev-parse", "--verify", "--quiet", `${name}^{commit}`) : undefined;
  if (commit === undefined || !COMMIT.test(commit)) {
    throw new LabError(
      `BASE = ${JSON.stringify(name)}: is no commit of this checkout; name one, such as BASE=origin/main, ` +
        "after git fetch origin main, or BASE=none to compare with nothing",
    );
  }
  return { name, commit: ask(project, "merge-base", commit, "HEAD") ?? commit };
}

/** The commit of this checkout, and whether more than that is in it. */
export function describeHead(project: string): string {
  const commit = (ask(project, "rev-parse", "--short", "HEAD") ?? "").trim();
  const changed = (ask(project, "status", "--porcelain") ?? "") !== "";
  return `${commit}${changed ? " with uncommitted changes" : ""}`;
}

/**
 * Puts the files of a commit into a new folder, with the packages that it asks for.
 *
 * @throws LabError for a commit without what it takes to make a lab of it.
 */
export function checkOut(project: string, { commit }: Base, folder: string): void {
  fs.mkdirSync(folder, { recursive: true });
  execFileSync("bash", [
    "-c",
    'set -o pipefail; git -C "$1" archive "$2" | tar -x -C "$3"',
    "-",
    project,
    commit,
    folder,
  ]);
  for (const file of ["Pulumi.yaml", LOCK]) {
    if (!fs.existsSync(path.join(folder, file))) {
      throw new LabError(`there is no ${file} in it`);
    }
  }
  const [ours, theirs] = [path.join(project, LOCK), path.join(folder, LOCK)];
  if (fs.existsSync(ours) && fs.readFileSync(ours).equals(fs.readFileSync(theirs))) {
    fs.symlinkSync(path.join(project, "node_modules"), path.join(folder, "node_modules"));
  } else {
    execFileSync("npm", ["ci", "--no-fund", "--no-audit", "--loglevel=error"], {
      cwd: folder,
      stdio: ["ignore", 2, 2],
    });
  }
}

function ask(project: string, ...args: string[]): string | undefined {
  try {
    return execFileSync("git", ["-C", project, ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return undefined;
  }
}
