// Prints the comment for a preview report: the report's origin, and the escaped report.
// usage: comment.ts REPORT COMMIT      COMMIT: head of the pull request; its base is checked out
import { execFileSync } from "node:child_process";
import { lstatSync, readFileSync } from "node:fs";
import { runMain } from "../../lib/shared/run";
import { describeOrigin, escapeReport, REPORT_MARKER } from "../../tools/pull-request/foreignReport";

/** Maximum size of a report, which is truncated to 60,000 characters. */
const MAX_BYTES = 240_000;
/** Maximum length: GitHub accepts 65,536 characters including the action's marker; GitLab accepts more. */
const MAX_LENGTH = 65_000;

/** Files that the pull request changes; renamed ones under both names. */
function listChanged(commit: string): string[] {
  const range = `HEAD...${commit}`;
  const names = execFileSync("git", ["diff", "--no-renames", "--name-only", "-z", range, "--"], {
    encoding: "utf8",
    maxBuffer: 100_000_000,
  });
  return names.split("\0").filter((name) => name !== "");
}

function checkSize(name: string, size: number): void {
  if (size > MAX_BYTES) {
    throw new Error(`${name} is not a preview report: it is ${String(size)} bytes long`);
  }
}

/** The comment on a commit for its report, which `name` names in an error. */
export function writeComment(name: string, report: string, commit: string): string {
  if (!/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(commit)) {
    throw new Error(`"${commit}" is not a commit`);
  }
  checkSize(name, Buffer.byteLength(report));
  if (!report.startsWith(`${REPORT_MARKER}\n`)) {
    throw new Error(`${name} is not a preview report: its first line is not ${REPORT_MARKER}`);
  }
  const escaped = escapeReport(report.slice(REPORT_MARKER.length + 1));
  const text = `${REPORT_MARKER}\n${describeOrigin(listChanged(commit))}${escaped}`;
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH)}\n\nThe rest is cut.\n`;
}

if (require.main === module) {
  runMain(() => {
    const [file = "", commit = ""] = process.argv.slice(2);
    // lstat: an artifact may contain a link to any file that this process can read
    const status = lstatSync(file);
    if (!status.isFile()) {
      throw new Error(`${file} is not a preview report: it is not a file`);
    }
    checkSize(file, status.size);
    process.stdout.write(writeComment(file, readFileSync(file, "utf8"), commit));
  });
}
