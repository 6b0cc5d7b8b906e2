import { buildLab, DEFAULTS } from "../support/fixtures";
import { namesOf, resource, resourcesOf } from "../support/mocks";

describe("setting namePrefix", () => {
  it("changes every name and label that the host sees, and no name on the lab's network", async () => {
    const { registrations: prefixed } = await buildLab({ settings: { namePrefix: "team-a-" } });
    const docker = prefixed.filter(({ type }) => type.startsWith("docker:"));
    expect(docker.map(({ inputs }) => inputs.name).sort()).toStrictEqual([
      "team-a-cadvisor",
      "team-a-grafana",
      "team-a-node_exporter",
      "team-a-observability-lab",
      "team-a-observability-lab-grafana",
      "team-a-observability-lab-grafana-config",
      "team-a-observability-lab-grafana-key",
      "team-a-observability-lab-prometheus",
      "team-a-observability-lab-prometheus-config",
      "team-a-observability-lab-pushgateway",
      "team-a-prometheus",
      "team-a-pushgateway",
    ]);
    for (const { inputs } of docker) {
      expect((inputs.labels as object[])[0]).toStrictEqual({
        label: "observability-lab.lab",
        value: "team-a-observability-lab",
      });
    }
    expect(resource(prefixed, "grafana-container").inputs.networksAdvanced).toStrictEqual([
      { name: "team-a-observability-lab", aliases: ["grafana"] },
    ]);
    for (const name of ["lab-sweep", "flask-environment", "flask-process", "ansible-environment", "ansible-run"]) {
      expect(resource(prefixed, name).inputs.environment).toMatchObject({ LAB: "team-a-observability-lab" });
    }
    expect(resource(prefixed, "grafana-admin-password").inputs.environment).toMatchObject({
      GRAFANA_CONTAINER: "team-a-grafana",
    });
  });

  it("leaves the names in the state alone, so that a stack can be renamed", async () => {
    const { registrations } = await buildLab();
    const { registrations: prefixed } = await buildLab({ settings: { namePrefix: "team-a-" } });
    expect(namesOf(prefixed.map(({ urn }) => urn))).toStrictEqual(namesOf(registrations.map(({ urn }) => urn)));
  });
});

describe("setting bindAddress", () => {
  it("publishes on every interface only if it is 0.0.0.0, which is queried on loopback", async () => {
    const { lab, registrations: open } = await buildLab({ settings: { bindAddress: "0.0.0.0" } });
    const containers = resourcesOf(open, "docker:index/container:Container");
    const ports = containers.flatMap(({ inputs }) => (inputs.ports ?? []) as { ip: string }[]);
    expect(ports.map(({ ip }) => ip)).toStrictEqual(Array(5).fill("0.0.0.0"));
    expect(lab.grafana.url).toBe(`http://127.0.0.1:${String(DEFAULTS.grafanaPort)}`);
    expect(resource(open, "flask-process").inputs.environment).toMatchObject({
      LISTEN: `127.0.0.1:${String(DEFAULTS.flaskPort)} 172.30.90.1:${String(DEFAULTS.flaskPort)},172.30.90.0/24`,
    });
  });
});
