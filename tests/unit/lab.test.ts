import { buildLab, DEFAULTS } from "../support/fixtures";
import { namesOf, Registration, resource, resourcesOf } from "../support/mocks";

let registrations: readonly Registration[];

beforeAll(async () => {
  ({ registrations } = await buildLab());
});

/** How often each type occurs. */
function countTypes(list: readonly Registration[]): Record<string, number> {
  return Object.fromEntries([...new Set(list.map(({ type }) => type))].map((it) => [it, resourcesOf(list, it).length]));
}

describe("a lab with default settings", () => {
  it("consists of exactly these resources", () => {
    expect(countTypes(registrations)).toStrictEqual({
      "observability-lab:components:Lab": 1,
      "observability-lab:components:LabContainer": 5,
      "observability-lab:components:ConfigVolume": 2,
      "observability-lab:components:Sweep": 1,
      "observability-lab:monitoring:Prometheus": 1,
      "observability-lab:monitoring:Grafana": 1,
      "observability-lab:monitoring:NodeExporter": 1,
      "observability-lab:monitoring:Cadvisor": 1,
      "observability-lab:monitoring:Pushgateway": 1,
      "observability-lab:workloads:FlaskApp": 1,
      "observability-lab:workloads:AnsiblePlaybook": 1,
      "observability-lab:dashboards:CommunityDashboard": 1,
      "observability-lab:dashboards:OwnDashboard": 4,
      "docker:index/network:Network": 1,
      "docker:index/container:Container": 5,
      "docker:index/volume:Volume": 6,
      "command:local:Command": 11,
      "pulumi:providers:grafana": 1,
      "grafana:oss/dataSource:DataSource": 1,
      "grafana:oss/folder:Folder": 1,
      "grafana:oss/dashboard:Dashboard": 5,
      "grafana:oss/organizationPreferences:OrganizationPreferences": 1,
    });
  });

  it("names each resource after its component and its role", () => {
    const custom = registrations.filter((it) => !it.type.startsWith("observability-lab:"));
    expect(custom.map(({ name }) => name).sort()).toStrictEqual([
      "ansible-environment",
      "ansible-playbooks-dashboard",
      "ansible-run",
      "cadvisor-container",
      "community-1860-dashboard",
      "flask-app-dashboard",
      "flask-environment",
      "flask-process",
      "grafana-admin-password",
      "grafana-config-files",
      "grafana-config-volume",
      "grafana-container",
      "grafana-data",
      "grafana-datasource",
      "grafana-folder",
      "grafana-generated-password",
      "grafana-key-data",
      "grafana-provider",
      "jobs-dashboard",
      "lab-container-sweep",
      "lab-network",
      "lab-overview-dashboard",
      "lab-overview-home",
      "lab-sweep",
      "node-exporter-container",
      "prometheus-config-files",
      "prometheus-config-volume",
      "prometheus-container",
      "prometheus-data",
      "prometheus-reload",
      "pushgateway-container",
      "pushgateway-data",
    ]);
  });

  it("has every resource below the lab", () => {
    const parents = new Map(registrations.map(({ urn, parent }) => [urn, parent]));
    const rootOf = (urn: string): string => {
      const parent = parents.get(urn) ?? "";
      return parent === "" ? urn : rootOf(parent);
    };
    const roots = new Set(registrations.map(({ urn }) => rootOf(urn)));
    expect([...roots].map((urn) => urn.split("::").slice(2).join("::"))).toStrictEqual([
      "observability-lab:components:Lab::lab",
    ]);
  });

  it("has one network with a fixed subnet, which is deleted before it is replaced", () => {
    const network = resource(registrations, "lab-network");
    expect(network.inputs).toStrictEqual({
      name: "observability-lab",
      driver: "bridge",
      options: { "com.docker.network.enable_ipv6": "false" },
      ipamConfigs: [{ subnet: DEFAULTS.subnet, gateway: "172.30.90.1" }],
      labels: [
        { label: "observability-lab.lab", value: "observability-lab" },
        { label: "observability-lab.reason", value: "declared" },
      ],
    });
    expect(network.deleteBeforeReplace).toBe(true);
  });

  it("keeps the data of three programs, the key of one and the files of two in volumes", () => {
    const volumes = resourcesOf(registrations, "docker:index/volume:Volume").map(({ inputs }) => inputs);
    const ours = { label: "observability-lab.lab", value: "observability-lab" };
    const names = ["pushgateway", "prometheus", "prometheus-config", "grafana", "grafana-key", "grafana-config"];
    expect(volumes).toHaveLength(names.length);
    for (const name of names) {
      expect(volumes).toContainEqual({
        name: `observability-lab-${name}`,
        labels: [ours, ...(name === "grafana" ? [{ label: "observability-lab.grafana-key", value: "generated" }] : [])],
      });
    }
  });

  it("has a key before Grafana's data, and never replaces data created without its label", () => {
    const { hooks, ignoreChanges } = resource(registrations, "grafana-data");
    expect({ hooks, ignoreChanges }).toStrictEqual({ hooks: ["beforeCreate"], ignoreChanges: ["labels"] });
  });

  it("creates its resources in this order", () => {
    expect(
      Object.fromEntries(
        registrations.filter((it) => it.dependencies.length > 0).map((it) => [it.name, namesOf(it.dependencies)]),
      ),
    ).toStrictEqual({
      "lab-container-sweep": [
        "grafana-config-volume",
        "grafana-data",
        "grafana-key-data",
        "lab-sweep",
        "prometheus-config-volume",
        "prometheus-data",
        "pushgateway-data",
      ],
      "lab-network": ["lab-sweep"],
      "node-exporter-container": ["lab-container-sweep", "lab-network"],
      "cadvisor-container": ["lab-container-sweep", "lab-network"],
      "pushgateway-data": ["lab-sweep"],
      "pushgateway-container": ["lab-container-sweep", "lab-network", "pushgateway-data"],
      "prometheus-data": ["lab-sweep"],
      "prometheus-config-volume": ["lab-sweep"],
      "prometheus-config-files": ["lab-container-sweep", "prometheus-config-volume"],
      "prometheus-container": [
        "lab-container-sweep",
        "lab-network",
        "prometheus-config-files",
        "prometheus-config-volume",
        "prometheus-data",
      ],
      "prometheus-reload": ["prometheus-config-files", "prometheus-container"],
      "grafana-key-data": ["lab-sweep"],
      "grafana-data": ["lab-sweep"],
      "grafana-config-volume": ["lab-sweep"],
      "grafana-config-files": ["grafana-config-volume", "grafana-generated-password", "lab-container-sweep"],
      "grafana-container": [
        "grafana-config-files",
        "grafana-config-volume",
        "grafana-data",
        "grafana-key-data",
        "lab-container-sweep",
        "lab-network",
      ],
      "grafana-admin-password": ["grafana-container", "grafana-generated-password"],
      "grafana-provider": ["grafana-generated-password"],
      "grafana-datasource": ["grafana-admin-password"],
      "grafana-folder": ["grafana-admin-password"],
      "flask-environment": ["lab-sweep"],
      "flask-process": ["flask-environment", "lab-network"],
      "ansible-environment": ["lab-sweep"],
      "ansible-run": ["ansible-environment", "pushgateway-container"],
      "community-1860-dashboard": ["grafana-folder"],
      "lab-overview-dashboard": ["grafana-folder"],
      "lab-overview-home": ["lab-overview-dashboard"],
      "flask-app-dashboard": ["grafana-folder"],
      "ansible-playbooks-dashboard": ["grafana-folder"],
      "jobs-dashboard": ["grafana-folder"],
    });
  });

  it("deletes everything on the machine with the teardown, which is faster than one by one", () => {
    const removed = registrations.filter(({ deletedWith }) => namesOf([deletedWith])[0] === "lab-sweep");
    expect(namesOf(removed.map(({ urn }) => urn))).toStrictEqual([
      "ansible-environment",
      "cadvisor-container",
      "flask-environment",
      "flask-process",
      "grafana-config-volume",
      "grafana-container",
      "grafana-data",
      "grafana-key-data",
      "lab-container-sweep",
      "lab-network",
      "node-exporter-container",
      "prometheus-config-volume",
      "prometheus-container",
      "prometheus-data",
      "pushgateway-container",
      "pushgateway-data",
    ]);
  });

  it("outputs the URLs and the dashboards of the lab", async () => {
    const { lab } = await buildLab();
    expect({
      urls: [lab.prometheus, lab.grafana, lab.pushgateway, lab.flaskApp].map(({ url }) => url),
      dashboards: lab.dashboards,
    }).toStrictEqual({
      urls: ["prometheus", "grafana", "pushgateway", "flask"].map(
        (service) => `http://127.0.0.1:${String(DEFAULTS[`${service}Port`])}`,
      ),
      dashboards: ["node", "lab-overview", "lab-flask", "lab-ansible", "lab-jobs"],
    });
  });
});
