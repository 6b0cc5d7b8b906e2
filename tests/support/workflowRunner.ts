import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { holds, interpolate, Scope } from "./expressions";
import { PROJECT } from "./fixtures";

const WORKFLOWS = path.join(PROJECT, ".github", "workflows");

/** A step of a workflow. */
export interface Step {
  readonly name?: string;
  readonly id?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, string | number | boolean>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** A job of a workflow. */
export interface Job {
  readonly if?: string;
  readonly needs?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly concurrency?: { readonly group: string; readonly "cancel-in-progress": string | boolean };
  readonly "timeout-minutes"?: number;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

/** A workflow as its file says it. */
export interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly defaults?: { readonly run: { readonly shell: string } };
  readonly jobs: Readonly<Record<string, Job>>;
}

/** Every workflow's file, by name. */
export function workflowFiles(): Record<string, string> {
  const names = fs.readdirSync(WORKFLOWS);
  return Object.fromEntries(names.map((name) => [name, fs.readFileSync(path.join(WORKFLOWS, name), "utf8")]));
}

/** A workflow by the name of its file. */
export function readWorkflow(name: string): Workflow {
  return parse(fs.readFileSync(path.join(WORKFLOWS, name), "utf8")) as Workflow;
}

/** What a run happens in. */
export interface Run {
  /** The contexts github, secrets and vars. */
  readonly contexts: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
  /** Empty at first: a folder for each job, its checkout in it, and one for the artifacts. */
  readonly folder: string;
  /** Fills the checkout of a job. */
  readonly checkout: (folder: string) => void;
  /** Cancels the run once it is true. */
  readonly cancelled?: () => boolean;
}

/** How a job ended. */
export interface JobResult {
  result: "success" | "failure" | "cancelled" | "skipped";
  readonly outputs: Record<string, string>;
  readonly ran: string[];
  log: string;
  summary: string;
}

/** Runs the jobs of a workflow in its order: each `run:` by bash, of the actions only what passes a file on. */
export async function runWorkflow({ jobs }: Workflow, run: Run): Promise<Record<string, JobResult>> {
  const results: Record<string, JobResult> = {};
  for (const [name, job] of Object.entries(jobs)) {
    const needed = results[job.needs ?? ""]?.result ?? "success";
    const scope = { contexts: { ...run.contexts, needs: results }, status: statusFunctions(needed) };
    results[name] = holds(job.if, scope)
      ? await runJob(name, job, run, scope.contexts)
      : { result: "skipped", outputs: {}, ran: [], log: "", summary: "" };
  }
  return results;
}

function statusFunctions(result: JobResult["result"]): Scope["status"] {
  return {
    success: result === "success",
    failure: result === "failure",
    cancelled: result === "cancelled",
    always: true,
  };
}

async function runJob(name: string, job: Job, run: Run, contexts: Scope["contexts"]): Promise<JobResult> {
  const done: JobResult = { result: "success", outputs: {}, ran: [], log: "", summary: "" };
  const [workspace, temporary] = [path.join(run.folder, name, "checkout"), path.join(run.folder, name, "temp")];
  [workspace, temporary].forEach((folder) => fs.mkdirSync(folder, { recursive: true }));
  const summary = path.join(temporary, "summary.md");
  const env = { ...run.env, GITHUB_STEP_SUMMARY: summary, RUNNER_TEMP: temporary };
  const steps: Record<string, { outputs: Record<string, string> }> = {};
  for (const step of job.steps) {
    const scope = { contexts: { ...contexts, steps }, status: statusFunctions(done.result) };
    if (!holds(step.if, scope)) {
      continue;
    }
    done.ran.push(step.name ?? step.uses?.replace(/@.*/, "") ?? "");
    if (step.run === undefined) {
      steps[step.id ?? ""] = { outputs: act(step, workspace, run) };
      continue;
    }
    const own: Record<string, string> = {};
    for (const [key, value] of Object.entries(step.env ?? {})) {
      own[key] = interpolate(value, scope);
    }
    const { code, output } = await runScript(step.run, workspace, { ...env, ...own }, () =>
      done.result === "cancelled" ? false : (run.cancelled?.() ?? false),
    );
    done.log += output;
    if (code === "cancelled") {
      done.result = "cancelled";
    } else if (code !== 0 && done.result === "success") {
      done.result = "failure";
    }
  }
  for (const [output, expression] of Object.entries(job.outputs ?? {})) {
    const scope = { contexts: { ...contexts, steps }, status: {} };
    done.outputs[output] = interpolate(expression, scope);
  }
  done.summary = fs.existsSync(summary) ? fs.readFileSync(summary, "utf8") : "";
  return done;
}

/** What an action does for the steps after it; those that are not here only set the machine up. */
function act({ uses = "", with: inputs = {} }: Step, workspace: string, run: Run): Record<string, string> {
  const artifact = path.join(run.folder, "artifacts", String(inputs.name));
  const file = path.join(workspace, String(inputs.path));
  switch (uses.replace(/@.*/, "")) {
    case "actions/checkout":
      run.checkout(workspace);
      return {};
    case "actions/upload-artifact":
      if (!fs.existsSync(file)) {
        return {};
      }
      fs.mkdirSync(artifact, { recursive: true });
      fs.copyFileSync(file, path.join(artifact, path.basename(file)));
      return { "artifact-id": "1" };
    case "actions/download-artifact":
      fs.cpSync(artifact, file, { recursive: true });
      return {};
    default:
      return {};
  }
}

/** Runs a script as `shell: bash` does; a cancellation signals its bash alone, and hears no more of what that started. */
function runScript(
  script: string,
  cwd: string,
  env: Readonly<Record<string, string>>,
  cancelled: () => boolean,
): Promise<{ code: number | "cancelled"; output: string }> {
  return new Promise((resolve) => {
    const file = path.join(env.RUNNER_TEMP ?? "", "step.sh");
    fs.writeFileSync(file, script);
    const child = spawn("bash", ["--noprofile", "--norc", "-eo", "pipefail", file], { cwd, env });
    child.stdin.end();
    let [output, isCancelled] = ["", false];
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
    }
    const poll = setInterval(() => {
      if (!isCancelled && cancelled()) {
        isCancelled = true;
        child.kill("SIGINT");
        setTimeout(() => child.kill("SIGTERM"), 300);
      }
    }, 50);
    child.on("exit", () => {
      if (isCancelled) {
        child.stdout.destroy();
        child.stderr.destroy();
      }
    });
    child.on("close", (code) => {
      clearInterval(poll);
      resolve({ code: isCancelled ? "cancelled" : (code ?? 1), output });
    });
  });
}
