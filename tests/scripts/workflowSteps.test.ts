import { ChildProcess, spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { text } from "node:stream/consumers";
import { PROJECT } from "../support/fixtures";

const WORKFLOW = path.join(PROJECT, "scripts/workflow");
const NO_REPORT = "No report was written: see the log of this job.\n";

/** Takes the place of make: shows its arguments, then waits or exits as a test says. */
const MAKE = `#!/usr/bin/env bash
echo "make $*"
if [ -n "\${STUB_WAIT:-}" ]; then
  trap 'echo destroying; sleep 0.5; touch "$STUB_WAIT.destroyed"; echo destroyed; exit 143' TERM
  touch "$STUB_WAIT"
  for _ in {1..300}; do sleep 0.1; done
fi
exit "\${STUB_EXIT:-0}"
`;

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-workflow-"));
  addScript("bin/make", MAKE);
});

afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

function addScript(name: string, content: string): void {
  const file = path.join(folder, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, content, { mode: 0o755 });
}

function environment(env: Readonly<Record<string, string>>): Record<string, string> {
  return {
    PATH: `${path.join(folder, "bin")}:${process.env.PATH ?? ""}`,
    GITHUB_BASE_REF: "main",
    RUNNER_TEMP: folder,
    GITHUB_STEP_SUMMARY: path.join(folder, "summary.md"),
    ...env,
  };
}

function run(
  script: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): { status: number | null; stdout: string } {
  const { status, stdout } = spawnSync(script, args, { cwd: folder, env: environment(env), encoding: "utf8" });
  return { status, stdout };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe("the preview of a pull request", () => {
  const preview = path.join(WORKFLOW, "preview");

  it.each([
    [{}, "make pr-preview BASE=origin/main\n"],
    [{ APPLY: "" }, "make pr-preview BASE=origin/main\n"],
    [{ APPLY: "1" }, "make pr-preview BASE=origin/main APPLY=1\n"],
  ])("with %j compares with the base: %s", (env, log) => {
    expect(run(preview, [], env)).toEqual({ status: 0, stdout: log });
  });

  it("fails as the preview does", () => {
    expect(run(preview, [], { STUB_EXIT: "2" }).status).toBe(2);
  });

  it.each(["INT", "TERM"])("ends by SIG%s and leaves the preview running, which a later step ends", async (signal) => {
    const waiting = path.join(folder, "waiting");
    // as the runner starts a step, whose shell alone it signals
    fs.writeFileSync(path.join(folder, "step.sh"), `exec ${preview}\n`);
    const step: ChildProcess = spawn("bash", ["--noprofile", "--norc", "-eo", "pipefail", "step.sh"], {
      cwd: folder,
      env: environment({ STUB_WAIT: waiting }),
      stdio: "ignore",
    });
    const ended = new Promise((resolve) => step.on("exit", resolve));
    await until(() => fs.existsSync(waiting));
    if (signal === "INT") {
      step.kill("SIGINT");
    }
    step.kill("SIGTERM");
    await ended;
    expect(fs.existsSync(`${waiting}.destroyed`)).toBe(false);

    const cancel = spawn(path.join(WORKFLOW, "cancel-preview"), {
      env: environment({}),
      stdio: ["ignore", "pipe", "ignore"],
    });
    const status = new Promise((resolve) => cancel.on("exit", resolve));
    expect(await text(cancel.stdout)).toContain("destroyed\n");
    expect(await status).toBe(0);
    expect(fs.existsSync(`${waiting}.destroyed`)).toBe(true);
  });

  it("is not waited for where it never started, or has ended", () => {
    const cancel = path.join(WORKFLOW, "cancel-preview");
    expect(run(cancel)).toEqual({ status: 0, stdout: "" });
    run(preview);
    expect(run(cancel)).toEqual({ status: 0, stdout: "" });
  });
});

describe("the summary of a job", () => {
  const summary = path.join(WORKFLOW, "summary");

  it.each([
    ["is the report", "# one change\n", "# one change\n"],
    ["says that there is no report", undefined, NO_REPORT],
  ])("%s", (_, report, expected) => {
    if (report !== undefined) {
      fs.writeFileSync(path.join(folder, "report.md"), report);
    }
    fs.writeFileSync(path.join(folder, "summary.md"), "before\n");
    expect(run(summary, ["report.md"])).toEqual({ status: 0, stdout: "" });
    expect(fs.readFileSync(path.join(folder, "summary.md"), "utf8")).toBe(`before\n${expected}`);
  });
});

describe("the comparison of a lab with its code", () => {
  const REPORT = "#!/usr/bin/env bash\nmkdir -p .lab/drift; echo '# drift' >.lab/drift/report.md\n";

  function drift(
    content: string,
    env: Readonly<Record<string, string>> = {},
  ): { status: number | null; stdout: string } {
    addScript("scripts/drift", content);
    return run(path.join(WORKFLOW, "drift"), [], env);
  }

  beforeEach(() => {
    addScript("scripts/setup", "#!/usr/bin/env bash\n");
  });

  it.each([
    [0, ""],
    [2, "::error::the lab differs from its code: the summary says where\n"],
    [1, "::error::could not determine whether the lab differs from its code\n"],
  ])("exits %i with its report and an error that says why", (exit, log) => {
    expect(drift(`${REPORT}exit ${String(exit)}\n`)).toEqual({ status: exit, stdout: log });
    expect(fs.readFileSync(path.join(folder, ".lab/drift/report.md"), "utf8")).toBe("# drift\n");
  });

  it("leaves no report of an earlier run, whatever fails", () => {
    drift(REPORT);
    addScript("scripts/setup", "#!/usr/bin/env bash\nexit 3\n");
    expect(drift(REPORT).status).toBe(3);
    expect(fs.existsSync(path.join(folder, ".lab/drift/report.md"))).toBe(false);
  });

  it.each([
    [{ PULUMI_ACCESS_TOKEN: "", PULUMI_BACKEND_URL: "https://p" }, "unset unset"],
    [{ PULUMI_ACCESS_TOKEN: "pul-1", PULUMI_BACKEND_URL: "" }, "pul-1 unset"],
    [{ PULUMI_ACCESS_TOKEN: "pul-1", PULUMI_BACKEND_URL: "https://p" }, "pul-1 https://p"],
  ])("with %j asks the backend %s", (env, backend) => {
    const shown = '#!/usr/bin/env bash\necho "${PULUMI_ACCESS_TOKEN-unset} ${PULUMI_BACKEND_URL-unset}"\n';
    expect(drift(shown, env)).toEqual({ status: 0, stdout: `${backend}\n` });
  });
});
