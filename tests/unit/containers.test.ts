import { renderPrometheusConfig } from "../../components/monitoring/prometheus";
import { alertRules } from "../../lib/shared/alertRules";
import { buildLab, DEFAULTS, settingsWith } from "../support/fixtures";
import { Registration, resource } from "../support/mocks";

/** Labels of every container. */
const LABELS = [
  { label: "observability-lab.lab", value: "observability-lab" },
  { label: "observability-lab.reason", value: "declared" },
];

let registrations: readonly Registration[];

beforeAll(async () => {
  ({ registrations } = await buildLab());
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

/** Label of a container that is replaced when its files change. */
const CONFIG_LABEL: Label = { label: "observability-lab.config", value: "output-of-grafana-config-files" };

describe("the container of", () => {
  it("prometheus mounts its configuration and keeps its samples", () => {
    expect(resource(registrations, "prometheus-container").inputs).toStrictEqual({
      ...container("prometheus", "prometheus", 9090, "/-/ready"),
      command: [
        "--config.file=/lab/prometheus.yml",
        "--scrape.discovery-reload-interval=1s",
        "--storage.tsdb.path=/prometheus",
        `--storage.tsdb.retention.time=${String(DEFAULTS.retention)}`,
        "--web.cors.origin=",
        `--web.external-url=http://127.0.0.1:${String(DEFAULTS.prometheusPort)}`,
      ],
      labels: labelsOf("prometheus"),
      volumes: [
        { volumeName: "observability-lab-prometheus", containerPath: "/prometheus" },
        { volumeName: "observability-lab-prometheus-config", containerPath: "/lab", readOnly: true },
      ],
      hosts: [{ host: "host.docker.internal", ip: "172.30.90.1" }],
    });
    expect(resource(registrations, "prometheus-config-files").inputs).toMatchObject({
      triggers: [
        "declared",
        { file: "prometheus.yml", content: renderPrometheusConfig(settingsWith()) },
        ...alertRules(),
      ],
    });
  });

  it("prometheus reloads files that change, and is not replaced", () => {
    const { inputs, hooks } = resource(registrations, "prometheus-reload");
    expect(inputs).toStrictEqual({
      create: ":",
      environment: { CONFIG: "output-of-prometheus-config-files", REASON: "declared" },
      logging: "none",
    });
    // before, as an update that failed after it would be recorded
    expect(hooks).toStrictEqual(["beforeUpdate"]);
  });

  it("grafana reads its password from a file, admits nobody without it and sends nothing to the internet", () => {
    expect(resource(registrations, "grafana-container").inputs).toStrictEqual({
      ...container("grafana", "grafana", 3000, "/api/health"),
      envs: [
        "GF_SECURITY_ADMIN_PASSWORD=$__file{/lab/admin_password}",
        "GF_SECURITY_SECRET_KEY=$__file{/lab-key/secret_key}",
        "GF_SECRETS_MANAGER_ENCRYPTION_SECRET_KEY_V1_SECRET_KEY=$__file{/lab-key/secret_key}",
        "GF_RENDERING_RENDERER_TOKEN=$__file{/lab-key/secret_key}",
        "GF_AUTH_ANONYMOUS_ENABLED=false",
        "GF_USERS_ALLOW_SIGN_UP=false",
        "GF_ANALYTICS_REPORTING_ENABLED=false",
        "GF_ANALYTICS_CHECK_FOR_UPDATES=false",
        "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES=false",
        "GF_NEWS_NEWS_FEED_ENABLED=false",
        "GF_SECURITY_DISABLE_GRAVATAR=true",
        "GF_SNAPSHOTS_EXTERNAL_ENABLED=false",
        "GF_PLUGINS_PREINSTALL_DISABLED=true",
        "GF_PLUGINS_PUBLIC_KEY_RETRIEVAL_DISABLED=true",
        "GF_LOG_LEVEL=warn",
      ],
      labels: [...labelsOf("grafana"), CONFIG_LABEL],
      volumes: [
        { volumeName: "observability-lab-grafana", containerPath: "/var/lib/grafana" },
        { volumeName: "observability-lab-grafana-config", containerPath: "/lab", readOnly: true },
        { volumeName: "observability-lab-grafana-key", containerPath: "/lab-key", readOnly: true },
      ],
      mounts: [{ type: "tmpfs", target: "/tmp", tmpfsOptions: { sizeBytes: 67_108_864, mode: 0o1777 } }],
    });
  });

  it("grafana omits its bundled datasources and apps if grafanaBundledPlugins is false", async () => {
    const { registrations: without } = await buildLab({ settings: { grafanaBundledPlugins: "false" } });
    const envs = ({ inputs }: Registration): string[] => inputs.envs as string[];
    const [few, all] = [without, registrations].map((it) => envs(resource(it, "grafana-container")));
    expect(few?.filter((it) => all?.includes(it) !== true)).toStrictEqual([
      "GF_PLUGINS_DISABLE_PLUGINS=elasticsearch,grafana-postgresql-datasource,grafana-pyroscope-datasource,influxdb," +
        "jaeger,loki,mssql,mysql,opentsdb,stackdriver,tempo,zipkin,grafana-advisor-app,grafana-exploretraces-app," +
        "grafana-lokiexplore-app,grafana-metricsdrilldown-app,grafana-pyroscope-app",
    ]);
  });

  it("grafana has its files written before they are recorded, and secrets in them stay secret", () => {
    const { inputs, secretInputs, hooks } = resource(registrations, "grafana-config-files");
    expect(inputs).toStrictEqual({
      create: "od -An -N8 -tx1 /dev/urandom | tr -d ' '",
      triggers: ["declared", { file: "admin_password", content: "made-by-the-command" }],
      logging: "none",
    });
    expect({ secretInputs, hooks }).toStrictEqual({ secretInputs: ["triggers"], hooks: ["beforeCreate"] });
  });

  it("node_exporter reads the host's files and processes, and cannot write", () => {
    expect(resource(registrations, "node-exporter-container").inputs).toStrictEqual({
      ...container("node_exporter", "nodeExporter", 9100, "/"),
      hostname: "workstation",
      user: "2:64130",
      command: [
        "--path.rootfs=/host",
        "--path.udev.data=/host/run/udev/data",
        "--web.listen-address=:9100",
        "--collector.processes",
        "--collector.tcpstat",
        "--collector.interrupts",
        "--collector.systemd",
        "--collector.filesystem.mount-points-exclude=^/(dev|proc|sys|var/lib/docker/.+|var/lib/containers/.+|run)($|/)",
      ],
      envs: ["DBUS_SYSTEM_BUS_ADDRESS=unix:path=/host/run/dbus/system_bus_socket"],
      pidMode: "host",
      securityOpts: ["label=disable", "no-new-privileges:true"],
      mounts: [
        { type: "bind", source: "/", target: "/host", readOnly: true, bindOptions: { propagation: "rslave" } },
        ...["/run/dbus/system_bus_socket", "/run/udev/data"].map((source) => ({
          type: "bind",
          source,
          target: `/host${source}`,
          readOnly: true,
        })),
        { type: "tmpfs", target: "/host/run", readOnly: true, tmpfsOptions: { sizeBytes: 4096, mode: 0o755 } },
      ],
    });
  });

  it("cadvisor reads Docker's socket and the host's files, and cannot write", () => {
    expect(resource(registrations, "cadvisor-container").inputs).toStrictEqual({
      ...container("cadvisor", "cadvisor", 8080, "/healthz"),
      command: [
        "--docker_only=true",
        "--housekeeping_interval=5s",
        "--store_container_labels=false",
        `--whitelisted_container_labels=${String(DEFAULTS.containerLabels)}`,
      ],
      capabilities: { drops: ["ALL"], adds: ["CAP_DAC_READ_SEARCH"] },
      // as mounts: of a volume's path that is missing Docker would make a folder
      mounts: [
        { type: "bind", source: "/", target: "/rootfs", readOnly: true },
        { type: "bind", source: "/sys", target: "/sys", readOnly: true },
        { type: "bind", source: "/var/run/docker.sock", target: "/var/run/docker.sock", readOnly: true },
      ],
    });
  });

  it("pushgateway persists pushed metrics", () => {
    expect(resource(registrations, "pushgateway-container").inputs).toStrictEqual({
      ...container("pushgateway", "pushgateway", 9091, "/-/ready"),
      command: ["--persistence.file=/pushgateway/metrics", "--persistence.interval=10s"],
      volumes: [{ volumeName: "observability-lab-pushgateway", containerPath: "/pushgateway" }],
    });
  });
});
