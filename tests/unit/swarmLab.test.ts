import { buildLab, DEFAULTS, Hooks, SWARM } from "../support/fixtures";
import { namesOf, Registration, resource, resourcesOf } from "../support/mocks";

const LAB = { label: "observability-lab.lab", value: "observability-lab" };
const LABELS = [
  LAB,
  { label: "observability-lab.reason", value: "declared" },
  { label: "observability-lab.manager", value: "workstation" },
];

let registrations: readonly Registration[];
let hooks: Hooks;

beforeAll(async () => {
  ({ registrations, hooks } = await buildLab({ settings: { engine: "swarm" }, machine: SWARM }));
});

/** What a service of every node is made of, whatever its program; `key` is the beginning of its settings' names. */
function service(name: string, key: string, port: number, healthPath: string, spec: object): object {
  return {
    name,
    labels: LABELS,
    mode: { global: true },
    endpointSpec: { mode: "dnsrr" },
    taskSpec: {
      containerSpec: {
        image: DEFAULTS[`${key}Image`],
        env: {},
        labels: [LAB],
        readOnly: true,
        capDrops: ["ALL"],
        capAdds: [],
        healthcheck: {
          tests: ["CMD", "wget", "-q", "-O", "/dev/null", `http://127.0.0.1:${String(port)}${healthPath}`],
          timeout: "5s",
          retries: 3,
          startPeriod: "1m",
          interval: "10s",
        },
        ...spec,
      },
      resources: { limits: { memoryBytes: Number(DEFAULTS[`${key}Memory`]) * 1024 * 1024 } },
      restartPolicy: { condition: "any", delay: "5s", window: "0s" },
      placement: { constraints: [] },
      networksAdvanceds: [{ id: "lab-overlay-id" }],
      logDriver: { name: "json-file", options: { "max-size": "10m", "max-file": "3" } },
    },
    updateConfig: { ...CHANGE, failureAction: "rollback" },
    rollbackConfig: { ...CHANGE, failureAction: "pause" },
  };
}

const CHANGE = { parallelism: 2, delay: "0s", monitor: "10s", maxFailureRatio: "0.0", order: "start-first" };

describe("in a swarm", () => {
  it("node_exporter is a service that reads the files and processes of each node, and no socket", () => {
    expect(resource(registrations, "node-exporter-service").inputs).toStrictEqual(
      service("node_exporter", "nodeExporter", 9100, "/", {
        hostname: "{{.Node.Hostname}}",
        user: "2:64130",
        args: [
          "--path.rootfs=/host",
          "--path.procfs=/host/proc",
          "--web.listen-address=:9100",
          "--collector.processes",
          "--collector.tcpstat",
          "--collector.interrupts",
          "--collector.filesystem.mount-points-exclude=^/(dev|proc|sys|var/lib/docker/.+|var/lib/containers/.+|run)($|/)",
        ],
        mounts: [
          { type: "bind", source: "/", target: "/host", readOnly: true },
          { type: "tmpfs", target: "/host/run", readOnly: true, tmpfsOptions: { sizeBytes: 4096, mode: 0o755 } },
        ],
      }),
    );
  });

  it("cadvisor is a service that reads each node's Docker", () => {
    expect(resource(registrations, "cadvisor-service").inputs).toStrictEqual(
      service("cadvisor", "cadvisor", 8080, "/healthz", {
        args: [
          "--docker_only=true",
          "--housekeeping_interval=5s",
          "--store_container_labels=false",
          `--whitelisted_container_labels=${String(DEFAULTS.containerLabels)}`,
        ],
        capAdds: ["CAP_DAC_READ_SEARCH"],
        mounts: ["/", "/sys", "/var/run/docker.sock"].map((source) => ({
          type: "bind",
          source,
          target: source === "/" ? "/rootfs" : source,
          readOnly: true,
        })),
      }),
    );
  });

  it("a service is waited for, and replaced only if it is missing", async () => {
    expect(hooks.get("cadvisor-service")).toMatchObject({
      afterCreate: [expect.anything()],
      afterUpdate: [expect.anything()],
    });
    const sound = resource(registrations, "cadvisor-service");
    expect(sound).toMatchObject({
      replaceOnChanges: [],
      ignoreChanges: ["labels[1].value"],
      deleteBeforeReplace: true,
      retainOnDelete: true,
    });
    const gone = await buildLab({
      settings: { engine: "swarm" },
      machine: SWARM,
      observed: { services: new Map() },
    });
    expect(resource(gone.registrations, "cadvisor-service")).toMatchObject({
      replaceOnChanges: ["labels"],
      ignoreChanges: [],
    });
  });

  it("the overlay network is encrypted and attachable, and deleted after the tasks", () => {
    const network = resource(registrations, "lab-overlay");
    expect(network.inputs).toStrictEqual({
      name: "observability-lab-overlay",
      driver: "overlay",
      attachable: true,
      options: { encrypted: "true" },
      ipamConfigs: [{ subnet: "10.90.0.0/20", gateway: "10.90.0.1" }],
      labels: LABELS,
    });
    // one of an earlier version would be replaced for its labels
    expect(resource(registrations, "lab-overlay").ignoreChanges).toStrictEqual(["labels"]);
    const drain = resource(registrations, "lab-overlay-drain");
    expect(drain.inputs).toMatchObject({
      create: ":",
      triggers: ["lab-overlay-id"],
      environment: {
        LAB: "observability-lab",
        LABEL: "observability-lab.lab",
        MANAGER_LABEL: "observability-lab.manager",
        NETWORK: "observability-lab-overlay",
      },
    });
    for (const name of ["node-exporter-service", "cadvisor-service"]) {
      expect(namesOf(resource(registrations, name).dependencies)).toStrictEqual([
        "lab-container-sweep",
        "lab-overlay",
        "lab-overlay-drain",
      ]);
    }
  });

  it("a program with data stays a container of this machine, on both networks, and keeps its port", () => {
    const containers = resourcesOf(registrations, "docker:index/container:Container").filter(
      ({ inputs }) => inputs.start !== false,
    );
    expect(containers.map(({ inputs }) => inputs.name).sort()).toStrictEqual([
      "grafana",
      "prometheus",
      "pushgateway",
      "swarm_discovery",
    ]);
    for (const [name, port] of [
      ["prometheus", 9090],
      ["grafana", 3000],
      ["pushgateway", 9091],
    ] as const) {
      const { inputs } = resource(registrations, `${name}-container`);
      expect(inputs.networksAdvanced).toStrictEqual([
        { name: "observability-lab", aliases: [name] },
        { name: "observability-lab-overlay", aliases: [name] },
      ]);
      expect(inputs.ports).toStrictEqual([{ internal: port, external: port, ip: "127.0.0.1" }]);
      expect(inputs.labels).toContainEqual({ label: "observability-lab.overlay", value: "lab-overlay-id" });
    }
  });

  it("Prometheus reads the swarm through a socket that nothing else has, and not through Docker's", () => {
    const { inputs } = resource(registrations, "swarm-discovery-container");
    expect(inputs).toMatchObject({
      networkMode: "none",
      volumes: [
        { volumeName: "observability-lab-swarm_discovery-config", containerPath: "/lab", readOnly: true },
        { volumeName: "observability-lab-swarm_discovery", containerPath: "/discovery", readOnly: false },
      ],
      mounts: [{ type: "bind", source: "/var/run/docker.sock", target: "/var/run/docker.sock", readOnly: true }],
      capabilities: { drops: ["ALL"], adds: ["CAP_NET_BIND_SERVICE"] },
      memory: 64,
    });
    expect(inputs).not.toHaveProperty("ports");
    expect(resource(registrations, "prometheus-container").inputs.volumes).toContainEqual({
      volumeName: "observability-lab-swarm_discovery",
      containerPath: "/discovery",
      readOnly: true,
    });
  });

  it("overlayEncryption and nodeLabel change the network and the placement of the tasks", async () => {
    const { registrations: other } = await buildLab({
      settings: { engine: "swarm", overlayEncryption: "false", nodeLabel: "tier=web" },
      machine: SWARM,
    });
    expect(resource(other, "lab-overlay").inputs).not.toHaveProperty("options");
    expect(resource(other, "cadvisor-service").inputs.taskSpec).toMatchObject({
      placement: { constraints: ["node.labels.tier==web"] },
    });
  });
});
