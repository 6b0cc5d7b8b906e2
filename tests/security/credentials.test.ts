import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { readCatalogue } from "../../dashboards/community/catalogue";
import { describeProblemAndFix, LabError } from "../../lib/shared/problems";
import { readRun } from "../../tools/pull-request/report/events";
import { StandIns } from "../../tools/pull-request/standIns";
import { settingsWith, problemsOf } from "../support/fixtures";

const SECRET = "T0K3N";
const PROJECT = path.resolve(__dirname, "../..");

/** Credentials that somebody puts where they do not belong: they are refused, and shown nowhere. */
describe("credentials", () => {
  let folder: string;

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-credentials-"));
  });

  afterEach(() => {
    fs.rmSync(folder, { recursive: true });
  });

  it.each([
    `http://user:${SECRET}@127.0.0.1:1/api`,
    `https://${SECRET}@example.org`,
    `HTTPS://user:${SECRET}@example.org`,
    ` https://user:${SECRET}@example.org`,
    `https://user:${SECRET}/x@example.org`,
    `https://user:a@${SECRET}@example.org`,
    `https://user:${SECRET} x@example.org`,
    `https:/user:${SECRET}@example.org`,
    `//user:${SECRET}@example.org`,
    `user:${SECRET}@example.org/api`,
    `ftp://user:${SECRET}@example.org`,
    `https://example.org/api?token=${SECRET}`,
    `https://example.org/api#${SECRET}`,
  ])("in the catalogue's address %s are refused without being shown", (dashboardCatalogue) => {
    for (const secrets of [[], ["dashboardCatalogue"]]) {
      const problems = problemsOf({ dashboardCatalogue }, secrets);
      expect(problems).toEqual([expect.stringMatching(/^dashboardCatalogue: /)]);
      expect(problems.join("\n")).not.toContain(SECRET);
    }
  });

  it("in the catalogue's address are not shown by a whole command", () => {
    const own = path.join(folder, "own.yaml");
    fs.writeFileSync(own, `config: { "observability-lab:dashboardCatalogue": "http://user:${SECRET}@127.0.0.1:1/x" }`);
    const program = ["--require", "sucrase/register/ts", "scripts/dashboards.ts", folder, "Pulumi.offline.yaml", own];
    const { stderr, stdout } = spawnSync(process.execPath, program, { cwd: PROJECT, encoding: "utf8" });
    expect(stderr).toContain("dashboardCatalogue: holds credentials");
    expect(stderr + stdout).not.toContain(SECRET);
  });

  it("are not shown where a catalogue leads to them", async () => {
    const settings = { ...settingsWith(), dashboardCatalogue: `http://user:${SECRET}@127.0.0.1:1` };
    const { problems } = await readCatalogue(settings);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.map(describeProblemAndFix).join("\n")).not.toContain(SECRET);
    expect(new LabError(`Failed to parse URL from https://user:${SECRET}@[`).message).not.toContain(SECRET);
  });

  it.each([
    ["extraScrapeTargets", JSON.stringify([{ job: "x", targets: [`user:${SECRET}@example.org:80`] }])],
    ["extraScrapeTargets", JSON.stringify([{ job: "x", targets: [`http://user:${SECRET}@example.org:80`] }])],
    ["remoteWrite", JSON.stringify([{ url: `https://user:${SECRET}@example.org` }])],
    ["remoteWrite", JSON.stringify([{ url: `https://user:${SECRET}/x@example.org` }])],
    ["prometheusImage", `user:${SECRET}@registry.example.org/prometheus:v1`],
    ["bindAddress", `user:${SECRET}@127.0.0.1`],
  ])("in %s are not shown: %s", (setting, value) => {
    const problems = problemsOf({ [setting]: value }, []);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join("\n")).not.toContain(SECRET);
  });

  it("are not shown with the lines of a settings file that is not YAML", () => {
    const own = path.join(folder, "own.yaml");
    fs.writeFileSync(own, `config:\n  "observability-lab:alertWebhook": "https://example.org/${SECRET}" x\n`);
    const program = ["--require", "sucrase/register/ts", "scripts/dashboards.ts", folder, "Pulumi.offline.yaml", own];
    const { stderr } = spawnSync(process.execPath, program, { cwd: PROJECT, encoding: "utf8" });
    expect(stderr).toContain("cannot be read");
    expect(stderr).not.toContain(SECRET);
  });

  it("in a webhook are taken as a secret only", () => {
    const alertWebhook = `https://example.org/${SECRET}`;
    expect(problemsOf({ alertWebhook }, [])).toEqual([
      'alertWebhook: is in plain text; set it with make config ARGS="set --secret alertWebhook"',
    ]);
    expect(problemsOf({ alertWebhook }, ["alertWebhook"])).toEqual([]);
  });

  it("of a pull request are refused in its preview as in an up, and in no report", async () => {
    fs.writeFileSync(
      path.join(folder, "Pulumi.yaml"),
      JSON.stringify({
        config: {
          namePrefix: { default: "" },
          alertWebhook: { default: `https://user:${SECRET}@example.org` },
          remoteWrite: { default: [{ url: `https://user:${SECRET}@example.org/write` }] },
        },
      }),
    );
    const standIns = new StandIns("preview-0-", { freePort: () => Promise.resolve(1), freeSubnet: () => "" });
    const { config, secrets } = await standIns.settingsOf(folder, "dev");
    const { alertWebhook, remoteWrite } = config as { alertWebhook: string; remoteWrite: object[] };
    expect(secrets).toEqual({});
    const problems = problemsOf({ alertWebhook, remoteWrite: JSON.stringify(remoteWrite) }, []);
    expect(problems).toEqual([
      expect.stringMatching(/^alertWebhook: is in plain text/),
      expect.stringMatching(/^remoteWrite\[0\]\.url: holds credentials/),
    ]);
    expect(standIns.restore(JSON.stringify(config) + problems.join("\n"))).not.toContain(SECRET);
    const event = { diagnosticEvent: { severity: "error", message: `cannot ask https://user:${SECRET}@example.org` } };
    expect(readRun(JSON.stringify(event)).errors).toEqual(["cannot ask https://[secret]@example.org"]);
  });

  it("are in no tracked settings", () => {
    const files = execFileSync("git", ["-C", PROJECT, "ls-files", "Pulumi*.yaml"], { encoding: "utf8" })
      .trim()
      .split("\n");
    const plain = files.filter((file) =>
      /:alertWebhook: *[^ "{]/.test(fs.readFileSync(path.join(PROJECT, file), "utf8")),
    );
    expect(plain).toEqual([]);
  });
});
