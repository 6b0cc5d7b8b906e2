import * as pulumi from "@pulumi/pulumi";
import { GrafanaApi } from "../../components/monitoring/grafanaApi";
import { ensureFolder } from "../../components/monitoring/grafanaFolder";
import { buildLab, Hooks } from "../support/fixtures";
import { FakeResponse, serve, TestServer } from "../support/servers";

const PASSWORD = "correct-horse-battery";
const FOLDER = "/api/folders/observability-lab";
const SEARCH = "/api/search?type=dash-db&folderUIDs=observability-lab&limit=5000";
const THERE = { body: '{"uid": "observability-lab"}' };
const MISSING: FakeResponse = { status: 404, body: "{}" };
const DONE = { body: "{}" };

/** What Grafana answers in this test. */
let responses: Record<string, FakeResponse | FakeResponse[]>;
let grafana: TestServer;
let hooks: Hooks;
let api: GrafanaApi;
/** How many requests earlier tests made. */
let before: number;

beforeAll(async () => {
  grafana = await serve(new Proxy({}, { get: (_, key) => responses[String(key)] }));
  const settings = { grafanaAdminPassword: PASSWORD, grafanaPort: String(grafana.port) };
  ({ hooks } = await buildLab({ settings }));
  api = new GrafanaApi(grafana.url, pulumi.secret(PASSWORD));
});

beforeEach(() => {
  before = grafana.requests.length;
});

afterAll(() => grafana.close());

/** What this test changed in Grafana. */
function changes(): unknown[] {
  return grafana.requests
    .slice(before)
    .filter(({ method }) => method !== "GET")
    .map(({ method, path, body }) => [`${method} ${path}`, body]);
}

/** Runs what Pulumi would run at that moment of a resource. */
async function run(name: string, moment: "beforeCreate" | "afterCreate" | "beforeUpdate"): Promise<void> {
  for (const hook of hooks.get(name)?.[moment] ?? []) {
    await (hook as pulumi.ResourceHookFunction)({} as pulumi.ResourceHookArgs);
  }
}

describe("Grafana's API", () => {
  it("is called as admin", async () => {
    responses = { "/api/x": { body: '{"a": 1}' } };
    expect(await api.call("POST", "/api/x", { b: 2 })).toStrictEqual({ a: 1 });
    expect(grafana.requests.slice(before)).toStrictEqual([
      {
        method: "POST",
        path: "/api/x",
        authorization: `Basic ${Buffer.from(`admin:${PASSWORD}`).toString("base64")}`,
        body: { b: 2 },
      },
    ]);
  });

  it("distinguishes a missing object from a failure, and shows no password", async () => {
    responses = { "/api/x": { status: 403, body: "Access denied" } };
    expect(await api.call("DELETE", "/api/nothing")).toBeUndefined();
    await expect(api.call("GET", "/api/x")).rejects.toThrow(/^Grafana returned 403 to GET \/api\/x: Access denied$/);
  });
});

describe("the folder of the dashboards", () => {
  it("is created if it is missing", async () => {
    responses = { [FOLDER]: MISSING };
    await run("grafana-folder", "beforeCreate");
    await run("grafana-folder", "afterCreate");
    expect(changes()).toStrictEqual([]);
  });

  it("replaces an existing one with its foreign dashboards, without the lab's own", async () => {
    const theirs = { uid: "theirs", id: 7, version: 3 };
    responses = {
      [FOLDER]: THERE,
      [SEARCH]: { body: '[{"uid": "lab-flask"}, {"uid": "theirs"}, {"uid": "node"}]' },
      "/api/dashboards/uid/theirs": { body: JSON.stringify({ dashboard: theirs, meta: {} }) },
      "POST /api/dashboards/db": DONE,
      [`DELETE ${FOLDER}`]: DONE,
    };
    const moved = (folderUid: string): unknown => [
      "POST /api/dashboards/db",
      { dashboard: theirs, folderUid, overwrite: true, message: "moved while the lab's folder was recreated" },
    ];
    await run("grafana-folder", "beforeCreate");
    expect(changes()).toStrictEqual([moved(""), [`DELETE ${FOLDER}`, undefined]]);
    await run("grafana-folder", "afterCreate");
    expect(changes().slice(2)).toStrictEqual([moved("observability-lab")]);
  });

  it("keeps a dashboard that somebody saved in schema version 2, in that schema", async () => {
    const address = "/apis/dashboard.grafana.app/v2/namespaces/default/dashboards/theirs";
    const message = `dashboard api version not supported, use ${address} instead`;
    const metadata = { name: "theirs", generation: 4, annotations: { "grafana.app/folder": "observability-lab" } };
    const resource = { apiVersion: "dashboard.grafana.app/v2", kind: "Dashboard", spec: { layout: {} } };
    responses = {
      [FOLDER]: THERE,
      [SEARCH]: { body: '[{"uid": "theirs"}]' },
      "/api/dashboards/uid/theirs": { status: 406, body: JSON.stringify({ message }) },
      [address]: { body: JSON.stringify({ ...resource, metadata: { ...metadata, resourceVersion: "1758" } }) },
      [`DELETE ${FOLDER}`]: DONE,
    };
    const moved = (folder: string): unknown => {
      const annotations = {
        "grafana.app/folder": folder,
        "grafana.app/message": "moved while the lab's folder was recreated",
      };
      return [`PUT ${address}`, { ...resource, metadata: { ...metadata, annotations } }];
    };
    await run("grafana-folder", "beforeCreate");
    expect(changes()).toStrictEqual([moved(""), [`DELETE ${FOLDER}`, undefined]]);
    await run("grafana-folder", "afterCreate");
    expect(changes().slice(2)).toStrictEqual([moved("observability-lab")]);
  });

  it.each([
    ["a refusal that names no other address", 406, "not acceptable"],
    ["any other failure", 500, "/apis/dashboard.grafana.app/v2/namespaces/default/dashboards/theirs"],
  ])("is not removed for %s while it has somebody's dashboard", async (_, status, body) => {
    responses = {
      [FOLDER]: THERE,
      [SEARCH]: { body: '[{"uid": "theirs"}]' },
      "/api/dashboards/uid/theirs": { status, body },
    };
    await expect(run("grafana-folder", "beforeCreate")).rejects.toThrow(`Grafana returned ${String(status)} to GET`);
    expect(changes()).toStrictEqual([]);
  });

  it.each([
    [500, "database is locked"],
    [404, "folder not found"],
  ])("is not removed if somebody's dashboard cannot be moved out of it: %d", async (status, body) => {
    responses = {
      [FOLDER]: THERE,
      [SEARCH]: { body: '[{"uid": "theirs"}]' },
      "/api/dashboards/uid/theirs": { body: '{"dashboard": {"uid": "theirs"}}' },
      "POST /api/dashboards/db": { status, body },
    };
    await expect(run("grafana-folder", "beforeCreate")).rejects.toThrow(body);
    expect(changes()).toHaveLength(1);
  });

  it.each(["beforeCreate", "beforeUpdate"] as const)("exists %s of every dashboard", async (moment) => {
    responses = { [FOLDER]: MISSING, "POST /api/folders": DONE };
    await run("flask-app-dashboard", moment);
    await run("community-1860-dashboard", moment);
    expect(changes()).toStrictEqual(
      Array(2).fill(["POST /api/folders", { uid: "observability-lab", title: "Observability lab" }]),
    );
  });

  it("may be created by another dashboard at the same time", async () => {
    responses = { [`GET ${FOLDER}`]: [MISSING, THERE], "POST /api/folders": { status: 412, body: "exists" } };
    await expect(ensureFolder(api)).resolves.toBeUndefined();
  });

  it("is reported if it cannot be created", async () => {
    responses = { "POST /api/folders": { status: 500, body: "no space left" } };
    await expect(ensureFolder(api)).rejects.toThrow("no space left");
  });

  it("is left alone while it exists", async () => {
    responses = { [FOLDER]: THERE };
    await ensureFolder(api);
    expect(changes()).toStrictEqual([]);
  });
});

describe("the datasource", () => {
  it("replaces one in a volume of an earlier lab", async () => {
    responses = { "DELETE /api/datasources/uid/prometheus": DONE };
    await run("grafana-datasource", "beforeCreate");
    expect(changes()).toStrictEqual([["DELETE /api/datasources/uid/prometheus", undefined]]);
  });
});
