import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { LabError } from "../../lib/shared/problems";
import { REPORT_CODE } from "./foreignReport";
import { code, list } from "./report/format";

/** A commit to compare with. */
export interface Base {
  /** The ref as given. */
  readonly name: string;
  readonly commit: string;
}

const LOCK = "package-lock.json";
/** Files that decide which packages are installed, and what runs during the installation. */
const PACKAGES = ["package.json", LOCK, ".npmrc"];
/** Files that no policy can check, with a description. */
const BY_HAND: readonly (readonly [string, RegExp])[] = [
  ["the policies", /^policy\//],
  ["the workflows", /^\.git(hub|lab)\/|^\.gitlab-ci\.yml$/],
  ["the code that makes this report", REPORT_CODE],
  ["the packages", /^(package\.json|package-lock\.json|\.npmrc|node_modules\/)/],
  ["scripts that run on the host", /^assets\/(?!prometheus\/)/],
  ["the program that runs them", /^(index\.ts|Pulumi\.yaml)$/],
];
/** How git and GitHub name the absence of a commit. */
const NOTHING = /^(none|0+)$/;
const COMMIT = /^[0-9a-f]{40}([0-9a-f]{24})?$/;

/**
 * The merge base of this checkout and BASE; BASE itself if they share no history.
 *
 * @returns undefined if there is no base to compare with.
 * @throws LabError if the name is not a commit here.
 */
export function findBase(project: string, name: string): Base | undefined {
  if (NOTHING.test(name)) {
    return undefined;
  }
  // git parses a name that begins with - as an option
  const readable = name !== "" && !name.startsWith("-");
  const commit = readable ? git(project, "rev-parse", "--verify", "--quiet", `${name}^{commit}`) : undefined;
  if (commit === undefined || !COMMIT.test(commit)) {
    throw new LabError(
      `BASE = ${JSON.stringify(name)}: is not a commit in this checkout; name one, such as BASE=origin/main, ` +
        "after git fetch origin main, or BASE=none to compare with nothing",
    );
  }
  return { name, commit: git(project, "merge-base", commit, "HEAD") ?? commit };
}

/** The commit of this checkout, and whether it has uncommitted changes. */
export function describeHead(project: string): string {
  const commit = git(project, "rev-parse", "--short", "HEAD") ?? "";
  const changed = (git(project, "status", "--porcelain") ?? "") !== "";
  return `${commit}${changed ? " with uncommitted changes" : ""}`;
}

/** Files changed since the base that a reviewer has to read, as no policy can check them: Markdown, a line each. */
export function toReadByHand(project: string, base: Base): readonly string[] {
  const changed = [
    ...(git(project, "diff", "--relative", "--no-renames", "--name-only", "-z", base.commit) ?? "").split("\0"),
    ...(git(project, "ls-files", "--others", "--exclude-standard", "-z") ?? "").split("\0"),
  ].filter((file) => file !== "");
  return BY_HAND.flatMap(([what, pattern]) => {
    const files = changed.filter((file) => pattern.test(file));
    return files.length === 0 ? [] : [`- ${what}: ${list(files.map((file) => code(file)))}`];
  });
}

/**
 * Extracts the files of a commit into a new folder, with the packages that it declares.
 *
 * @throws LabError if the commit cannot be run as a lab.
 */
export function checkOut(project: string, { commit }: Base, folder: string): void {
  fs.mkdirSync(folder, { recursive: true });
  const script = 'set -o pipefail; git -C "$1" archive "$2" | tar -x -C "$3"';
  execFileSync("bash", ["--norc", "-c", script, "-", project, commit, folder]);
  for (const file of ["Pulumi.yaml", LOCK]) {
    if (!fs.existsSync(path.join(folder, file))) {
      throw new LabError(`the commit has no ${file}`);
    }
  }
  // other files that decide on packages could change those that the base's policies run with
  const same = PACKAGES.every((file) => contentOf(project, file) === contentOf(folder, file));
  if (same && (git(project, "ls-files", "node_modules") ?? "") === "") {
    fs.symlinkSync(path.join(project, "node_modules"), path.join(folder, "node_modules"));
  } else {
    execFileSync("npm", ["ci", "--ignore-scripts", "--no-fund", "--no-audit", "--loglevel=error"], {
      cwd: folder,
      stdio: ["ignore", 2, 2],
    });
  }
}

function contentOf(folder: string, file: string): string | undefined {
  const at = path.join(folder, file);
  return fs.existsSync(at) ? fs.readFileSync(at, "utf8") : undefined;
}

function git(project: string, ...args: string[]): string | undefined {
  try {
    return execFileSync("git", ["-C", project, ...args], {
      encoding: "utf8",
      // the names of all files of a project
      maxBuffer: 2 ** 26,
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return undefined;
  }
}
