import * as fs from "node:fs";
import * as path from "node:path";
import { PROJECT } from "../support/fixtures";
import { Job, readWorkflow, Step, Workflow, workflowFiles } from "../support/workflows";

/** Without the one that has no steps, as it calls another. */
const FILES = Object.entries(workflowFiles()).filter(([name]) => name !== "apply.yml");

function jobs(workflow: Workflow): [string, Job][] {
  return Object.entries(workflow.jobs);
}

it("the workflows are apply, audit, ci, codeql, drift and preview", () => {
  const names = ["apply.yml", "audit.yml", "ci.yml", "codeql.yml", "drift.yml", "preview.yml"];
  expect(Object.keys(workflowFiles()).sort()).toEqual(names);
});

/** What the jobs may write that may. */
const WRITES: Readonly<Record<string, Job["permissions"]>> = {
  comment: { contents: "read", "pull-requests": "write" },
  analyze: { contents: "read", "security-events": "write" },
};

describe.each(FILES)("%s", (name, text) => {
  const workflow = readWorkflow(name);
  const steps = jobs(workflow).flatMap(([, job]) => job.steps);

  it("pins every action by a commit, with its version beside it", () => {
    const uses = text.split("\n").filter((line) => /^\s*(- )?uses:/.test(line));
    expect(uses).toHaveLength(steps.filter((step) => step.uses !== undefined).length);
    for (const line of uses) {
      expect(line).toMatch(/uses: [\w-]+\/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    }
  });

  it("may only read, but for the jobs that comment and that report findings", () => {
    expect(workflow.permissions).toEqual({ contents: "read" });
    for (const [job, { permissions }] of jobs(workflow)) {
      expect(permissions).toEqual(WRITES[job]);
    }
  });

  it("leaves no credentials in a checkout", () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"));
    expect(checkouts.length).toBeGreaterThan(0);
    expect(checkouts.map((step) => step.with?.["persist-credentials"])).toEqual(checkouts.map(() => false));
  });

  it("ends every job in time", () => {
    for (const [, job] of jobs(workflow)) {
      expect(job["timeout-minutes"]).toBeGreaterThan(0);
    }
  });

  it("puts no expression into a script: what a pull request says comes by the environment", () => {
    const scripts = steps.flatMap(({ run }) => run ?? []);
    expect(scripts.filter((script) => script.includes("${{"))).toEqual([]);
  });

  it("never runs with the rights of the base on the code of a pull request", () => {
    expect(Object.keys(workflow.on)).not.toContain("pull_request_target");
    expect(Object.keys(workflow.on)).not.toContain("workflow_run");
  });
});

function named(job: Job, name: string): Step {
  return job.steps.find((step) => step.name === name) ?? {};
}

/** The steps of a job that run a script or an action of others, in their order. */
function order({ steps }: Job): string[] {
  return steps.map(({ name, uses }) => name ?? uses?.replace(/@.*/, "") ?? "");
}

describe("the preview of a pull request", () => {
  const { preview, comment } = readWorkflow("preview.yml").jobs as { preview: Job; comment: Job };
  const APPLIES = "contains(github.event.pull_request.labels.*.name, 'apply-preview')";

  it("starts for a push, and in a workflow of its own for the label that applies it", () => {
    expect(readWorkflow("preview.yml").on.pull_request).toEqual({ types: ["opened", "synchronize", "reopened"] });
    const { on, jobs, permissions } = readWorkflow("apply.yml");
    expect(on).toEqual({ pull_request: { types: ["labeled"] } });
    expect(permissions).toEqual({ contents: "read" });
    expect(jobs).toEqual({
      apply: {
        if: "github.event.label.name == 'apply-preview'",
        permissions: comment.permissions,
        uses: "./.github/workflows/preview.yml",
      },
    });
    // a caller may have other events
    expect(preview.if).toBe(
      "github.event_name == 'pull_request' && " +
        "(github.event.action != 'labeled' || github.event.label.name == 'apply-preview')",
    );
  });

  it("can be called by another repository, which can pass no input and no secret", () => {
    expect(readWorkflow("preview.yml").on).toHaveProperty("workflow_call", null);
    // what a caller has to grant: GitHub rejects a call that asks for more
    const granted = /permissions: \{ ([^}]*) \}/.exec(
      fs.readFileSync(path.join(PROJECT, "docs/pull-requests.md"), "utf8"),
    );
    expect(granted?.[1]).toBe(
      Object.entries(comment.permissions ?? {})
        .map((permission) => permission.join(": "))
        .join(", "),
    );
    // a path of an action would be one of the caller's
    expect([...preview.steps, ...comment.steps].filter(({ uses }) => uses?.startsWith("."))).toEqual([]);
  });

  it("is cancelled by the next push unless it applies", () => {
    expect(preview.concurrency).toEqual({
      group: `\${{ ${APPLIES} && 'observability-lab-apply' || 'observability-lab-preview' }}-\${{ github.event.pull_request.number }}`,
      "cancel-in-progress": `\${{ !${APPLIES} }}`,
    });
  });

  it("applies under its label alone", () => {
    expect(named(preview, "Preview").env).toEqual({ APPLY: `\${{ ${APPLIES} && '1' || '' }}` });
  });

  it("sees no secret and no variable, whatever the repository has", () => {
    expect(workflowFiles()["preview.yml"]).not.toMatch(/\b(secrets|vars)\b *[.[]/);
  });

  it("is the process that a cancellation signals, and the next step removes its lab", () => {
    expect(named(preview, "Preview")).toMatchObject({ run: "exec scripts/workflow/preview" });
    expect(named(preview, "Let a cancelled preview take down its lab")).toEqual({
      name: "Let a cancelled preview take down its lab",
      if: "cancelled()",
      "timeout-minutes": 5,
      run: "scripts/workflow/cancel-preview",
    });
    expect(order(preview).slice(2, 4)).toEqual(["Preview", "Let a cancelled preview take down its lab"]);
  });

  it("publishes its report after a failure, too, and nothing when it is cancelled", () => {
    expect(named(preview, "Summary")).toMatchObject({
      if: "${{ !cancelled() }}",
      run: "scripts/workflow/summary .lab/pr-preview/report.md",
    });
    expect(named(preview, "Artifact")).toMatchObject({
      id: "upload",
      if: "${{ !cancelled() }}",
      with: { path: ".lab/pr-preview/report.md", "if-no-files-found": "ignore" },
    });
  });

  it("is commented after a failure, too, but not without a report, nor for a fork", () => {
    expect(preview.outputs).toEqual({ report: "${{ steps.upload.outputs.artifact-id }}" });
    expect(comment.needs).toBe("preview");
    expect(comment.if).toBe(
      "${{ !cancelled() && needs.preview.outputs.report != '' && github.event.pull_request.head.repo.full_name == github.repository }}",
    );
  });

  it("is commented in one comment, which a later report replaces, and its job fails where GitHub refuses it", () => {
    expect(named(comment, "Text of the comment")).toEqual({
      name: "Text of the comment",
      env: { HEAD: "${{ github.event.pull_request.head.sha }}" },
      run: 'node --require sucrase/register/ts scripts/workflow/comment.ts .lab/pr-preview/report.md "$HEAD" >"$RUNNER_TEMP/comment.md"',
    });
    // no other setting: none that adds to the comment or makes another, none that goes on after an error
    expect(named(comment, "Comment")).toEqual({
      name: "Comment",
      uses: expect.stringMatching(/^marocchino\/sticky-pull-request-comment@/) as string,
      with: { header: "observability-lab-preview", path: "${{ runner.temp }}/comment.md" },
    });
    expect(order(comment).slice(-2)).toEqual(["Text of the comment", "Comment"]);
  });

  it("is commented beside code of the base alone, which gets no token", () => {
    const checkouts = comment.steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"));
    expect(checkouts.map((step) => step.with?.ref)).toEqual(["${{ github.base_ref }}"]);
    expect(JSON.stringify([preview, comment])).not.toMatch(/github\.token|secrets\./);
  });
});

describe("the workflow that asks for drift", () => {
  const { drift } = readWorkflow("drift.yml").jobs as { drift: Job };

  it("runs nowhere until a runner is named, and for the default branch alone", () => {
    expect(drift.if).toBe(
      "vars.DRIFT_RUNNER != '' && (github.event_name == 'schedule' || github.ref_name == github.event.repository.default_branch)",
    );
  });

  it("shows the report after a failure, too", () => {
    expect(named(drift, "Compare the lab with its code").run).toBe("scripts/workflow/drift");
    expect(named(drift, "Summary")).toMatchObject({
      if: "${{ !cancelled() }}",
      run: "scripts/workflow/summary .lab/drift/report.md",
    });
  });
});
