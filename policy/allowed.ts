import type { CommandAllowance, ContainerAllowance } from "./allowance";
import { either, GATEWAY, HOST, joined, LAB_NAME, NETWORK, OWN_URL, PORT, PREFIX, SUBNET, VOLUME } from "./own";
import { anything, is, like, type Test } from "./shape";

/**
 * Everything that the lab needs and therefore may have: anything else is a violation that names it. A new line gives
 * this permission to its program, and to whoever takes that over; so it needs a reason, and a review.
 */

/** Of an argument without a value. */
const SET = is("");
const DURATION = like(/^(\d+(ms|[smhdwy]))+$/);
const WEB_CONFIG = { "--web.config.file=": is("/lab/web.yml") };
/** For this machine and the lab's network only. */
const IN_HOST_NETWORK = { "--web.listen-address=": either(joined(HOST, PORT), joined(GATEWAY, PORT)), ...WEB_CONFIG };

const TRUE_OR_FALSE = like(/^(true|false)$/);
/** Grafana itself reads the file. */
const IN_FILE = like(/^\$__file\{\/(lab|lab-key)\/\w+\}$/);

/** By the type of the component that creates it, whose name without its first part gives the resource's: `cadvisor-…`. */
export const CONTAINERS: Readonly<Record<string, ContainerAllowance & { readonly name: string }>> = {
  "observability-lab:monitoring:Prometheus": {
    name: "prometheus",
    command: {
      "--config.file=": is("/lab/prometheus.yml"),
      "--scrape.discovery-reload-interval=": DURATION,
      "--storage.tsdb.path=": is("/prometheus"),
      "--storage.tsdb.retention.time=": DURATION,
      "--storage.remote.flush-deadline=": DURATION,
      "--rules.alert.resend-delay=": DURATION,
      "--web.cors.origin=": is(""),
      "--web.external-url=": OWN_URL,
      ...WEB_CONFIG,
    },
    // by default every web page can read it
    required: ["--web.cors.origin="],
    password: true,
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
      GF_AUTH_ANONYMOUS_ENABLED: is("false"),
      GF_USERS_ALLOW_SIGN_UP: is("false"),
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
    // by default admin:admin, and keys that are in Grafana's source
    requiredEnvs: [
      "GF_SECURITY_ADMIN_PASSWORD",
      "GF_SECURITY_SECRET_KEY",
      "GF_SECRETS_MANAGER_ENCRYPTION_SECRET_KEY_V1_SECRET_KEY",
      "GF_RENDERING_RENDERER_TOKEN",
    ],
    mounts: [
      "observability-lab-grafana:/var/lib/grafana",
      "observability-lab-grafana-config:/lab:ro",
      "observability-lab-grafana-key:/lab-key:ro",
    ],
  },
  "observability-lab:monitoring:Pushgateway": {
    name: "pushgateway",
    command: { "--persistence.file=": is("/pushgateway/metrics"), "--persistence.interval=": DURATION, ...WEB_CONFIG },
    password: true,
    mounts: ["observability-lab-pushgateway:/pushgateway", "observability-lab-pushgateway-config:/lab:ro"],
  },
  "observability-lab:monitoring:Alertmanager": {
    name: "alertmanager",
    command: {
      "--config.file=": is("/lab/alertmanager.yml"),
      "--storage.path=": is("/alertmanager"),
      "--cluster.listen-address=": is(""),
      "--web.external-url=": OWN_URL,
      "--web.listen-address=": is(":9093"),
      ...WEB_CONFIG,
    },
    // by default it listens for cluster peers on every address, without a password
    required: ["--cluster.listen-address=", "--web.config.file="],
    mounts: ["observability-lab-alertmanager:/alertmanager", "observability-lab-alertmanager-config:/lab:ro"],
    // of a webhook on this machine
    hostNetwork: IN_HOST_NETWORK,
  },
  "observability-lab:monitoring:BlackboxExporter": {
    name: "blackbox-exporter",
    command: { "--config.file=": is("/lab/blackbox.yml"), ...WEB_CONFIG },
    password: true,
    mounts: ["observability-lab-blackbox_exporter-config:/lab:ro"],
    user: "65534:65534",
  },
  "observability-lab:monitoring:NodeExporter": {
    name: "node-exporter",
    command: {
      "--path.rootfs=": is("/host"),
      "--path.procfs=": is("/host/proc"),
      "--path.udev.data=": is("/host/run/udev/data"),
      "--web.listen-address=": is(":9100"),
      ...WEB_CONFIG,
      "--collector.processes": SET,
      "--collector.tcpstat": SET,
      "--collector.interrupts": SET,
      "--collector.systemd": SET,
      "--collector.filesystem.mount-points-exclude=": anything,
    },
    password: true,
    envs: { DBUS_SYSTEM_BUS_ADDRESS: like(/^unix:path=\/host\/run\/dbus\/system_bus_socket$/) },
    mounts: [
      "/:/host:ro",
      "/:/host:ro,rslave",
      "/dev/null:/hostSOCKET:ro",
      "/run/dbus/system_bus_socket:/host/run/dbus/system_bus_socket:ro",
      "/run/udev/data:/host/run/udev/data:ro",
      "observability-lab-node_exporter-config:/lab:ro",
    ],
    // the sockets of Docker, containerd and everything else on a machine
    covered: ["/host/run"],
    securityOpts: ["label=disable"],
    // with nodeExporterNetwork: host
    hostNetwork: IN_HOST_NETWORK,
    hostProcesses: true,
    hostUsers: true,
    // not used by another program: a program that sees the host's processes can read those of the same user
    user: "2:64130",
  },
  "observability-lab:monitoring:Cadvisor": {
    name: "cadvisor",
    command: {
      "--docker_only=": is("true"),
      "--housekeeping_interval=": DURATION,
      "--store_container_labels=": is("false"),
      "--whitelisted_container_labels=": like(/^[\w.,/-]+$/),
    },
    mounts: [
      "/:/rootfs:ro",
      "/sys:/sys:ro",
      "ENGINE:/var/run/docker.sock:ro",
      "CONTAINERD:/run/containerd/containerd.sock:ro",
    ],
    engine: true,
    // Docker's socket belongs to the host's root
    hostUsers: true,
    // for the disk usage of other users' folders
    capabilities: ["DAC_READ_SEARCH"],
  },
  "observability-lab:monitoring:SwarmDiscovery": {
    name: "swarm-discovery",
    command: { caddy: SET, run: SET, "--config": SET, "/lab/caddy.json": SET },
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

const CREATE = 'sh -c "$CREATE"';
const DELETE = 'sh -c "$DELETE"';
const LAB = joined(LAB_NAME);
const LABEL = like(/^observability-lab\.lab$/);
const MANAGER_LABEL = like(/^observability-lab\.manager$/);
const ADDRESS = joined(HOST, PORT);
/** The second one only for the lab's containers: it answers all peers on its interface except those of other networks. */
const ADDRESSES = either(ADDRESS, joined(HOST, PORT, " ", GATEWAY, PORT, ",", SUBNET));
const KEPT: Test = (value, context) => typeof value === "string" && value.split(" ").every((it) => VOLUME(it, context));
const TEARDOWN = { DELETE: ["flask/process.sh", "lab/teardown.sh"] };

export const COMMANDS: readonly CommandAllowance[] = [
  {
    name: /^lab-sweep$/,
    create: ":",
    delete: DELETE,
    scripts: TEARDOWN,
    environment: { LAB, LABEL, MANAGER_LABEL, KEEP: KEPT, GRACEFUL: like(/^yes$/) },
  },
  { name: /^lab-container-sweep$/, create: ":", environment: {} },
  {
    name: /^lab-overlay-drain$/,
    create: ":",
    delete: DELETE,
    scripts: { DELETE: ["lab/overlay-teardown.sh"] },
    environment: { LAB, LABEL, MANAGER_LABEL, NETWORK },
  },
  ...["flask", "ansible"].map((venv) => ({
    name: new RegExp(`^${venv}-environment$`),
    create: CREATE,
    delete: DELETE,
    scripts: { CREATE: ["python/install.sh"], DELETE: ["python/uninstall.sh"] },
    stdin: `${venv}/requirements.txt`,
    environment: { LAB, VENV: like(new RegExp(`^${venv}$`)) },
  })),
  {
    name: /^flask-process$/,
    create: CREATE,
    delete: DELETE,
    scripts: {
      CREATE: ["flask/process.sh", "flask/start.sh"],
      START: ["flask/start.py"],
      DELETE: ["flask/process.sh", "flask/stop.sh"],
    },
    stdin: "flask/app.py",
    environment: { LAB, LISTEN: ADDRESSES, HEALTH: ADDRESS },
  },
  {
    name: /^ansible-run$/,
    create: CREATE,
    scripts: { CREATE: ["ansible/run.sh"] },
    stdin: "ansible/monitor_playbook.yml",
    environment: { LAB, PUSHGATEWAY_URL: OWN_URL },
    secrets: ["PUSHGATEWAY_PASSWORD"],
  },
  { name: /^(grafana|web)-generated-password$/, create: "head -c 18 /dev/urandom | base64 | tr '+/' '-_'" },
  {
    name: /^grafana-admin-password$/,
    create: 'node -e "$SCRIPT"',
    scripts: { SCRIPT: ["grafana/admin-password.js"] },
    environment: { GRAFANA_URL: OWN_URL, GRAFANA_CONTAINER: joined(PREFIX, "grafana") },
    secrets: ["GRAFANA_PASSWORD"],
  },
  // it writes no files: the program does, and this records that they differ
  { name: /^[a-z-]+-config-files$/, create: "od -An -N8 -tx1 /dev/urandom | tr -d ' '" },
  { name: /^[a-z-]+-reload$/, create: ":", environment: { CONFIG: anything, REASON: anything } },
];
