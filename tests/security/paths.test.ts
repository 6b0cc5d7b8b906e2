import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { observeGrafana } from "../../lib/drift/grafana";
import { findBase } from "../../tools/pull-request/git";
import { PreviewLab } from "../../tools/pull-request/previewLab";
import { LabOutputs } from "../../tools/verify/lab";
import { grafanaApi } from "../../tools/verify/panels/grafana";
import { copyCheckout } from "../support/checkouts";
import { serve } from "../support/servers";

/** Names from elsewhere that lead out of where they are meant to stay: files, requests, options, whole labs. */
describe("a foreign name", () => {
  let folder: string;

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-paths-"));
  });

  afterEach(() => {
    fs.rmSync(folder, { recursive: true });
  });

  const catalogue = (uids: Readonly<Record<number, unknown>>): string => {
    const own = path.join(folder, "catalogue");
    fs.mkdirSync(own, { recursive: true });
    Object.entries(uids).forEach(([id, uid]) => {
      fs.writeFileSync(path.join(own, `${id}_rev1.json`), JSON.stringify({ uid, title: "../../title", panels: [] }));
    });
    const entries = Object.keys(uids).map((id) => ({ id: Number(id), revision: 1 }));
    const config = { "observability-lab:dashboardCatalogue": own, "observability-lab:communityDashboards": entries };
    return JSON.stringify({ config });
  };

  it("of a dashboard does not make `make dashboards` write outside of its folder", () => {
    const checkout = path.join(folder, "checkout");
    copyCheckout(checkout);
    // the packages are those of this checkout, which it would install again
    fs.writeFileSync(path.join(checkout, "scripts", "setup"), "");
    const stateDir = path.join(checkout, ".lab");
    fs.mkdirSync(stateDir);
    // what lies in the place of the folder is not written through either
    fs.mkdirSync(path.join(folder, "elsewhere"));
    fs.symlinkSync(path.join(folder, "elsewhere"), path.join(stateDir, "dashboards"));
    const uids = { 1: "../../package", 2: "../x", 3: `${folder}/y`, 4: "a\u0000b", 5: "x".repeat(44), 6: ["../z"] };
    fs.writeFileSync(path.join(stateDir, "own.offline.yaml"), catalogue(uids));
    const before = snapshot(folder);
    const { status, stderr } = spawnSync(path.join(checkout, "scripts", "dashboards"), {
      encoding: "utf8",
      env: { ...process.env, STACK: "offline", LAB_STATE_DIR: stateDir, LAB_CHECKOUT: checkout },
    });
    expect([status, stderr]).toEqual([0, expect.stringContaining("dashboard 1: Grafana does not take its uid")]);
    expect(fs.readdirSync(path.join(stateDir, "dashboards")).sort()).toEqual(
      [
        ...Object.keys(uids).map((id) => `community-${id}.json`),
        "lab-ansible.json",
        "lab-flask.json",
        "lab-jobs.json",
        "lab-overview.json",
      ].sort(),
    );
    expect(snapshot(folder)).toEqual(before);
  });

  it("of a file that is a link already is not written through", () => {
    const [written, victim] = [path.join(folder, "written"), path.join(folder, "victim")];
    fs.mkdirSync(written);
    fs.writeFileSync(victim, "precious");
    fs.symlinkSync(victim, path.join(written, "mine.json"));
    const own = path.join(folder, "own.yaml");
    fs.writeFileSync(own, catalogue({ 1: "mine" }));
    const program = ["--require", "sucrase/register/ts", "scripts/dashboards.ts", written, "Pulumi.offline.yaml", own];
    expect(
      spawnSync(process.execPath, program, { cwd: path.resolve(__dirname, "../.."), encoding: "utf8" }).status,
    ).toBe(1);
    expect(fs.readFileSync(victim, "utf8")).toBe("precious");
  });

  it.each(["..", ".", "../../admin/settings", "a/../../../org"])(
    "%s in Grafana leads no request elsewhere",
    async (uid) => {
      const server = await serve({
        "/api/user": { body: "{}" },
        "/api/search?type=dash-db&folderUIDs=observability-lab&limit=5000": {
          body: JSON.stringify([{ uid }, { uid: "mine" }]),
        },
        "/api/datasources/uid/prometheus": { status: 404, body: "{}" },
        "/api/dashboards/uid/mine": { body: '{"dashboard": {"version": 3}}' },
      });
      const { found } = await observeGrafana(server.url, "password");
      expect(found?.dashboards.get("mine")).toBe(3); // and hides no drift of the others
      const lab = { grafanaUrl: server.url, grafanaUser: "admin", grafanaAdminPassword: "password" } as LabOutputs;
      await expect(grafanaApi(lab).libraryPanel(uid)).rejects.toThrow();
      await expect(grafanaApi(lab).prometheus(uid, "query", {})).rejects.toThrow();
      const ways = server.asked.filter(
        (it) => !/^\/api\/(user|search\?.*|datasources\/uid\/prometheus|dashboards\/uid\/mine)$/.test(it),
      );
      await server.close();
      const prefixes =
        /^\/login$|^\/api\/user$|^\/api\/(dashboards\/uid|library-elements|datasources\/proxy\/uid)\/[^/]+(\/api\/v1\/query)?$/;
      expect(ways.filter((it) => !prefixes.test(it))).toEqual([]);
    },
  );

  it("of a base is never an option of git", () => {
    const git = (...args: string[]): string => execFileSync("git", ["-C", folder, ...args], { encoding: "utf8" });
    git("init", "--quiet");
    git("-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet", "--allow-empty", "--message", "x");
    for (const name of [
      "--since=1.day",
      "--until=now",
      "--all",
      "--git-dir",
      `--output=${folder}/x`,
      "-h",
      "^HEAD",
      "HEAD..HEAD",
    ]) {
      expect(() => findBase(folder, name)).toThrow("is not a commit in this checkout");
    }
    expect(fs.readdirSync(folder)).toEqual([".git"]);
  });

  it.each(["../../../x", "\n", "*"])("in the place of a preview's id (%j) removes nothing", async (id) => {
    fs.mkdirSync(path.join(folder, "lab"));
    fs.writeFileSync(path.join(folder, "lab", "id"), id);
    await expect(PreviewLab.create({ folder, stack: "offline" })).rejects.toThrow(
      "does not contain the id of a preview's lab",
    );
    expect(fs.readFileSync(path.join(folder, "lab", "id"), "utf8")).toBe(id);
  });
});

/** Every file below a folder with its content, but for what `make dashboards` may write. */
function snapshot(folder: string): Readonly<Record<string, string>> {
  const files = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((it) => it.isFile());
  return Object.fromEntries(
    files
      .map(({ parentPath, name }) => path.join(parentPath, name))
      .filter((file) => !/node_modules|\.lab\/(dashboards|stripped)/.test(path.relative(folder, file)))
      .map((file) => [file, fs.readFileSync(file, "latin1")]),
  );
}
