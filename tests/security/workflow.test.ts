import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { escapeReport } from "../../tools/pull-request/foreignReport";
import { PROJECT } from "../support/fixtures";
import { MARKER, PreviewComment } from "../support/previewComment";
import { Job, readWorkflow, workflowFiles } from "../support/workflows";

/** Every job that a pull request starts. */
const STARTED = Object.keys(workflowFiles())
  .filter((name) => name !== "apply.yml") // it has no steps, and calls preview.yml
  .map((name) => [name, readWorkflow(name)] as const)
  .filter(([, workflow]) => "pull_request" in workflow.on)
  .flatMap(([name, workflow]) =>
    Object.entries(workflow.jobs).map(([job, it]) => [`${job} of ${name}`, it, workflow.permissions ?? {}] as const),
  );

function usesOf(job: Job, action: string): Job["steps"] {
  return job.steps.filter(({ uses }) => uses?.startsWith(`${action}@`));
}

/** Whether code of the pull request runs in a job: its checkout is the head's, and there are scripts. */
function runsHead(job: Job): boolean {
  const head = usesOf(job, "actions/checkout").some((step) => step.with?.ref !== "${{ github.base_ref }}");
  return head && job.steps.some(({ run }) => run !== undefined);
}

describe.each(STARTED)("a pull request in the job %s", (_, job, permissions) => {
  it("finds no secret and no token that may write beside its code", () => {
    const writes = Object.values(job.permissions ?? permissions).includes("write");
    const secret = /secrets\.|github\.token|secrets\[|toJSON\(/.test(JSON.stringify(job));
    expect({ runsHead: runsHead(job), armed: writes || secret }).not.toEqual({ runsHead: true, armed: true });
  });

  it("leaves nothing in a cache for a job that may write", () => {
    const caches = job.steps.filter(
      ({ uses, with: inputs }) => uses?.startsWith("actions/cache") === true || inputs?.cache !== undefined,
    );
    expect(Object.values(job.permissions ?? {}).includes("write") ? caches : []).toEqual([]);
  });
});

describe("a secret", () => {
  it("is in no workflow but the one that runs the default branch's code, for an environment", () => {
    const holders = Object.entries(workflowFiles()).filter(([, content]) => content.includes("secrets."));
    expect(holders.map(([name]) => name)).toEqual(["drift.yml"]);
    expect(readWorkflow("drift.yml").jobs.drift).toMatchObject({ environment: "drift" });
    expect(readWorkflow("drift.yml").on).not.toHaveProperty("pull_request");
  });
});

describe("the installation of packages", () => {
  it("runs no script of theirs", () => {
    const listed = execFileSync("git", ["ls-files", "-z", ":!*.md", ":!tests", ":!offline"], { cwd: PROJECT });
    const files = listed
      .toString()
      .split("\0")
      .filter((file) => file !== "");
    const installs = files
      .flatMap((file) => fs.readFileSync(path.join(PROJECT, file), "utf8").split("\n"))
      .filter((line) => /\bnpm"?,? *\[?"?(ci|install|i)\b/.test(line));
    // scripts/setup, the comment job and the packages of a base
    expect(installs.length).toBeGreaterThan(2);
    expect(installs.filter((line) => !line.includes("--ignore-scripts"))).toEqual([]);
  });
});

describe("a hostile report", () => {
  let comment: PreviewComment;

  beforeEach(() => {
    comment = new PreviewComment();
  });

  afterEach(() => {
    comment.remove();
  });

  function write(): ReturnType<PreviewComment["write"]> {
    return comment.write(comment.change(["tools/pull-request/report/markdown.ts"]));
  }

  it("mentions nobody, leads nowhere and loads nothing, and its origin is said before it", () => {
    const attack = [
      MARKER,
      "# @octocat a @sha256: @sha256:zz &commat;octocat &#64;octocat \\@octocat #12 someone/lab#12 GH-12",
      "![](http://evil.example/a.png) [ok](//evil.example) [ok][1] https://evil.example www.evil.example <http://evil.example>",
      "[1]: http://evil.example",
      '<img src="http://evil.example"><a href="x">y</a><script>1</script><!-- x --><details ontoggle="x">',
      "```mermaid\ngraph TD;\n```",
      "- ~~~geojson\n  {}\n  ~~~",
      `hidden \u202egnirts\u202c \u0000`,
    ].join("\n");
    fs.writeFileSync(comment.report, attack);
    const { status, stdout: body } = write();
    expect(status).toBe(0);
    expect(
      body.startsWith(`${MARKER}\n> **This pull request changes the code or the policies behind this report`),
    ).toBe(true);
    const rest = body.slice(MARKER.length);
    for (const alive of [
      /@\w/,
      /&(commat|#64)/,
      /#\d/,
      /GH-\d/,
      /:\/\//,
      /www\./,
      /\]\(|\]\[|\]:/,
      /<[a-z!/]/i,
      /(```|~~~)[a-z]/,
      /[\u202a-\u202e\u0000]/,
    ]) {
      expect(rest).not.toMatch(alive);
    }
  });

  it("is refused where it is a link to something else", () => {
    const secret = path.join(comment.folder, "secret");
    fs.writeFileSync(secret, `${MARKER}\nGITHUB_TOKEN=1`);
    fs.symlinkSync(secret, comment.report);
    expect(write()).toEqual({
      status: 1,
      stdout: "",
      stderr: "report.md is not a preview report: it is not a file\n",
    });
  });

  it("is refused where it is longer than any report", () => {
    fs.writeFileSync(comment.report, `${MARKER}\n${"a".repeat(1_000_000)}`);
    const { status, stdout, stderr } = write();
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("bytes long");
  });

  it("is cut to what GitHub takes", () => {
    fs.writeFileSync(comment.report, `${MARKER}\n${"@".repeat(60_000)}a${"#1".repeat(20_000)}`);
    const { status, stdout } = write();
    expect(status).toBe(0);
    expect(stdout).toContain("The rest is cut.");
    // the action adds its own marker
    expect(stdout.length).toBeLessThan(65_536 - 200);
  });

  it("of ours stays as it is but for what is alive", () => {
    const ours =
      "## Lab preview: 1 to update\n\n| ~ update | container | `grafana` | image: `grafana/grafana:13.2.2@sha256:ac46` &#124; a&amp;b |\n\n" +
      "<details open><summary>prometheus.yml (+1 −0)</summary>\n\n```diff\n@@ -1,2 +1,3 @@\n+a: 1\n```\n\n</details>\n\n<sub>base 3 s</sub>\n";
    expect(escapeReport(ours)).toBe(ours);
  });
});
