import { evaluate, holds, interpolate } from "../support/expressions";
import { Job, readWorkflow, Workflow, workflowFiles } from "../support/workflowRunner";

const FILES = Object.entries(workflowFiles());

function jobs(workflow: Workflow): [string, Job][] {
  return Object.entries(workflow.jobs);
}

it("the workflows are audit, ci, codeql, drift and preview", () => {
  const names = ["audit.yml", "ci.yml", "codeql.yml", "drift.yml", "preview.yml"];
  expect(FILES.map(([name]) => name).sort()).toEqual(names);
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

describe("the preview of a pull request", () => {
  const { preview, comment } = readWorkflow("preview.yml").jobs as { preview: Job; comment: Job };

  function scope(labels: readonly string[]): Parameters<typeof evaluate>[1] {
    const pull_request = { number: 7, labels: labels.map((label) => ({ name: label })) };
    return { contexts: { github: { event: { pull_request } } }, status: {} };
  }

  function group(...labels: readonly string[]): { group: string; cancels: unknown } {
    const { group: name, "cancel-in-progress": cancels } = preview.concurrency ?? {
      group: "",
      "cancel-in-progress": "",
    };
    return { group: interpolate(name, scope(labels)), cancels: evaluate(String(cancels), scope(labels)) };
  }

  it("is cancelled by the next push, where it applies nothing", () => {
    expect(group("bug")).toEqual({ group: "preview-7", cancels: true });
  });

  it("is in a group that cancels nothing, where it applies", () => {
    expect(group("bug", "apply-preview")).toEqual({ group: "apply-7", cancels: false });
  });

  it("is commented beside code of the base alone", () => {
    const checkouts = comment.steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"));
    expect(checkouts.map((step) => step.with?.ref)).toEqual(["${{ github.base_ref }}"]);
    const withToken = comment.steps.filter(({ env }) => env?.GITHUB_TOKEN !== undefined);
    expect(withToken.map(({ name }) => name)).toEqual(["Comment"]);
    expect(JSON.stringify(preview)).not.toContain("github.token");
    expect(JSON.stringify(comment)).not.toContain("secrets.");
  });
});

describe("an expression of the tests", () => {
  const scope = {
    contexts: { github: { event: { labels: [{ name: "Bug" }], number: 7, "a-b": null } } },
    status: { success: false, failure: true, cancelled: false, always: true },
  };

  it.each([
    ["${{ github.event.number }}", 7],
    ["github.event.missing.deeper", null],
    ["github.event.a-b == ''", true],
    ["github.event.number == '7'", true],
    ["'it''s' != 'IT''S'", false],
    ["contains(github.event.labels.*.name, 'bug')", true],
    ["contains(github.event.labels.*.name, 'bu') && 'a' || 'b'", "b"],
    ["!cancelled() && (false || failure())", true],
    ["true || false && false", true],
  ])("%s is %j", (expression, value) => {
    expect(evaluate(expression, scope)).toBe(value);
  });

  it.each(["env.HOME", "format('{0}', 1)", "1 < 2", "github.event.number github"])("%s is not known", (expression) => {
    expect(() => evaluate(expression, scope)).toThrow();
  });

  it("holds only after success where it does not ask for the status", () => {
    expect([undefined, "true", "failure()", "always()"].map((condition) => holds(condition, scope))).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });
});
