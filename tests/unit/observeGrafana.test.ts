import { FoundVersion, observeGrafana, observePanelPlugins } from "../../lib/drift/grafana";
import { FakeResponse, Responses, serve, TestServer } from "../support/servers";

const PASSWORD = "correct-horse-battery";
const SEARCH = "/api/search?type=dash-db&folderUIDs=observability-lab&limit=5000";
const DATASOURCE = {
  uid: "prometheus",
  type: "prometheus",
  url: "http://prometheus:9090",
  access: "proxy",
  isDefault: true,
};
const SIGNED_IN: Responses = { "/api/user": { body: '{"login": "admin"}' } };
const FULL: Responses = {
  ...SIGNED_IN,
  "/api/datasources/uid/prometheus": { body: JSON.stringify(DATASOURCE) },
  [SEARCH]: { body: '[{"uid": "node"}, {"uid": "lab-flask"}]' },
  "/api/dashboards/uid/node": { body: '{"dashboard": {"uid": "node", "version": 1}}' },
  "/api/dashboards/uid/lab-flask": { body: '{"dashboard": {"uid": "lab-flask", "version": 4}}' },
};
const UNKNOWN = { password: undefined, found: undefined };

/** What Grafana 13 says of a dashboard that is stored in another schema. */
function refusal(version: string): string {
  const address = `/apis/dashboard.grafana.app/${version}/namespaces/default/dashboards/node`;
  return JSON.stringify({ message: `dashboard api version not supported, use ${address} instead` });
}

let grafana: TestServer | undefined;

afterEach(async () => {
  await grafana?.close();
  grafana = undefined;
});

/** What is found of a Grafana that answers so. */
async function lookAt(responses: Responses): Promise<unknown> {
  grafana = await serve(responses);
  return observeGrafana(grafana.url, PASSWORD);
}

describe("a running Grafana", () => {
  it("is asked for its content, as admin", async () => {
    expect(await lookAt(FULL)).toStrictEqual({
      password: undefined,
      found: {
        datasource: DATASOURCE,
        dashboards: new Map([
          ["node", 1],
          ["lab-flask", 4],
        ]),
      },
    });
    const authorization = `Basic ${Buffer.from(`admin:${PASSWORD}`).toString("base64")}`;
    expect(grafana?.requests.every((it) => it.authorization === authorization && it.method === "GET")).toBe(true);
  });

  it("may hold nothing of the lab", async () => {
    const empty = {
      ...SIGNED_IN,
      "/api/datasources/uid/prometheus": { status: 404, body: "{}" },
      [SEARCH]: { body: "[]" },
    };
    expect(await lookAt(empty)).toStrictEqual({
      password: undefined,
      found: { datasource: undefined, dashboards: new Map() },
    });
  });

  it("is asked only once if it rejects the password, as five rejections lock the right one out", async () => {
    expect(await lookAt({ ...FULL, "/api/user": { status: 401, body: "{}" } })).toStrictEqual({
      password: "Grafana refused it",
      found: undefined,
    });
    expect(grafana?.asked).toStrictEqual(["/api/user"]);
  });

  it.each<[string, Responses]>([
    ["fails", { "/api/user": { status: 500, body: "{}" } }],
    ["still starts", { "/api/user": { status: 503, body: "starting" } }],
    ["is another program", { "/api/user": { body: "<html>" } }],
    ["cannot say what it holds", { ...FULL, [SEARCH]: { status: 500, body: "{}" } }],
    ["cannot say what datasource it has", { ...FULL, "/api/datasources/uid/prometheus": { status: 503, body: "{}" } }],
  ])("that %s is not observed, and no repair follows", async (_, responses) => {
    expect(await lookAt(responses)).toStrictEqual(UNKNOWN);
  });

  it.each<[string, FakeResponse, FoundVersion | undefined]>([
    ["stores in schema version 2", { status: 406, body: refusal("v2") }, "schema v2"],
    ["stores in an early form of schema version 2", { status: 406, body: refusal("v2beta1") }, "schema v2"],
    ["loses meanwhile", { status: 404, body: '{"message": "Dashboard not found"}' }, undefined],
    ["lets nobody see", { status: 403, body: '{"message": "Access denied to this dashboard"}' }, "unknown"],
    ["cannot load", { status: 500, body: '{"message": "dashboard data is invalid"}' }, "unknown"],
    ["gives as something else", { body: "<html>" }, "unknown"],
    ["gives without a version", { body: "null" }, "unknown"],
  ])("is observed without a dashboard that it %s", async (_, response, version) => {
    const found = { datasource: DATASOURCE, dashboards: new Map<string, FoundVersion>([["lab-flask", 4]]) };
    if (version !== undefined) {
      found.dashboards.set("node", version);
    }
    expect(await lookAt({ ...FULL, "/api/dashboards/uid/node": response })).toEqual({ password: undefined, found });
  });

  it("that cannot be reached is not observed", async () => {
    expect(await observeGrafana("http://127.0.0.1:1", PASSWORD)).toStrictEqual(UNKNOWN);
  });
});

describe("the panel plugins of a running Grafana", () => {
  const PATH = "/api/plugins?type=panel";
  const plugins = async (responses: Responses): Promise<unknown> => {
    grafana = await serve(responses);
    return observePanelPlugins(grafana.url, PASSWORD);
  };

  it("are those it lists", async () => {
    const list = [{ id: "stat" }, { id: "grafana-polystat-panel" }];
    expect(await plugins({ [PATH]: { body: JSON.stringify(list) } })).toStrictEqual(
      new Set(["stat", "grafana-polystat-panel"]),
    );
  });

  it.each([{ status: 403, body: "{}" }, { body: "<html>" }, { body: "{}" }])(
    "are unknown if it returns %j",
    async (response) => {
      expect(await plugins({ [PATH]: response })).toBe("unknown");
    },
  );
});
