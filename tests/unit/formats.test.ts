import { readClassic } from "../../dashboards/community/formats";

const MODEL = { title: "Up", uid: "up", panels: [{ type: "stat" }] };
const V2 = { title: "Up", elements: {}, layout: { kind: "GridLayout" } };

function read(file: unknown): unknown {
  const classic = readClassic(JSON.stringify(file));
  return "json" in classic ? (JSON.parse(classic.json) as unknown) : classic.problem;
}

describe("the classic model of a file", () => {
  it.each<[string, unknown, unknown]>([
    ["is the file itself", MODEL, MODEL],
    ["may have rows", { rows: [{ panels: [] }] }, { rows: [{ panels: [] }] }],
    ["is in the response of Grafana's API", { meta: { slug: "up" }, dashboard: MODEL }, MODEL],
    ["is in the body of an import", { dashboard: MODEL, overwrite: true, folderUid: "a" }, MODEL],
    ["is in the response of grafana.com's API", { id: 1860, revision: 45, json: MODEL }, MODEL],
    [
      "is the spec of a resource, whose name is its uid",
      {
        apiVersion: "dashboard.grafana.app/v1beta1",
        kind: "Dashboard",
        metadata: { name: "named" },
        spec: { title: "Up", panels: [] },
      },
      { uid: "named", title: "Up", panels: [] },
    ],
    ...[null, ""].map((uid): [string, unknown, unknown] => [
      `has the name of its resource where its uid is ${JSON.stringify(uid)}`,
      { apiVersion: "dashboard.grafana.app/v1", metadata: { name: "named" }, spec: { uid, panels: [] } },
      { uid: "named", panels: [] },
    ]),
    [
      "keeps the uid of the spec",
      { apiVersion: "dashboard.grafana.app/v0alpha1", metadata: { name: "other" }, spec: MODEL },
      MODEL,
    ],
    [
      "is in a resource inside a response",
      { dashboard: { apiVersion: "dashboard.grafana.app/v1", metadata: { name: "up" }, spec: MODEL } },
      MODEL,
    ],
  ])("%s", (_, file, model) => {
    expect(read(file)).toStrictEqual(model);
  });

  it.each<[string, unknown]>([
    ["a resource", { apiVersion: "dashboard.grafana.app/v2", metadata: { name: "up" }, spec: V2 }],
    ["a resource of a beta", { apiVersion: "dashboard.grafana.app/v2beta1", metadata: {}, spec: V2 }],
    ["a bare model", V2],
    ["a response", { meta: {}, dashboard: V2 }],
  ])("is not found in %s of schema version 2", (_, file) => {
    expect(read(file)).toContain("schema version 2");
  });

  it.each([null, [], {}, "text", 7, { dashboard: "up" }, { apiVersion: "v1", spec: MODEL }, { panels: {} }])(
    "is not found in %j",
    (file) => {
      expect(read(file)).toBe("the file is not JSON with panels");
    },
  );

  it("is not found in text that is not JSON", () => {
    expect(readClassic("<html>")).toMatchObject({ problem: "the file is not JSON with panels" });
  });
});
