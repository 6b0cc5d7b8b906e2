import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { LabRun, PreviewLab } from "../../tools/pull-request/previewLab";
import { renderReport } from "../../tools/pull-request/report/markdown";
import { describeSteps } from "../../tools/pull-request/report/resources";
import { edit, PROPOSED } from "../support/changes";
import { copyCheckout } from "../support/checkouts";
import { docker, eventually, machineStack } from "../support/harness";

jest.setTimeout(300_000);

let folder: string;

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-pull-request-"));
});

afterAll(() => {
  fs.rmSync(folder, { recursive: true });
});

/** What the engine has of the labs of previews. */
function left(): string[] {
  return (["container", "network", "volume"] as const).flatMap((kind) =>
    docker(kind, "ls", ...(kind === "container" ? ["--all"] : []), "--format", "{{.Labels}}")
      .split("\n")
      .filter((labels) => labels.includes("observability-lab.lab=preview-")),
  );
}

describe("a change against a lab of its base", () => {
  let lab: PreviewLab;
  let base: string;
  /** Of the lab that is up, which no preview changes. */
  let current: string;

  beforeAll(async () => {
    lab = await PreviewLab.create({ folder: path.join(folder, "lab"), stack: machineStack() });
    base = path.join(folder, "base");
    copyCheckout(base);
    expect((await lab.up(base)).failure).toEqual([]);
    const output = ["stack", "output", "grafanaAdminPassword", "--show-secrets"];
    current = (await lab.commands.run("pulumi", output, { env: { LAB_CHECKOUT: base } })).messages.trim();
  });

  afterAll(async () => {
    await lab.remove();
    expect(left()).toEqual([]);
    expect(fs.readdirSync(path.join(folder, "lab"))).toEqual([]);
  });

  /** The head of a pull request: the base with a change. */
  async function preview(make: (checkout: string) => void): Promise<{ run: LabRun; report: string }> {
    const head = fs.mkdtempSync(path.join(folder, "head-"));
    fs.rmdirSync(head);
    copyCheckout(head);
    make(head);
    const run = await lab.preview(head);
    const changes = describeSteps(run.steps);
    const { failure } = run;
    const report = renderReport({
      marker: "<!-- -->",
      title: "It",
      notes: [],
      run,
      changes,
      policies: true,
      failure,
      seconds: {},
    });
    return { run, report };
  }

  it.each(PROPOSED)("of $name is reported as just that", async ({ make, summary, says, silent }) => {
    const { run, report } = await preview(make);
    expect(run.failure).toEqual([]);
    expect(report.split("\n")[2]).toContain(`## It: ${summary}`);
    for (const words of says) {
      expect(report).toEqual(typeof words === "string" ? expect.stringContaining(words) : expect.stringMatching(words));
    }
    for (const words of silent) {
      expect(report).not.toEqual(
        typeof words === "string" ? expect.stringContaining(words) : expect.stringMatching(words),
      );
    }
    // shown as declared, and not as the preview's lab has it
    expect(report).not.toContain(lab.standIns.prefix);
    expect(report).not.toContain("172.29.");
    for (const secret of [current, ...(await declaredSecrets(lab))]) {
      expect(secret.length).toBeGreaterThan(8);
      expect([report.includes(secret), JSON.stringify(run).includes(secret)]).toEqual([false, false]);
      expect(filesWith(secret, path.join(folder, "lab"))).toEqual([]);
    }
  });

  it("that violates a policy fails, and names the policy", async () => {
    const { run, report } = await preview((head) => {
      edit(head, "components/container/labContainer.ts", (text) =>
        text.replace("    readOnly: true,\n", "    readOnly: true,\n    privileged: true,\n"),
      );
    });
    expect(run.ok).toBe(false);
    expect(run.failure).toContain("a policy is violated");
    expect(report).toMatch(/> \*\*Policy `[\w-]+`\*\* \(`grafana-container`\): .*privileged/);
  });

  it("with a rejected setting fails, and gives the reason with the declared value", async () => {
    const { run, report } = await preview((head) => {
      edit(head, "Pulumi.yaml", (text) => text.replace("default: 5s", "default: soon"));
    });
    expect(run.ok).toBe(false);
    expect(report).toContain("## It: failed");
    expect(report).toContain('scrapeInterval = "soon"');
  });
});

/** The secret that the checkout of the last preview sets for its lab, if any. */
async function declaredSecrets(lab: PreviewLab): Promise<string[]> {
  const { ok, messages } = await lab.commands.run("pulumi", ["config", "get", "grafanaAdminPassword"]);
  return ok && messages.trim() !== "" ? [messages.trim()] : [];
}

/** Files below a folder that hold a text. */
function filesWith(text: string, below: string): string[] {
  return fs
    .readdirSync(below, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => fs.readFileSync(file).includes(text));
}

describe("scripts/pr-preview", () => {
  let checkout: string;
  const git = (...args: string[]): void => {
    const author = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"];
    const { status, stderr } = spawnSync("git", [...author, ...args], { cwd: checkout, encoding: "utf8" });
    expect([status, stderr]).toEqual([0, expect.anything()]);
  };
  const commit = (): void => {
    git("commit", "--all", "--quiet", "--message", "Change something");
  };
  const env = (base: string, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
    ...process.env,
    STACK: machineStack(),
    BASE: base,
    ...more,
  });
  const run = (base: string, more: NodeJS.ProcessEnv = {}): { status: number | null; report: string } => {
    const options = { cwd: checkout, env: env(base, more), encoding: "utf8" } as const;
    const { status } = spawnSync("scripts/pr-preview", [], options);
    return { status, report: fs.readFileSync(path.join(checkout, ".lab/pr-preview/report.md"), "utf8") };
  };

  beforeAll(() => {
    checkout = path.join(folder, "clone");
    copyCheckout(checkout);
    // there it is a link, which the pattern of a folder does not match
    fs.writeFileSync(path.join(checkout, ".gitignore"), "node_modules\n.lab\n");
    git("init", "--quiet");
    git("add", "--all");
    commit();
  });

  afterEach(() => {
    expect(left()).toEqual([]);
  });

  it("applies a change to the base's lab, verifies it and leaves nothing", () => {
    edit(checkout, "assets/prometheus/flask.rules.yml", (text) => text.replace("> 0.05", "> 0.06"));
    commit();
    const { status, report } = run("HEAD~1", { APPLY: "1" });
    expect(report).toMatch(/^<!-- observability-lab: preview -->\n\n## Lab preview: 1 to update, 1 to replace\n/);
    expect(report).toMatch(/Changes of `\w+` against a running lab of `\w{7}` \(HEAD&#126;1\)\./);
    expect(report).toMatch(/Applied, <code>make verify<\/code> passes: \d+ checks/);
    expect(report).toContain("Promtool tests pass: `tests/flask.test.yml`.");
    expect(report).toMatch(
      /base \d+ s, preview \d+ s, evaluation \d+ s, baseline \d+ s, apply \d+ s, verify \d+ s, destroy \d+ s: \d+ s in all/,
    );
    expect(status).toBe(0);
  });

  it("reports why a base cannot be brought up, and compares with an empty state", () => {
    edit(checkout, "index.ts", (text) => `throw new Error("not in this commit");\n${text}`);
    commit();
    edit(checkout, "index.ts", (text) => text.replace(/^throw.*\n/, ""));
    const { status, report } = run("HEAD");
    expect(report).toContain("**No lab of a base was up**");
    expect(report).toMatch(/The base `\w{7}` \(HEAD\) cannot be brought up:\n\n```\n[^]*not in this commit/);
    expect(report).toMatch(/## Lab preview: \d+ to create\n/);
    expect(status).toBe(0);
  });

  it("reports a missing base", () => {
    const { status, report } = run("none");
    expect(report).toContain("There is no base to compare with.");
    expect(report).toMatch(/## Lab preview: \d+ to create\n/);
    expect(status).toBe(0);
  });

  it("removes the lab when it is interrupted", async () => {
    const child = spawn("scripts/pr-preview", [], { cwd: checkout, env: env("HEAD~1"), stdio: "ignore" });
    await eventually(() => Promise.resolve(left().length > 0 || undefined));
    child.kill("SIGTERM");
    const [code] = (await once(child, "exit")) as [number | null];
    expect(code).toBe(1);
    expect(fs.existsSync(path.join(checkout, ".lab/pr-preview/lab"))).toBe(false);
  });

  it("rejects a base that is not a commit of the repository, and creates nothing", () => {
    const { status, stderr } = spawnSync("scripts/pr-preview", [], {
      cwd: checkout,
      env: env("nowhere"),
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining('BASE = "nowhere": is not a commit in this checkout'),
    ]);
  });
});
