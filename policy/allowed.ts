import { anything, like, type Test } from "./shape";

/**
 * What the lab needs, and so what it may have: whatever is not here is a violation that names it. A line that is added
 * gives its program, and whoever takes that over, what it says; so it needs a reason, and a review.
 */

/** What a container, or each task of a Swarm service, may have besides what every container of the lab has. */
export interface ContainerAllowance {
  /** What its image is called with: whole arguments, or the beginning of one up to its `=`. */
  readonly command?: readonly string[];
  /** Variables of its environment, and what each may be; nothing secret, as everybody reads it who may inspect one. */
  readonly envs?: Readonly<Record<string, Test>>;
  /**
   * `source:target:options` as Docker has them; a source without `/` is a volume, without the setting namePrefix.
   * `ENGINE` and `CONTAINERD` are the sockets of this machine, `SOCKET` is each of them below `/`.
   */
  readonly mounts?: readonly string[];
  /** Whether it may have the engine's whole API by one of its mounts. */
  readonly engine?: true;
  readonly capabilities?: readonly string[];
  readonly securityOpts?: readonly string[];
  /** The host's network; the setting in which it is taken stands with the component. */
  readonly hostNetwork?: true;
  /** The host's processes. */
  readonly hostProcesses?: true;
  /** The host's users, where the engine would give it others (`userns-remap`). */
  readonly hostUsers?: true;
}

const TRUE_OR_FALSE = like(/^(true|false)$/);
/** Grafana itself reads the file. */
const IN_FILE = like(/^\$__file\{\/(lab|lab-key)\/\w+\}$/);

/** By the type of the component that makes it, whose name without its first part gives the resource's: `cadvisor-…`. */
export const CONTAINERS: Readonly<Record<string, ContainerAllowance & { readonly name: string }>> = {
  "observability-lab:monitoring:Prometheus": {
    name: "prometheus",
    command: [
      "--config.file=",
      "--scrape.discovery-reload-interval=",
      "--storage.tsdb.path=",
      "--storage.tsdb.retention.time=",
      "--storage.remote.flush-deadline=",
      "--rules.alert.resend-delay=",
      "--web.cors.origin=",
      "--web.external-url=",
      "--web.config.file=/lab/web.yml",
    ],
    mounts: [
      "observability-lab-prometheus:/prometheus",
      "observability-lab-prometheus-config:/lab:ro",
      "observability-lab-swarm_discovery:/discovery:ro",
    ],
  },
  "observability-lab:monitoring:Grafana": {
    name: "grafana",
    envs: {
      GF_SECURITY_ADMIN_PASSWORD: IN_FILE,
      GF_SECURITY_SECRET_KEY: IN_FILE,
      GF_SECRETS_MANAGER_ENCRYPTION_SECRET_KEY_V1_SECRET_KEY: IN_FILE,
      GF_RENDERING_RENDERER_TOKEN: IN_FILE,
      GF_AUTH_ANONYMOUS_ENABLED: TRUE_OR_FALSE,
      GF_USERS_ALLOW_SIGN_UP: TRUE_OR_FALSE,
      GF_ANALYTICS_REPORTING_ENABLED: TRUE_OR_FALSE,
      GF_ANALYTICS_CHECK_FOR_UPDATES: TRUE_OR_FALSE,
      GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: TRUE_OR_FALSE,
      GF_NEWS_NEWS_FEED_ENABLED: TRUE_OR_FALSE,
      GF_SECURITY_DISABLE_GRAVATAR: TRUE_OR_FALSE,
      GF_SNAPSHOTS_EXTERNAL_ENABLED: TRUE_OR_FALSE,
      GF_PLUGINS_PREINSTALL_DISABLED: TRUE_OR_FALSE,
      GF_PLUGINS_PUBLIC_KEY_RETRIEVAL_DISABLED: TRUE_OR_FALSE,
      GF_PLUGINS_DISABLE_PLUGINS: like(/^[a-z,-]+$/),
      GF_LOG_LEVEL: like(/^(debug|info|warn|error)$/),
    },
    mounts: [
      "observability-lab-grafana:/var/lib/grafana",
      "observability-lab-grafana-config:/lab:ro",
      "observability-lab-grafana-key:/lab-key:ro",
    ],
  },
  "observability-lab:monitoring:Pushgateway": {
    name: "pushgateway",
    command: ["--persistence.file=", "--persistence.interval=", "--web.config.file=/lab/web.yml"],
    mounts: ["observability-lab-pushgateway:/pushgateway", "observability-lab-pushgateway-config:/lab:ro"],
  },
  "observability-lab:monitoring:Alertmanager": {
    name: "alertmanager",
    command: [
      "--config.file=",
      "--storage.path=",
      "--cluster.listen-address=",
      "--web.external-url=",
      "--web.listen-address=",
      "--web.config.file=/lab/web.yml",
    ],
    mounts: ["observability-lab-alertmanager:/alertmanager", "observability-lab-alertmanager-config:/lab:ro"],
    // of a webhook on this machine
    hostNetwork: true,
  },
  "observability-lab:monitoring:NodeExporter": {
    name: "node-exporter",
    command: [
      "--path.rootfs=/host",
      "--path.procfs=/host/proc",
      "--path.udev.data=/host/run/udev/data",
      "--web.listen-address=",
      "--web.config.file=/lab/web.yml",
      "--collector.processes",
      "--collector.tcpstat",
      "--collector.interrupts",
      "--collector.systemd",
      "--collector.filesystem.mount-points-exclude=",
    ],
    envs: { DBUS_SYSTEM_BUS_ADDRESS: like(/^unix:path=\/host\/run\/dbus\/system_bus_socket$/) },
    mounts: [
      "/:/host:ro",
      "/:/host:ro,rslave",
      "/dev/null:/hostSOCKET:ro",
      "/run/dbus/system_bus_socket:/host/run/dbus/system_bus_socket:ro",
      "/run/udev/data:/host/run/udev/data:ro",
      "observability-lab-node_exporter-config:/lab:ro",
    ],
    securityOpts: ["label=disable"],
    // with nodeExporterNetwork: host
    hostNetwork: true,
    hostProcesses: true,
    hostUsers: true,
  },
  "observability-lab:monitoring:Cadvisor": {
    name: "cadvisor",
    command: ["--docker_only=true", "--housekeeping_interval=", "--store_container_labels=false"],
    mounts: [
      "/:/rootfs:ro",
      "/sys:/sys:ro",
      "ENGINE:/var/run/docker.sock:ro",
      "CONTAINERD:/run/containerd/containerd.sock:ro",
    ],
    engine: true,
    // measures the disk usage of folders that belong to other users
    capabilities: ["DAC_READ_SEARCH"],
  },
  "observability-lab:monitoring:SwarmDiscovery": {
    name: "swarm-discovery",
    command: ["caddy", "run", "--config", "/lab/caddy.json"],
    mounts: [
      "ENGINE:/var/run/docker.sock:ro",
      "observability-lab-swarm_discovery:/discovery",
      "observability-lab-swarm_discovery-config:/lab:ro",
    ],
    engine: true,
    // of the program's file in the official image
    capabilities: ["NET_BIND_SERVICE"],
  },
};

/** A command that runs on the host. */
export interface CommandAllowance {
  readonly name: RegExp;
  readonly create: string;
  readonly delete?: string;
  /** Variables that hold a script: the files of `assets/` that are its text, which a review of a change sees. */
  readonly scripts?: Readonly<Record<string, readonly string[]>>;
  /** The file of `assets/` that it reads as its standard input. */
  readonly stdin?: string;
  /** Its other variables, and what each may be. */
  readonly environment?: Readonly<Record<string, Test>>;
  /** Variables that hold a secret. */
  readonly secrets?: readonly string[];
}

const CREATE = 'sh -c "$CREATE"';
const DELETE = 'sh -c "$DELETE"';
const LAB = like(/^[\w.-]*observability-lab$/);
const LABEL = like(/^observability-lab\.lab$/);
const MANAGER_LABEL = like(/^observability-lab\.manager$/);
const HTTP = like(/^http:\/\/[\w.-]+:\d+$/);
const ADDRESS = like(/^[\d.:]+$/);
/** Each with the network whose peers it answers, where it does not answer all. */
const ADDRESSES = like(/^[\d.:]+(,[\d./]+)?( [\d.:]+(,[\d./]+)?)*$/);
const SWEEP = { DELETE: ["flask/process.sh", "lab/sweep.sh"] };

export const COMMANDS: readonly CommandAllowance[] = [
  {
    name: /^lab-(container-)?sweep$/,
    create: ":",
    delete: DELETE,
    scripts: SWEEP,
    environment: { LAB, LABEL, MANAGER_LABEL, KEEP: like(/^[\w.-]+( [\w.-]+)*$/), ONLY: like(/^containers$/) },
  },
  {
    name: /^lab-overlay-drain$/,
    create: ":",
    delete: DELETE,
    scripts: { DELETE: ["lab/drain.sh"] },
    environment: { LAB, LABEL, MANAGER_LABEL, NETWORK: like(/^[\w.-]*observability-lab-overlay$/) },
  },
  ...["flask", "ansible"].map((room) => ({
    name: new RegExp(`^${room}-environment$`),
    create: CREATE,
    delete: DELETE,
    scripts: { CREATE: ["python/install.sh"], DELETE: ["python/uninstall.sh"] },
    stdin: `${room}/requirements.txt`,
    environment: { LAB, ROOM: like(new RegExp(`^${room}$`)) },
  })),
  {
    name: /^flask-process$/,
    create: CREATE,
    delete: DELETE,
    scripts: { CREATE: ["flask/process.sh", "flask/start.sh"], DELETE: ["flask/process.sh", "flask/stop.sh"] },
    stdin: "flask/app.py",
    environment: { LAB, LISTEN: ADDRESSES, HEALTH: ADDRESS },
  },
  {
    name: /^ansible-run$/,
    create: CREATE,
    scripts: { CREATE: ["ansible/run.sh"] },
    stdin: "ansible/monitor_playbook.yml",
    environment: { LAB, PUSHGATEWAY_URL: HTTP },
    secrets: ["PUSHGATEWAY_PASSWORD"],
  },
  { name: /^(grafana|web)-generated-password$/, create: "head -c 18 /dev/urandom | base64 | tr '+/' '-_'" },
  {
    name: /^grafana-admin-password$/,
    create: 'node -e "$SCRIPT"',
    scripts: { SCRIPT: ["grafana/admin-password.js"] },
    environment: { GRAFANA_URL: HTTP, GRAFANA_CONTAINER: like(/^[\w.-]*grafana$/) },
    secrets: ["GRAFANA_PASSWORD"],
  },
  // it writes no files: the program does, and this says that they differ
  { name: /^[a-z-]+-config-files$/, create: "od -An -N8 -tx1 /dev/urandom | tr -d ' '" },
  { name: /^[a-z-]+-reload$/, create: ":", environment: { CONFIG: anything, REASON: anything } },
];
