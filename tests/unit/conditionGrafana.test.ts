import { lookAtGrafana } from "../../components/condition/grafana";
import { Answers, serve, TestServer } from "./servers";

const PASSWORD = "correct-horse-battery";
const SEARCH = "/api/search?type=dash-db&folderUIDs=observability-lab&limit=5000";
const DATASOURCE = {
  uid: "prometheus",
  type: "prometheus",
  url: "http://prometheus:9090",
  access: "proxy",
  isDefault: true,
};
const SIGNED_IN: Answers = { "/api/user": { body: '{"login": "admin"}' } };
const FULL: Answers = {
  ...SIGNED_IN,
  "/api/datasources/uid/prometheus": { body: JSON.stringify(DATASOURCE) },
  [SEARCH]: { body: '[{"uid": "node"}, {"uid": "lab-flask"}]' },
  "/api/dashboards/uid/node": { body: '{"dashboard": {"uid": "node", "version": 1}}' },
  "/api/dashboards/uid/lab-flask": { body: '{"dashboard": {"uid": "lab-flask", "version": 4}}' },
};
const UNKNOWN = { password: undefined, found: undefined };

let grafana: TestServer | undefined;

afterEach(async () => {
  await grafana?.close();
  grafana = undefined;
});

/** What is found of a Grafana that answers so. */
async function lookAt(answers: Answers): Promise<unknown> {
  grafana = await serve(answers);
  return lookAtGrafana(grafana.url, PASSWORD);
}

describe("a running Grafana", () => {
  it("is asked for what it holds, as admin", async () => {
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

  it("is asked once only where it refuses the password: five refusals lock the right one out", async () => {
    expect(await lookAt({ ...FULL, "/api/user": { status: 401, body: "{}" } })).toStrictEqual({
      password: "Grafana refused it",
      found: undefined,
    });
    expect(grafana?.asked).toStrictEqual(["/api/user"]);
  });

  it.each<[string, Answers]>([
    ["fails", { "/api/user": { status: 500, body: "{}" } }],
    ["still starts", { "/api/user": { status: 503, body: "starting" } }],
    ["is another program", { "/api/user": { body: "<html>" } }],
    ["cannot say what it holds", { ...FULL, [SEARCH]: { status: 500, body: "{}" } }],
    ["cannot say what datasource it has", { ...FULL, "/api/datasources/uid/prometheus": { status: 503, body: "{}" } }],
    ["loses a dashboard meanwhile", { ...FULL, "/api/dashboards/uid/node": { status: 404, body: "{}" } }],
  ])("that %s tells nothing, and nothing is mended for it", async (_, answers) => {
    expect(await lookAt(answers)).toStrictEqual(UNKNOWN);
  });

  it("that cannot be reached tells nothing", async () => {
    expect(await lookAtGrafana("http://127.0.0.1:1", PASSWORD)).toStrictEqual(UNKNOWN);
  });
});
