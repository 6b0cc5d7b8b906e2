import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { PROJECT } from "../support/fixtures";

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-dashboards-"));
});

afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

/** What the script writes with these settings over those of the stack offline, by file. */
function write(config: string): { files: Record<string, string>; stderr: string; status: number | null } {
  const [written, own] = [path.join(folder, "written"), path.join(folder, "own.yaml")];
  fs.writeFileSync(own, config);
  const { stderr, status } = spawnSync(
    process.execPath,
    ["--require", "sucrase/register/ts", "scripts/dashboards.ts", written, "Pulumi.offline.yaml", own],
    { cwd: PROJECT, encoding: "utf8" },
  );
  const names = fs.existsSync(written) ? fs.readdirSync(written) : [];
  const files = names.map((name) => [name, fs.readFileSync(path.join(written, name), "utf8")]);
  return { files: Object.fromEntries(files) as Record<string, string>, stderr, status };
}

describe("the rendered dashboards", () => {
  it("are the lab's own and those of the settings, with the lab's datasource and their keys in order", () => {
    fs.writeFileSync(
      path.join(folder, "7_rev1.json"),
      JSON.stringify({ uid: "theirs", title: "Seven", panels: [{ title: "Up", datasource: "Prometheus" }] }),
    );
    const { files, stderr } = write(`
config:
  observability-lab:dashboardCatalogue: ${folder}
  observability-lab:communityDashboards: [{ id: 7, revision: 1 }]
  observability-lab:grafanaAdminPassword: { secure: "v1:abc" }
  observability-lab:grafanaPort: 3001
`);
    expect(stderr).toBe("");
    expect(Object.keys(files)).toEqual(expect.arrayContaining(["lab-ansible.json", "lab-flask.json", "theirs.json"]));
    expect(files["theirs.json"]).toBe(`{
  "panels": [
    {
      "datasource": {
        "type": "prometheus",
        "uid": "prometheus"
      },
      "title": "Up"
    }
  ],
  "title": "Seven",
  "uid": "theirs"
}
`);
  });

  it("include Alertmanager if the webhook is a secret, too", () => {
    const { files, stderr } = write('config: { "observability-lab:alertWebhook": { secure: "v1:abc" } }');
    expect(stderr).toBe("");
    expect(files["lab-overview.json"]).toContain("|alertmanager)");
  });

  it("are absent if a setting is wrong, which is reported", () => {
    const { files, stderr, status } = write("config: { 'observability-lab:grafanaPort': 99999 }");
    expect(files).toEqual({});
    expect(stderr).toContain('grafanaPort = "99999": must be a port');
    expect(status).toBe(1);
  });
});
