import * as pulumi from "@pulumi/pulumi";
import * as automation from "@pulumi/pulumi/automation";
import * as grafana from "@pulumiverse/grafana";
import * as fs from "node:fs";
import * as path from "node:path";
import { createManagedDashboard } from "../../components/dashboards/managedDashboard";
import { Grafana } from "../../components/monitoring/grafana";
import { GrafanaApi } from "../../components/monitoring/grafanaApi";
import { savedVersions } from "../../lib/drift/dashboards";
import { FOLDER, observeGrafana } from "../../lib/drift/grafana";
import { ObservedLab } from "../../lib/drift/observe";
import { TestLab } from "../support/harness";
import { Grafana13, serveGrafana13 } from "./grafana13";

const HELD = "held-of-a-test";
const THEIRS = "theirs-of-a-test";

/** What becomes of dashboards that Grafana 13 stores in schema version 2, before the Grafana of a lab that is up. */
export function schemaV2Tests(lab: () => TestLab): void {
  let proxy: Grafana13;
  let password: string;
  let stack: automation.Stack;

  const call = async (method: string, path: string, body?: object): Promise<number> => {
    const { status } = await fetch(`${proxy.url}${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`admin:${password}`).toString("base64")}`,
        "content-type": "application/json",
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return status;
  };

  /** Holds one dashboard as the lab does. */
  const program = async (): Promise<void> => {
    const parent = new pulumi.ComponentResource("test:Parent", "parent");
    const { folder } = lab();
    const observed: Partial<ObservedLab> = {
      folder,
      grafana: await observeGrafana(proxy.url, password),
      savedVersions: savedVersions(folder),
      repairTime: () => new Date().toISOString(),
    };
    const holder: Partial<Grafana> = {
      observed: observed as ObservedLab,
      api: new GrafanaApi(proxy.url, pulumi.secret(password)),
      folderUid: pulumi.output(FOLDER.uid),
      data: parent,
      provider: new grafana.Provider("provider", { url: proxy.url, auth: `admin:${password}` }),
    };
    const json = JSON.stringify({ uid: HELD, title: "Held", panels: [] });
    createManagedDashboard("held", { uid: HELD, json, grafana: holder as Grafana }, parent);
  };

  beforeAll(async () => {
    password = (await lab().stack.outputs()).grafanaAdminPassword?.value as string;
    proxy = await serveGrafana13(`http://127.0.0.1:${String(lab().ports.grafanaPort)}`);
    const { workspace } = lab().stack;
    const workDir = path.join(lab().folder, "schema-v2");
    fs.mkdirSync(workDir);
    stack = await automation.LocalWorkspace.createStack(
      { projectName: "schema-v2", stackName: "e2e", program },
      { workDir, pulumiCommand: workspace.pulumiCommand, envVars: workspace.envVars },
    );
    await stack.up();
    await call("POST", "/api/dashboards/db", {
      dashboard: { uid: THEIRS, title: "Theirs", panels: [] },
      folderUid: FOLDER.uid,
    });
  });

  afterAll(async () => {
    proxy.v2.clear();
    await stack.destroy();
    await call("DELETE", `/api/dashboards/uid/${THEIRS}`);
    await proxy.close();
  });

  beforeEach(() => {
    [HELD, THEIRS].forEach((uid) => proxy.v2.add(uid));
  });

  it("are reported as such, and everything else as before", async () => {
    const direct = await observeGrafana(`http://127.0.0.1:${String(lab().ports.grafanaPort)}`, password);
    const { found } = await observeGrafana(proxy.url, password);
    const expected = new Map<string, unknown>(direct.found?.dashboards);
    [HELD, THEIRS].forEach((uid) => expected.set(uid, "schema v2"));
    expect(found).toEqual({ datasource: direct.found?.datasource, dashboards: expected });
    expect(expected.size).toBeGreaterThan(5);
  });

  it("are restored by the next up if they are the lab's, and kept if they are somebody's", async () => {
    const messages: string[] = [];
    const preview = await stack.preview({ onOutput: (line) => messages.push(line) });
    expect(preview.changeSummary).toMatchObject({ update: 1 });
    expect(messages.join("")).toContain(`${HELD}: it was saved in Grafana in the new schema (version 2)`);
    expect((await stack.up()).summary.resourceChanges).toMatchObject({ update: 1 });
    expect([...proxy.v2]).toEqual([THEIRS]);
    expect((await stack.preview()).changeSummary).not.toHaveProperty("update");
  });

  it("fail a refresh, which the provider does not support; an up before it helps", async () => {
    await expect(stack.refresh()).rejects.toThrow("getDashboardByUidNotAcceptable");
    await stack.up();
    await stack.refresh();
    expect([...proxy.v2]).toEqual([THEIRS]);
  });
}
