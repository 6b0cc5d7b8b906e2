import { Secret } from "@pulumi/policy";
import { buildLab, LabFixture, LINUX, settingsWith, SWARM } from "../support/fixtures";
import { resource } from "../support/mocks";
import { type Shown, shown, subject, violations } from "../support/policies";

const SOCKETS = ["/run/containerd/containerd.sock", "/run/docker.sock"];

describe("every resource that a lab registers", () => {
  it.each<[string, LabFixture]>([
    ["by default", {}],
    ["on another address", { settings: { bindAddress: "10.0.0.5" } }],
    [
      "on every address, with ports, a subnet and times of its own",
      {
        settings: {
          ...{ bindAddress: "0.0.0.0", subnet: "10.77.0.0/16", scrapeInterval: "1m30s", retention: "90d" },
          ...{ grafanaPort: "3001", flaskPort: "5001", nodeExporterPort: "9101", nodeExporterNetwork: "host" },
          ...{ extraScrapeTargets: '[{"job": "a", "targets": ["b:1"], "metricsPath": "/m"}]' },
        },
      },
    ],
    ["with node_exporter in the host's network", { settings: { nodeExporterNetwork: "host" } }],
    ["with alerts sent to this machine", { settings: { alertWebhook: "http://127.0.0.1:9999/hook?token=hunter2" } }],
    ["with alerts sent elsewhere", { settings: { alertWebhook: "https://example.org/hook" } }],
    [
      "with receivers of remote write",
      { settings: { remoteWrite: '[{"url": "https://example.org", "username": "lab", "password": "hunter2"}]' } },
    ],
    ["with a password of its own", { settings: { grafanaAdminPassword: "correct horse" } }],
    [
      "with a password of its programs",
      { settings: { webPassword: "correct horse", alertWebhook: "https://example.org/hook" } },
    ],
    ["with probes and a password", { settings: { probes: '[{"ping": "192.0.2.1"}]', webPassword: "correct horse" } }],
    ["without Grafana's bundled plugins", { settings: { grafanaBundledPlugins: "false" } }],
    ["beside another lab", { settings: { namePrefix: "second-", keepData: "true" } }],
    ["with the containerd image store", { machine: { storageDriver: "overlayfs", sockets: SOCKETS } }],
    [
      "in a swarm",
      { settings: { engine: "swarm", overlayEncryption: "false", nodeLabel: "tier=web" }, machine: SWARM },
    ],
    ["with userns-remap", { settings: { nodeExporterNetwork: "host" }, machine: { usersRemapped: true } }],
    ["where Docker cannot limit memory", { machine: { memoryLimit: false, swapLimit: false } }],
    ["on Docker Desktop", { machine: { native: false, sockets: [] } }],
  ])("passes every policy %s", async (_, fixture) => {
    const { registrations } = await buildLab(fixture);
    const { bindAddress, namePrefix, subnet, gateway, webPassword } = settingsWith(fixture.settings);
    const settings = { bindAddress, namePrefix, subnet, gateway, webPassword };
    const { sockets, memoryLimit } = { ...LINUX, ...fixture.machine };
    const found = await Promise.all(
      registrations.map((it) => violations(shown(it, registrations), { ...settings, sockets, memoryLimit })),
    );
    expect(found.flat()).toStrictEqual([]);
    expect(registrations.length).toBeGreaterThan(40);
  });
});

describe("a Swarm service of the lab that was changed", () => {
  it("violates the policy for the changed input, as a container does", async () => {
    const { registrations } = await buildLab({ settings: { engine: "swarm" }, machine: SWARM });
    const service = shown(resource(registrations, "node-exporter-service"), registrations);
    const taskSpec = service.props.taskSpec as { readonly containerSpec: Readonly<Record<string, unknown>> };
    const withSpec = (changes: object): Shown => ({
      ...service,
      props: { ...service.props, taskSpec: { ...taskSpec, containerSpec: { ...taskSpec.containerSpec, ...changes } } },
    });
    const withTask = (changes: object): Shown => ({
      ...service,
      props: { ...service.props, taskSpec: { ...taskSpec, ...changes } },
    });
    const changed = [
      withSpec({ image: "prom/node-exporter" }),
      { ...service, props: { ...service.props, endpointSpec: { ports: [{ targetPort: 9100 }] } } },
      withSpec({ capAdds: ["CAP_SYS_ADMIN"] }),
      withSpec({ mounts: [{ type: "bind", source: "/", target: "/host" }] }),
      withSpec({ healthcheck: undefined }),
      withTask({ resources: undefined }),
      withTask({ logDriver: undefined }),
      withSpec({ env: { TOKEN: "hunter2hunter2" } }),
      withSpec({ env: new Secret({ A: "b" }) }),
    ];
    const found = await Promise.all(changed.map((it) => violations(it, { sockets: LINUX.sockets })));
    expect(found.map((messages) => messages.map((message) => message.split(":")[0]))).toStrictEqual([
      ["images-pinned"],
      ["ports-on-bind-address"],
      ["nothing-privileged"],
      ["mounts-allowed", "mounts-allowed"],
      ["containers-guarded"],
      ["containers-guarded"],
      ["containers-guarded"],
      ["secrets-hidden"],
      ["secrets-hidden"],
    ]);
  });
});

describe("a resource of the lab that was changed", () => {
  it("violates the policy for the changed input, and no other", async () => {
    const { registrations } = await buildLab();
    const named = (name: string): Shown => shown(resource(registrations, name), registrations);
    const container = named("grafana-container");
    const dashboard = named("flask-app-dashboard");
    const app = named("flask-process");
    const password = named("grafana-admin-password");
    const volume = named("grafana-data");
    const envs = (container.props.envs as string[]).map((it) =>
      it.replace(/^(GF_SECURITY_ADMIN_PASSWORD=).*/, "$1plain"),
    );
    const changed = [
      { ...container, props: { ...container.props, image: "grafana/grafana" } },
      { ...container, props: { ...container.props, ports: [{ internal: 3000, external: 3000 }] } },
      { ...container, props: { ...container.props, privileged: true } },
      { ...container, props: { ...container.props, mounts: [{ type: "bind", source: "/run", target: "/host" }] } },
      { ...volume, props: { ...volume.props, driverOpts: { type: "none", o: "bind", device: "/var/run" } } },
      { ...container, props: { ...container.props, memory: undefined } },
      { ...container, props: { ...container.props, envs } },
      { ...password, props: { ...password.props, environment: { GRAFANA_PASSWORD: "hunter2hunter2" } } },
      { ...dashboard, props: { ...dashboard.props, folder: undefined } },
      { ...app, props: { ...app.props, delete: undefined } },
      { ...volume, urn: "urn:pulumi:test::observability-lab::docker:index/volume:Volume::grafana-data" },
      { ...subject([], "docker:index/remoteImage:RemoteImage", "image"), props: { name: "busybox" } },
    ];
    const found = await Promise.all(changed.map((it) => violations(it, { sockets: LINUX.sockets })));
    expect(found.map((messages) => messages.map((message) => message.split(":")[0]))).toStrictEqual([
      ["images-pinned"],
      ["ports-on-bind-address"],
      ["nothing-privileged"],
      ["mounts-allowed"],
      ["resources-known"],
      ["containers-guarded"],
      ["secrets-hidden"],
      ["secrets-hidden"],
      ["dashboards-placed"],
      ["processes-removable"],
      ["in-component-tree"],
      ["resources-known"],
    ]);
  });
});
