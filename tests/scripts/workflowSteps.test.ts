import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { PROJECT } from "../support/fixtures";
import { GithubComments } from "../support/githubComments";
import { JobResult, readWorkflow, runWorkflow } from "../support/workflowRunner";

const MARKER = "<!-- observability-lab: preview -->";
const BOT = "github-actions[bot]";

/** Takes the place of make: writes the report that a test wants, waits where it is told to, ends as told. */
const MAKE = `#!/usr/bin/env bash
echo "make $* token=\${PULUMI_ACCESS_TOKEN-none} backend=\${PULUMI_BACKEND_URL-none} apply=\${APPLY-none}"
if [ -n "$STUB_WAIT" ]; then
  trap 'echo destroying; sleep 0.5; echo destroyed; touch "$STUB_WAIT.destroyed"; exit 143' TERM
  touch "$STUB_WAIT"
  for _ in {1..100}; do echo waiting; sleep 0.1; done
fi
if [ -n "$STUB_REPORT" ]; then mkdir -p .lab/pr-preview; printf '%s\\n' "$STUB_REPORT" >.lab/pr-preview/report.md; fi
exit "$STUB_EXIT"
`;

let folder: string;
let github: GithubComments;
let api: string;

beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-workflow-"));
  for (const [name, script] of Object.entries({ make: MAKE, npm: "#!/usr/bin/env bash\n" })) {
    fs.mkdirSync(path.join(folder, "bin"), { recursive: true });
    fs.writeFileSync(path.join(folder, "bin", name), script, { mode: 0o755 });
  }
  github = new GithubComments();
  api = await github.listen();
});

afterEach(async () => {
  await github.close();
  fs.rmSync(folder, { recursive: true });
});

/** A pull request's event and what its run meets. */
interface Circumstances {
  readonly report?: string;
  readonly exit?: number;
  readonly head?: string;
  readonly labels?: readonly string[];
  readonly labeled?: string;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly vars?: Readonly<Record<string, string>>;
  readonly cancel?: boolean;
}

let runs = 0;

async function preview(of: Circumstances): Promise<{ preview: JobResult; comment: JobResult }> {
  const waiting = path.join(folder, "waiting");
  const results = await runWorkflow(readWorkflow("preview.yml"), {
    contexts: {
      github: {
        repository: github.repository,
        token: github.token,
        base_ref: "main",
        event: {
          action: of.labeled === undefined ? "synchronize" : "labeled",
          label: { name: of.labeled },
          pull_request: {
            number: 7,
            head: { repo: { full_name: of.head ?? github.repository } },
            labels: (of.labels ?? []).map((name) => ({ name })),
          },
        },
      },
      secrets: of.secrets ?? {},
      vars: of.vars ?? {},
    },
    env: {
      PATH: `${path.join(folder, "bin")}:${path.dirname(process.execPath)}:${process.env.PATH ?? ""}`,
      GITHUB_API_URL: api,
      GITHUB_REPOSITORY: github.repository,
      GITHUB_BASE_REF: "main",
      STUB_REPORT: of.report === undefined ? "" : `${MARKER}\n${of.report}`,
      STUB_EXIT: String(of.exit ?? 0),
      STUB_WAIT: of.cancel === true ? waiting : "",
    },
    folder: path.join(folder, `run${String(runs++)}`),
    checkout: (checkout) => {
      for (const name of ["scripts", "node_modules"]) {
        fs.symlinkSync(path.join(PROJECT, name), path.join(checkout, name));
      }
    },
    cancelled: () => of.cancel === true && fs.existsSync(waiting),
  });
  return results as Awaited<ReturnType<typeof preview>>;
}

describe("the steps of a pull request's preview", () => {
  it("publish the report, comment it once and then edit that comment", async () => {
    github.add("somebody", `${MARKER}\nnot the lab's own`);
    github.add(BOT, "of another workflow");
    const first = await preview({ report: "# one change" });
    expect(first.comment.log).toMatch(/issuecomment-102/);
    expect([first.preview.result, first.comment.result]).toEqual(["success", "success"]);
    expect(first.preview.summary).toBe(`${MARKER}\n# one change\n`);
    const second = await preview({ report: "# no change" });
    expect([second.preview.result, second.comment.result]).toEqual(["success", "success"]);
    expect(github.comments.map(({ login, body }) => [login, body])).toEqual([
      ["somebody", `${MARKER}\nnot the lab's own`],
      [BOT, "of another workflow"],
      [BOT, `${MARKER}\n# no change\n`],
    ]);
  });

  it("publish and comment the report of a preview that failed, whose job then fails", async () => {
    const { preview: job, comment } = await preview({ report: "# a policy is violated", exit: 2 });
    expect([job.result, comment.result]).toEqual(["failure", "success"]);
    expect(job.summary).toBe(`${MARKER}\n# a policy is violated\n`);
    expect(job.ran).toEqual(expect.arrayContaining(["Summary", "Artifact"]));
    expect(github.comments.map(({ body }) => body)).toEqual([`${MARKER}\n# a policy is violated\n`]);
  });

  it("comment nothing without a report, and say so in the summary", async () => {
    const { preview: job, comment } = await preview({ exit: 2 });
    expect([job.result, comment.result]).toEqual(["failure", "skipped"]);
    expect(job.summary).toBe("There is no report: the log of this job says why.\n");
    expect(github.asked).toEqual([]);
  });

  it("give a fork summary and artifact, and ask GitHub for nothing", async () => {
    const { preview: job, comment } = await preview({ report: "# theirs", head: "fork/lab" });
    expect([job.result, comment.result]).toEqual(["success", "skipped"]);
    expect(job.summary).toBe(`${MARKER}\n# theirs\n`);
    expect(job.outputs).toEqual({ report: "1" });
    expect(github.asked).toEqual([]);
  });

  it("fail the comment's job where GitHub refuses it, with the reason", async () => {
    github.disturbances.POST = [{ status: 403, body: '{"message":"Resource not accessible by integration"}' }];
    const { preview: job, comment } = await preview({ report: "# one" });
    expect([job.result, comment.result]).toEqual(["success", "failure"]);
    expect(comment.log).toMatch(/^GitHub answered 403 to POST .*: Resource not accessible by integration\n$/);
  });

  it("apply under the label alone", async () => {
    const plain = await preview({ report: "# one", labels: ["bug"] });
    expect(plain.preview.log).toBe("make pr-preview BASE=origin/main token=none backend=none apply=\n");
    const applied = await preview({ report: "# one", labels: ["bug", "apply-preview"], labeled: "apply-preview" });
    expect(applied.preview.log).toBe("make pr-preview BASE=origin/main APPLY=1 token=none backend=none apply=1\n");
    const other = await preview({ report: "# one", labels: ["bug"], labeled: "bug" });
    expect([other.preview.result, other.comment.result]).toEqual(["skipped", "skipped"]);
  });

  it("see no secret, whatever the repository has", async () => {
    const secrets = { PULUMI_ACCESS_TOKEN: "pul-1", PULUMI_CONFIG_PASSPHRASE: "of the team" };
    const { preview: job } = await preview({ report: "# one", secrets, vars: { PULUMI_BACKEND_URL: "https://p" } });
    expect(job.log).toContain("token=none backend=none");
  });

  it("wait, when cancelled, until the preview has taken down its lab, and publish nothing", async () => {
    const { preview: job, comment } = await preview({ report: "# one", cancel: true });
    expect([job.result, comment.result]).toEqual(["cancelled", "skipped"]);
    expect(fs.existsSync(path.join(folder, "waiting.destroyed"))).toBe(true);
    expect(job.log).toContain("destroyed");
    expect(job.ran).not.toContain("Summary");
    expect(github.asked).toEqual([]);
  });
});

describe("the steps of the question for drift", () => {
  it.each([
    [0, "success", ""],
    [2, "failure", "::error::the lab differs from its code: the summary says where\n"],
    [1, "failure", "::error::whether the lab differs from its code could not be told\n"],
  ])("after exit %i are a %s", async (exit, result, log) => {
    const scripts = {
      setup: "#!/usr/bin/env bash\n",
      drift: `#!/usr/bin/env bash\nmkdir -p .lab/drift; echo "# drift ${String(exit)}" >.lab/drift/report.md; exit ${String(exit)}\n`,
    };
    const run = await runWorkflow(readWorkflow("drift.yml"), {
      contexts: { github: { event_name: "schedule" }, secrets: {}, vars: { DRIFT_RUNNER: "lab" } },
      env: { PATH: process.env.PATH ?? "" },
      folder,
      checkout: (checkout) => {
        fs.mkdirSync(path.join(checkout, "scripts"));
        for (const [name, script] of Object.entries(scripts)) {
          fs.writeFileSync(path.join(checkout, "scripts", name), script, { mode: 0o755 });
        }
      },
    });
    expect(run.drift).toMatchObject({ result, log, summary: `# drift ${String(exit)}\n` });
  });

  it.each([
    ["until a runner is named", { event_name: "schedule" }, {}],
    [
      "for another branch",
      { event_name: "workflow_dispatch", ref_name: "mine", event: { repository: { default_branch: "main" } } },
      { DRIFT_RUNNER: "lab" },
    ],
  ])("run nowhere %s", async (_, github, vars) => {
    const contexts = { github, secrets: {}, vars };
    const run = await runWorkflow(readWorkflow("drift.yml"), { contexts, env: {}, folder, checkout: jest.fn() });
    expect(run.drift?.result).toBe("skipped");
  });
});
