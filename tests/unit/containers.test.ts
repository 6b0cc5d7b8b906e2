import { alertRules, renderPrometheusConfig } from "../../components/monitoring/prometheus";
import { buildLab, DEFAULTS, settingsWith } from "./fixtures";
import { Registration, resource, resourcesOf } from "./mocks";

/** What the tests read of a volume or a mount. */
interface Mount {
  readonly hostPath?: string;
  readonly source?: string;
  readonly readOnly?: boolean;
}

/** Labels of every container. */
const LABELS = [
  { label: "observability-lab.lab", value: "observability-lab" },
  { label: "observability-lab.reason", value: "declared" },
];

let registrations: readonly Registration[];
let containers: readonly Registration[];
/** Those that are never started: they carry files into a volume. */
let carriers: readonly Registration[];

beforeAll(async () => {
  ({ registrations } = await buildLab());
  const all = resourcesOf(registrations, "docker:index/container:Container");
  containers = all.filter(({ inputs }) => inputs.start !== false);
  carriers = all.filter((it) => !containers.includes(it));
});

/** What a container of the lab is made of, whatever its program; `key` is the beginning of its settings' names. */
function container(hostname: string, key: string, port: number, healthPath: string): Record<string, unknown> {
  return {
    name: hostname,
    hostname,
    image: DEFAULTS[`${key}Image`],
    labels: labelsOf(key),
    networkMode: "bridge",
    networksAdvanced: [{ name: "observability-lab", aliases: [hostname] }],
    ports: [{ internal: port, external: Number(DEFAULTS[`${key}Port`]), ip: DEFAULTS.bindAddress }],
    memory: Number(DEFAULTS[`${key}Memory`]),
    memorySwap: Number(DEFAULTS[`${key}Memory`]),
    restart: "unless-stopped",
    logDriver: "json-file",
    logOpts: { "max-size": "10m", "max-file": "3" },
    securityOpts: ["no-new-privileges:true"],
    capabilities: { drops: ["ALL"], adds: [] },
    healthcheck: {
      tests: ["CMD", "wget", "-q", "-O", "/dev/null", `http://127.0.0.1:${String(port)}${healthPath}`],
      interval: "30s",
      startInterval: "1s",
      startPeriod: "1m0s",
      timeout: "5s",
      retries: 3,
    },
    volumes: [],
    mounts: [],
    readOnly: true,
    mustRun: true,
    wait: true,
    waitTimeout: 120,
    destroyGraceSeconds: 10,
  };
}

interface Label {
  readonly label: string;
  readonly value: string;
}

/** Labels of a container that runs. */
function labelsOf(key: string): Label[] {
  return [...LABELS, { label: "observability-lab.memory", value: String(DEFAULTS[`${key}Memory`]) }];
}

/** Label of a container that is made anew when its files change. */
function configLabel(name: string): Label {
  return { label: "observability-lab.config", value: `${name}-config-carrier-id` };
}

describe("container", () => {
  it("prometheus holds its configuration and keeps its samples", () => {
    expect(resource(registrations, "prometheus-container").inputs).toStrictEqual({
      ...container("prometheus", "prometheus", 9090, "/-/ready"),
      command: [
        "--config.file=/lab/prometheus.yml",
        "--scrape.discovery-reload-interval=1s",
        "--storage.tsdb.path=/prometheus",
        `--storage.tsdb.retention.time=${String(DEFAULTS.retention)}`,
        `--web.external-url=http://127.0.0.1:${String(DEFAULTS.prometheusPort)}`,
      ],
      labels: labelsOf("prometheus"),
      volumes: [
        { volumeName: "observability-lab-prometheus", containerPath: "/prometheus" },
        { volumeName: "observability-lab-prometheus-config", containerPath: "/lab", readOnly: true },
      ],
      hosts: [{ host: "host.docker.internal", ip: "172.30.90.1" }],
    });
    expect(resource(registrations, "prometheus-config-carrier").inputs).toMatchObject({
      uploads: [{ file: "prometheus.yml", content: renderPrometheusConfig(settingsWith()) }, ...alertRules()].map(
        ({ file, content }) => ({ file: `/lab/${file}`, content, permissions: "0444" }),
      ),
    });
  });

  it("prometheus is told to read files that change, and is not made anew", () => {
    const { inputs, hooks } = resource(registrations, "prometheus-reload");
    expect(inputs).toStrictEqual({
      create: ":",
      environment: { CONFIG: "prometheus-config-carrier-id" },
      logging: "none",
    });
    expect(hooks).toStrictEqual(["afterUpdate"]);
  });

  it("grafana reads its password from a file, and neither lets anybody in nor asks the internet", () => {
    expect(resource(registrations, "grafana-container").inputs).toStrictEqual({
      ...container("grafana", "grafana", 3000, "/api/health"),
      envs: [
        "GF_SECURITY_ADMIN_PASSWORD=$__file{/lab/admin_password}",
        "GF_AUTH_ANONYMOUS_ENABLED=false",
        "GF_USERS_ALLOW_SIGN_UP=false",
        "GF_ANALYTICS_REPORTING_ENABLED=false",
        "GF_ANALYTICS_CHECK_FOR_UPDATES=false",
        "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES=false",
        "GF_NEWS_NEWS_FEED_ENABLED=false",
        "GF_SECURITY_DISABLE_GRAVATAR=true",
        "GF_SNAPSHOTS_EXTERNAL_ENABLED=false",
        "GF_PLUGINS_PREINSTALL_DISABLED=true",
        "GF_LOG_LEVEL=warn",
      ],
      labels: [...labelsOf("grafana"), configLabel("grafana")],
      volumes: [
        { volumeName: "observability-lab-grafana", containerPath: "/var/lib/grafana" },
        { volumeName: "observability-lab-grafana-config", containerPath: "/lab", readOnly: true },
      ],
      mounts: [{ type: "tmpfs", target: "/tmp", tmpfsOptions: { sizeBytes: 67_108_864, mode: 0o1777 } }],
    });
  });

  it("that only carries the files of grafana is never started, and has its content as a secret", () => {
    const { inputs, secretInputs, deleteBeforeReplace } = resource(registrations, "grafana-config-carrier");
    expect(inputs).toStrictEqual({
      name: "grafana-config",
      image: DEFAULTS.grafanaImage,
      labels: LABELS,
      start: false,
      mustRun: false,
      networkMode: "none",
      securityOpts: ["no-new-privileges:true"],
      capabilities: { drops: ["ALL"] },
      volumes: [{ volumeName: "observability-lab-grafana-config", containerPath: "/lab" }],
      uploads: [{ file: "/lab/admin_password", content: "made-by-the-command", permissions: "0444" }],
    });
    expect({ secretInputs, deleteBeforeReplace }).toStrictEqual({
      secretInputs: ["uploads"],
      deleteBeforeReplace: true,
    });
  });

  it("node_exporter sees the host's files and processes, and cannot write", () => {
    expect(resource(registrations, "node-exporter-container").inputs).toStrictEqual({
      ...container("node_exporter", "nodeExporter", 9100, "/"),
      hostname: "workstation",
      command: [
        "--path.rootfs=/host",
        "--path.udev.data=/host/run/udev/data",
        "--web.listen-address=:9100",
        "--collector.processes",
        "--collector.tcpstat",
        "--collector.interrupts",
        "--collector.systemd",
        "--collector.filesystem.mount-points-exclude=^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/.+)($|/)",
      ],
      envs: ["DBUS_SYSTEM_BUS_ADDRESS=unix:path=/host/run/dbus/system_bus_socket"],
      pidMode: "host",
      securityOpts: ["label=disable", "no-new-privileges:true"],
      mounts: [
        { type: "bind", source: "/", target: "/host", readOnly: true, bindOptions: { propagation: "rslave" } },
        { type: "bind", source: "/dev/null", target: "/host/run/docker.sock", readOnly: true },
      ],
    });
  });

  it("cadvisor reads the engine's socket and the host's files, and cannot write", () => {
    expect(resource(registrations, "cadvisor-container").inputs).toStrictEqual({
      ...container("cadvisor", "cadvisor", 8080, "/healthz"),
      command: ["--docker_only=true", "--housekeeping_interval=5s", "--store_container_labels=false"],
      capabilities: { drops: ["ALL"], adds: ["CAP_DAC_READ_SEARCH"] },
      volumes: [
        { hostPath: "/", containerPath: "/rootfs", readOnly: true },
        { hostPath: "/sys", containerPath: "/sys", readOnly: true },
        { hostPath: "/var/run/docker.sock", containerPath: "/var/run/docker.sock", readOnly: true },
      ],
    });
  });

  it("pushgateway keeps what was pushed", () => {
    expect(resource(registrations, "pushgateway-container").inputs).toStrictEqual({
      ...container("pushgateway", "pushgateway", 9091, "/-/ready"),
      command: ["--persistence.file=/pushgateway/metrics", "--persistence.interval=10s"],
      volumes: [{ volumeName: "observability-lab-pushgateway", containerPath: "/pushgateway" }],
    });
  });
});

it("Prometheus' admin API and its remote control are off", () => {
  const { command } = resource(registrations, "prometheus-container").inputs;
  expect((command as string[]).filter((flag) => /--web\.enable|--enable-feature/.test(flag))).toStrictEqual([]);
});

describe("every container", () => {
  it("is deleted before it is made anew, also for another health check, and shows its log when it fails", () => {
    for (const { name, deleteBeforeReplace, replaceOnChanges, errorHooks } of containers) {
      expect({ deleteBeforeReplace, replaceOnChanges, errorHooks }).toStrictEqual({
        deleteBeforeReplace: true,
        replaceOnChanges: ["healthcheck"],
        errorHooks: [name.replace(/-container$/, "-log")],
      });
    }
  });

  it("is unprivileged, cannot write its root and has no host path that it can write", () => {
    for (const { inputs } of containers) {
      expect(inputs).not.toHaveProperty("privileged");
      expect(inputs.readOnly).toBe(true);
      const mounts = [...(inputs.volumes as Mount[]), ...((inputs.mounts ?? []) as Mount[])];
      expect(mounts.filter((it) => (it.hostPath ?? it.source) !== undefined && it.readOnly !== true)).toStrictEqual([]);
    }
  });

  it("is kept from the sockets of the engine, but for cadvisor", () => {
    const withSocket = [...containers, ...carriers].filter(({ inputs }) =>
      JSON.stringify(inputs.volumes).includes(".sock"),
    );
    expect(withSocket.map(({ name }) => name)).toStrictEqual(["cadvisor-container"]);
  });

  it("has nothing secret in what anybody who inspects a container can read", () => {
    for (const { secretInputs } of [...containers, ...carriers]) {
      expect(secretInputs.filter((input) => input !== "uploads")).toStrictEqual([]);
    }
  });
});
