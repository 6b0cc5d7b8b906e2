import { execFile, execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { PROJECT } from "./fixtures";

/** First line of the report of a preview. */
export const MARKER = "<!-- observability-lab: preview -->";

const SUCRASE = path.join(PROJECT, "node_modules/sucrase/register/ts");

/** A checkout of a pull request's base that also has the pull request's commits, and its report. */
export class PreviewComment {
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-comment-"));
  readonly report = path.join(this.folder, "report.md");
  private readonly checkout = path.join(this.folder, "checkout");

  constructor(base: readonly string[] = []) {
    fs.mkdirSync(this.checkout);
    this.git("init", "--quiet", "--initial-branch=main");
    this.commit(base);
  }

  /** Commits a change of these files on a branch, checks out the base and returns the commit. */
  change(files: readonly string[], renames: Readonly<Record<string, string>> = {}): string {
    this.git("checkout", "--quiet", "-b", "change");
    for (const [from, to] of Object.entries(renames)) {
      this.git("mv", from, to);
    }
    this.commit(files);
    const commit = this.git("rev-parse", "HEAD");
    this.git("checkout", "--quiet", "main");
    this.commit(["policy/of-the-base-alone.ts"]);
    return commit;
  }

  /** Runs the script that writes the comment. */
  write(commit: string): { status: number | null; stdout: string; stderr: string } {
    const script = path.join(PROJECT, "scripts/workflow/comment.ts");
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--require", SUCRASE, script, this.report, commit],
      { cwd: this.checkout, encoding: "utf8" },
    );
    return { status, stdout, stderr: stderr.replaceAll(this.report, "report.md") };
  }

  /** Lets `git fetch origin` find a commit as the head of a merge request, as on GitLab. */
  offer(iid: number, commit: string): void {
    this.git("update-ref", `refs/merge-requests/${String(iid)}/head`, commit);
    this.git("config", "remote.origin.url", ".");
  }

  /** Runs the script that posts notes on GitLab, with these job variables. */
  postNotes(job: Readonly<Record<string, string>>): Promise<{ status: number; stdout: string; stderr: string }> {
    const script = path.join(PROJECT, "scripts/workflow/gitlabNotes.ts");
    const options = { cwd: this.checkout, env: { ...process.env, ...job } };
    return new Promise((resolve) => {
      execFile(process.execPath, ["--require", SUCRASE, script], options, (error, stdout, stderr) => {
        resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
      });
    });
  }

  /** Removes the folder. */
  remove(): void {
    fs.rmSync(this.folder, { recursive: true });
  }

  private commit(files: readonly string[]): void {
    for (const name of files) {
      const file = path.join(this.checkout, name);
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, `content of ${name}\n`.repeat(9));
    }
    this.git("add", "--all");
    this.git("commit", "--quiet", "--allow-empty", "--message", "Change something");
  }

  private git(...args: string[]): string {
    const author = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false"];
    return execFileSync("git", ["-C", this.checkout, ...author, ...args], { encoding: "utf8", stdio: "pipe" }).trim();
  }
}
