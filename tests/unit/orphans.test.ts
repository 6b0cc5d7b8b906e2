import { removeOrphan } from "../../lib/docker/orphans";
import { Responses, serveDocker, TestServer } from "../support/servers";

const LAB = "observability-lab";
const OURS = { "observability-lab.lab": LAB };
const container = (labels: object | null): { body: string } => ({
  body: JSON.stringify({ Id: "c1", Config: { Labels: labels } }),
});
const network = (labels: object | null, containers: object = {}): { body: string } => ({
  body: JSON.stringify({ Id: "n1", Labels: labels, Containers: containers }),
});
const REMOVED = { status: 204, body: "" };

let engine: TestServer | undefined;

afterEach(async () => {
  await engine?.close();
  engine = undefined;
});

/** What an engine that answers so is asked to change. */
async function changesOf(responses: Responses, ...args: Parameters<typeof removeOrphan>): Promise<unknown[]> {
  engine = await serveDocker(responses);
  await removeOrphan(...args);
  return engine.requests
    .filter(({ method }) => method !== "GET")
    .map(({ method, path, body }) => [`${method} ${path}`, body]);
}

describe("a name that is about to be used", () => {
  it.each<[string, Responses]>([
    ["containers", {}],
    ["networks", {}],
  ])("is left alone if it is free in %s", async (kind, responses) => {
    expect(await changesOf(responses, kind as "containers" | "networks", "grafana", LAB)).toStrictEqual([]);
  });

  it("is freed of a container that an earlier update of this lab left", async () => {
    const responses = { "/containers/grafana/json": container(OURS), "DELETE /containers/c1?force=1&v=1": REMOVED };
    expect(await changesOf(responses, "containers", "grafana", LAB)).toStrictEqual([
      ["DELETE /containers/c1?force=1&v=1", undefined],
    ]);
  });

  it("is freed of a network, which is taken from its containers first", async () => {
    const responses = {
      [`/networks/${LAB}`]: network(OURS, { c1: {}, c2: {} }),
      "POST /networks/n1/disconnect": { body: "" },
      "DELETE /networks/n1": REMOVED,
    };
    expect(await changesOf(responses, "networks", LAB, LAB)).toStrictEqual([
      ["POST /networks/n1/disconnect", { Container: "c1", Force: true }],
      ["POST /networks/n1/disconnect", { Container: "c2", Force: true }],
      ["DELETE /networks/n1", undefined],
    ]);
  });

  it("is not taken from another manager's service of the same lab name", async () => {
    const service = { body: JSON.stringify({ ID: "s1", Spec: { Labels: OURS } }) };
    await expect(
      changesOf({ "/services/cadvisor": service }, "services", "cadvisor", LAB, () => false),
    ).rejects.toThrow("a service named cadvisor exists and does not belong to this lab");
    expect(engine?.requests.map(({ method }) => method)).toStrictEqual(["GET"]);
  });

  it("may be freed by somebody else in the meantime", async () => {
    const responses = { "/containers/grafana/json": container(OURS) };
    await expect(changesOf(responses, "containers", "grafana", LAB)).resolves.toHaveLength(1);
  });

  it("is reported with the reason if it cannot be freed", async () => {
    const responses = {
      "/containers/grafana/json": container(OURS),
      "DELETE /containers/c1?force=1&v=1": { status: 500, body: "device busy" },
    };
    await expect(changesOf(responses, "containers", "grafana", LAB)).rejects.toThrow(
      "the container grafana is left over from an earlier update and cannot be removed: device busy",
    );
  });

  it("is reported if Docker does not tell who has it", async () => {
    const responses = { "/containers/grafana/json": { status: 500, body: '{"message":"device busy"}\n' } };
    await expect(changesOf(responses, "containers", "grafana", LAB)).rejects.toThrow(
      'Docker returned 500 for the container grafana: {"message":"device busy"}',
    );
  });

  it.each([null, {}, { "observability-lab.lab": "b-observability-lab" }])(
    "is never taken from a container of somebody else: labels %j",
    async (labels) => {
      const remedy = "exists and does not belong to this lab; set another namePrefix, or remove it by hand";
      await expect(
        changesOf({ "/containers/grafana/json": container(labels) }, "containers", "grafana", LAB),
      ).rejects.toThrow(`a container named grafana ${remedy}`);
      expect(engine?.requests.map(({ method }) => method)).toStrictEqual(["GET"]);
      await engine?.close();
      await expect(
        changesOf({ [`/networks/${LAB}`]: network(labels, { c1: {} }) }, "networks", LAB, LAB),
      ).rejects.toThrow(`a network named ${LAB} ${remedy}`);
      expect(engine?.requests.map(({ method }) => method)).toStrictEqual(["GET"]);
    },
  );
});
