import { CONTAINER_NAME, either, GATEWAY, joined, NETWORK, OWN_URL, PRIVATE_SUBNET, VOLUME } from "./own";
import { anything, ELSEWHERE, type Fields, fields, flag, is, like, list, number, text } from "./shape";

/** The properties set on each type of resource in the lab; a container's privileges are in `allowed.ts`. */

const LABELS = list(
  fields({
    label: is(
      ...["lab", "reason", "memory", "config", "overlay", "manager", "grafana-key"].map(
        (it) => `observability-lab.${it}`,
      ),
    ),
    value: text,
  }),
);
const HEALTHCHECK = fields({
  tests: list(text),
  interval: text,
  timeout: text,
  startPeriod: text,
  startInterval: text,
  retries: number,
});
const LOG_OPTIONS = fields({ "max-size": text, "max-file": text, compress: text });
/** Drivers that keep the log on the machine. */
const LOG_DRIVER = is("json-file", "local");
/**
 * Only the names and types of the SDK: the provider also takes `host_path` for `hostPath`, `add` for `adds` and `"true"` for
 * `true`, which the other policies do not see.
 */
const VOLUMES = list(
  fields({ containerPath: text, fromContainer: text, hostPath: text, readOnly: flag, volumeName: text }),
);
const MOUNTS = list(
  fields({
    type: text,
    source: text,
    target: text,
    readOnly: flag,
    bindOptions: ELSEWHERE,
    volumeOptions: ELSEWHERE,
    tmpfsOptions: ELSEWHERE,
  }),
);
const NOT_ROOT = like(/^[1-9]\d*(:[1-9]\d*)?$/);
const OVERLAY_ID = like(/^[a-z0-9]{25}$/);
/** Placeholder of a preview for a value known only after the update (the Pulumi engine's `UnknownStringValue`). */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Download address of the plugin of Grafana's provider. */
export const GRAFANA_PLUGINS = "github://api.github.com/pulumiverse";

const CONTAINER = fields({
  name: CONTAINER_NAME,
  hostname: text,
  image: ELSEWHERE,
  command: ELSEWHERE,
  envs: ELSEWHERE,
  labels: LABELS,
  user: NOT_ROOT,
  // privileges
  privileged: flag,
  capabilities: fields({ adds: list(text), drops: list(text) }),
  securityOpts: ELSEWHERE,
  pidMode: ELSEWHERE,
  ipcMode: ELSEWHERE,
  usernsMode: ELSEWHERE,
  networkMode: ELSEWHERE,
  readOnly: flag,
  // what it reaches
  volumes: VOLUMES,
  mounts: MOUNTS,
  ports: list(fields({ internal: number, external: number, ip: ELSEWHERE, protocol: is("tcp") })),
  publishAllPorts: flag,
  networksAdvanced: list(fields({ name: NETWORK, aliases: list(text) })),
  hosts: list(fields({ host: text, ip: joined(GATEWAY) })),
  // how long it lives
  memory: number,
  memorySwap: number,
  logDriver: LOG_DRIVER,
  logOpts: LOG_OPTIONS,
  healthcheck: HEALTHCHECK,
  restart: is("no", "on-failure", "always", "unless-stopped"),
  start: flag,
  mustRun: flag,
  wait: flag,
  waitTimeout: number,
  destroyGraceSeconds: number,
  removeVolumes: flag,
  containerReadRefreshTimeoutMilliseconds: number,
});

const CHANGE = fields({
  parallelism: number,
  delay: text,
  monitor: text,
  maxFailureRatio: text,
  order: text,
  failureAction: text,
});

const SERVICE = fields({
  name: CONTAINER_NAME,
  labels: LABELS,
  mode: fields({ global: flag }),
  endpointSpec: fields({ mode: is("dnsrr"), ports: ELSEWHERE }),
  taskSpec: fields({
    containerSpec: fields({
      image: ELSEWHERE,
      args: ELSEWHERE,
      env: ELSEWHERE,
      hostname: text,
      labels: LABELS,
      user: NOT_ROOT,
      readOnly: flag,
      mounts: MOUNTS,
      capAdds: ELSEWHERE,
      capDrops: ELSEWHERE,
      healthcheck: HEALTHCHECK,
      isolation: is("default"),
      stopGracePeriod: text,
    }),
    resources: fields({ limits: fields({ memoryBytes: number }) }),
    restartPolicy: fields({ condition: text, delay: text, window: text, maxAttempts: number }),
    placement: fields({ constraints: list(text) }),
    // an id: by name, "host" is the host's network
    networksAdvanceds: list(fields({ id: either(is(UNKNOWN), OVERLAY_ID) })),
    logDriver: fields({ name: LOG_DRIVER, options: LOG_OPTIONS }),
    runtime: is("container"),
  }),
  updateConfig: CHANGE,
  rollbackConfig: CHANGE,
});

/** Resources by type, with the properties that may be set. */
export const RESOURCES: Readonly<Record<string, Fields>> = {
  "docker:index/container:Container": CONTAINER,
  "docker:index/service:Service": SERVICE,
  "docker:index/network:Network": fields({
    name: NETWORK,
    driver: is("bridge", "overlay"),
    attachable: flag,
    options: fields({ encrypted: is("true"), "com.docker.network.enable_ipv6": is("false") }),
    ipamDriver: is("default"),
    ipamConfigs: list(fields({ subnet: PRIVATE_SUBNET, gateway: text })),
    labels: LABELS,
  }),
  "docker:index/volume:Volume": fields({ name: VOLUME, labels: LABELS }),
  "command:local:Command": fields({
    create: ELSEWHERE,
    delete: ELSEWHERE,
    stdin: ELSEWHERE,
    environment: ELSEWHERE,
    triggers: anything,
    logging: is("none", "stdoutAndStderr"),
  }),
  "grafana:oss/dashboard:Dashboard": fields({ configJson: text, folder: text, overwrite: flag, message: text }),
  "grafana:oss/dataSource:DataSource": fields({
    uid: text,
    name: text,
    type: is("prometheus"),
    url: is("http://prometheus:9090"),
    accessMode: is("proxy"),
    isDefault: flag,
    basicAuthEnabled: flag,
    basicAuthUsername: text,
    jsonDataEncoded: text,
    secureJsonDataEncoded: text,
    databaseName: text,
  }),
  "grafana:oss/folder:Folder": fields({ uid: text, title: text }),
  "grafana:oss/organizationPreferences:OrganizationPreferences": fields({ homeDashboardUid: text }),
  "pulumi:pulumi:Stack": fields({}),
  // a provider is a program that runs on this machine: none from elsewhere
  "pulumi:providers:docker": provider(),
  "pulumi:providers:command": provider({ "__pulumi-go-provider-version": text }),
  "pulumi:providers:grafana": provider({ url: OWN_URL, auth: text }, { pluginDownloadURL: is(GRAFANA_PLUGINS) }),
};

/** Properties in which a secret is safe: the Pulumi engine encrypts them, and only their own program reads them. */
export const SECRETS: Readonly<Record<string, readonly string[]>> = {
  "command:local:Command": ["environment", "triggers"],
  "pulumi:providers:grafana": ["auth"],
  "grafana:oss/dataSource:DataSource": ["secureJsonDataEncoded"],
};

/** Components of the lab, which are only a name. */
export const COMPONENT = /^observability-lab:[A-Za-z]+:[A-Za-z]+$/;

function provider(own: Fields["fields"] = {}, internal: Fields["fields"] = {}): Fields {
  return fields({ version: text, ...own, __internal: fields(internal) });
}
