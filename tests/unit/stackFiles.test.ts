import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { readStackFiles } from "../../lib/settings/stackFiles";
import { settingsWith } from "../support/fixtures";

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-stack-"));
});

afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

/** A settings file with this text. */
function file(name: string, text: string): string {
  const full = path.join(folder, name);
  fs.writeFileSync(full, text);
  return full;
}

describe("the settings of a stack's files", () => {
  it("are the defaults of Pulumi.yaml where nothing else is set", () => {
    expect(readStackFiles([file("empty.yaml", "")])).toStrictEqual({ settings: settingsWith(), problems: [] });
  });

  it("are those of the later file, of this project, and lists as Pulumi hands them over", () => {
    const tracked = "config: {observability-lab:grafanaPort: 3001, observability-lab:retention: 1d, aws:region: x}";
    const own = "config: {observability-lab:grafanaPort: 3002, observability-lab:communityDashboards: []}";
    const { settings, problems } = readStackFiles([file("tracked.yaml", tracked), file("own.yaml", own)]);
    expect(problems).toStrictEqual([]);
    expect(settings).toMatchObject({ grafana: { port: 3002 }, retention: "1d", communityDashboards: [] });
  });

  it("are empty where one has no value, as the CLI reads it", () => {
    const { settings, problems } = readStackFiles([file("own.yaml", "config: {observability-lab:alertWebhook: }")]);
    expect([settings.alertWebhook, problems]).toStrictEqual([undefined, []]);
  });

  it("are valid where one is a secret, which only the CLI can read", () => {
    const own =
      "config: {observability-lab:grafanaAdminPassword: {secure: v1:abc}, observability-lab:alertWebhook: {secure: v1:abc}}";
    const { settings, problems } = readStackFiles([file("own.yaml", own)]);
    expect(problems).toStrictEqual([]);
    expect(settings.alertWebhook).toBeDefined();
    expect(JSON.stringify(settings)).not.toContain("v1:abc");
  });

  it("are valid where a part of one is a secret", () => {
    const receiver = "{url: https://example.org, username: lab, password: {secure: v1:abc}}";
    const own = `config: {observability-lab:remoteWrite: [${receiver}]}`;
    const { settings, problems } = readStackFiles([file("own.yaml", own)]);
    expect(problems).toStrictEqual([]);
    expect(settings.remoteWrite).toMatchObject([{ url: "https://example.org", username: "lab" }]);
    expect(JSON.stringify(settings)).not.toContain("v1:abc");
  });

  it.each(["remoteWrite", "extraScrapeTargets"] as const)("are valid where the whole list %s is a secret", (list) => {
    const { settings, problems } = readStackFiles([
      file("own.yaml", `config: {observability-lab:${list}: {secure: v1:abc}}`),
    ]);
    expect([settings[list], problems]).toStrictEqual([[], []]);
  });

  it("cannot be read from a file that is not YAML; the error names it", () => {
    const broken = file("broken.yaml", "config: [1");
    expect(() => readStackFiles([broken])).toThrow(`${broken} cannot be read: `);
    expect(() => readStackFiles(["/nonexistent.yaml"])).toThrow(/^\/nonexistent.yaml cannot be read: .*ENOENT/);
  });
});
