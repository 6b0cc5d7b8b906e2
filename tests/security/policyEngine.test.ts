import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { edit } from "../support/changes";
import { copyCheckout } from "../support/checkouts";
import { docker, machineStack } from "../support/harness";
import { UserLab } from "../support/userLab";

jest.setTimeout(300_000);

describe("a checkout whose lab has an attack", () => {
  let lab: UserLab;
  let folder: string;

  beforeAll(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-policy-"));
    lab = await UserLab.create("attack-", "172.30.107.0/24");
    lab.checkout = path.join(folder, "checkout");
    copyCheckout(lab.checkout);
    await lab.prepare();
  });

  afterAll(async () => {
    await lab.remove();
    fs.rmSync(folder, { recursive: true });
  });

  it.each<[string, (text: string) => string, string]>([
    [
      "in plain sight",
      (text) =>
        text.replace(
          "    readOnly: true,\n    // a limit",
          "    readOnly: true,\n    privileged: true,\n    // a limit",
        ),
      "nothing-privileged: grafana-container is privileged",
    ],
    [
      "in an output that only the engine resolves",
      (text) => text.replace("volumeName: data.name", "volumeName: data.id.apply(() => '/etc')"),
      "mounts-allowed: pushgateway-container: the mount /etc:/pushgateway is not allowed",
    ],
  ])("is refused by up %s, and its container is not made", async (_, attack, message) => {
    const file = path.join(lab.checkout, "components", "container", "labContainer.ts");
    const before = fs.readFileSync(file, "utf8");
    try {
      edit(lab.checkout, "components/container/labContainer.ts", attack);
      expect(fs.readFileSync(file, "utf8")).not.toBe(before);
      const { ok, output } = await lab.run("pulumi", ["up", "--yes", "--skip-preview"]).outcome;
      expect(output).toContain(message);
      expect(ok).toBe(false);
      const containers = docker("ps", "--all", "--format", "{{.Names}}", "--filter", `name=^${lab.prefix}`).split("\n");
      expect(containers).not.toContain(lab.container("pushgateway"));
      expect(containers).not.toContain(lab.container("grafana"));
    } finally {
      fs.writeFileSync(file, before);
    }
  });
});

describe("a pull request that removes the policies that it violates", () => {
  let folder: string;

  beforeAll(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-policy-"));
  });

  afterAll(() => {
    fs.rmSync(folder, { recursive: true });
  });

  it("is rejected by the policies of its base, and the report names their origin and the files to review", () => {
    const head = path.join(folder, "head");
    copyCheckout(head);
    const git = (...args: string[]): void => {
      execFileSync("git", ["-C", head, "-c", "user.name=n", "-c", "user.email=e", ...args], { stdio: "ignore" });
    };
    git("init");
    fs.appendFileSync(path.join(head, ".git/info/exclude"), "node_modules\n");
    // a base that is refused at once: this is about its policies
    edit(head, "Pulumi.yaml", (text) => text.replace("default: 5s", "default: soon"));
    git("add", "--all");
    git("commit", "--message", "base");
    edit(head, "Pulumi.yaml", (text) => text.replace("default: soon", "default: 5s"));
    edit(head, "policy/policies.ts", (text) =>
      text.replace(/(export const POLICIES: readonly Policy\[\] = \[)[^]*?\n\];/, "$1];"),
    );
    edit(head, "components/container/labContainer.ts", (text) =>
      text.replace("    readOnly: true,\n    // a limit", "    readOnly: true,\n    privileged: true,\n    // a limit"),
    );
    edit(head, "assets/flask/start.sh", (text) => `${text}# more\n`);
    const report = path.join(folder, "report.md");
    const { status, stderr } = spawnSync(path.join(head, "scripts/pr-preview"), {
      env: { ...process.env, STACK: machineStack(), BASE: "HEAD", REPORT: report },
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    expect(status).toBe(1);
    const text = fs.readFileSync(report, "utf8");
    expect(text).toMatch(/> \*\*Policy `nothing-privileged`\*\* \(`grafana-container`\): .*privileged/);
    expect(text).toMatch(/A policy in `policy\/` is violated\. The policies are those of the base `[0-9a-f]{7}`\./);
    expect(text).toContain("- the policies: `policy/policies.ts`\n");
    expect(text).toContain("- scripts that run on the host: `assets/flask/start.sh`\n");
    // a script of the change is one of its files
    expect(text).not.toContain("commands-allowed");
  });
});
