import { buildLab } from "../support/fixtures";
import { namesOf, Registration, resource, resourcesOf } from "../support/mocks";

const CONTAINERS = ["cadvisor", "grafana", "node-exporter", "prometheus", "pushgateway"].map((it) => `${it}-container`);
const DASHBOARDS = ["ansible-playbooks", "community-1860", "flask-app", "jobs", "lab-overview"].map(
  (it) => `${it}-dashboard`,
);

let registrations: readonly Registration[];

beforeAll(async () => {
  ({ registrations } = await buildLab());
});

describe("a resource that no state contains", () => {
  it("is replaced before the lab's own is created: containers, the network and Grafana's content", () => {
    const before = registrations.filter(({ hooks }) => hooks.includes("beforeCreate")).map(({ name }) => name);
    expect(before.sort()).toStrictEqual(
      [
        ...[...CONTAINERS, ...DASHBOARDS, "grafana-datasource", "grafana-folder", "lab-network"],
        ...["grafana-config-files", "prometheus-config-files", "grafana-data"],
      ].sort(),
    );
  });

  it("is removed by the teardown, on which every resource on the machine depends", () => {
    const byUrn = new Map(registrations.map((it) => [it.urn, it]));
    const reach = ({ name, dependencies, provider }: Registration): boolean =>
      name === "lab-sweep" ||
      [...dependencies, provider].some((urn) => {
        const found = byUrn.get(urn);
        return found !== undefined && reach(found);
      });
    const held = registrations.filter(({ type }) => /^(docker|command|grafana):/.test(type));
    expect(held.filter((it) => !reach(it)).map(({ name }) => name)).toStrictEqual(["grafana-generated-password"]);
  });

  it("is removed also with node_exporter in the host's network, which needs no network of the lab", async () => {
    const { registrations: inHostNetwork } = await buildLab({ settings: { nodeExporterNetwork: "host" } });
    expect(namesOf(resource(inHostNetwork, "node-exporter-container").dependencies)).toContain("lab-container-sweep");
  });
});

describe("setting keepData", () => {
  it("keeps the volumes with data, and no other resource", async () => {
    const settings = { keepData: "true", alertWebhook: "https://example.org/hook" };
    const { registrations: keeping } = await buildLab({ settings });
    const names = ["alertmanager", "grafana", "grafana-key", "prometheus", "pushgateway"];
    const kept = keeping.filter(({ retainOnDelete }) => retainOnDelete);
    expect(kept.map(({ name }) => name).sort()).toStrictEqual(names.map((name) => `${name}-data`));
    const { KEEP = "" } = resource(keeping, "lab-sweep").inputs.environment as Record<string, string>;
    expect(KEEP.split(" ").sort()).toStrictEqual(kept.map(({ inputs }) => inputs.name).sort());
  });

  it.each([
    ["what is kept", { keepData: "true" }, "yes"],
    ["what is sent elsewhere", { remoteWrite: '[{"url": "https://example.org/write"}]' }, "yes"],
    ["nothing else", {}, undefined],
  ])("lets programs write %s before they end", async (_, settings, expected) => {
    const { registrations: declared } = await buildLab({ settings });
    const { environment } = resource(declared, "lab-sweep").inputs as { environment: Record<string, string> };
    expect(environment.GRACEFUL).toBe(expected);
  });

  it("is off unless set", () => {
    expect(registrations.filter(({ retainOnDelete }) => retainOnDelete)).toStrictEqual([]);
    expect(resourcesOf(registrations, "docker:index/volume:Volume").length).toBeGreaterThan(0);
  });
});
