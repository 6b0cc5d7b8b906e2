import { dataVolumeName } from "../shared/names";
import { Probe, probeScrapeConfig } from "./probes";

/** A container of the lab; in a swarm, possibly a service with a task on every node. */
export interface Service {
  /** Name on the lab's network; with the prefix, the container's name. */
  readonly hostname: string;
  /** Port inside the container. */
  readonly port: number;
  /** Not published on the host, so there is no setting for a port. */
  readonly internal?: true;
  /** The volume that keeps data when the container is replaced. */
  readonly data?: {
    /** Folder in the container. */
    readonly path: string;
    readonly content: string;
  };
  /** Values of the label `job` on the samples that it exposes or passes on. */
  readonly jobs?: readonly string[];
  /** Its scrape job in Prometheus' terms, if it is more than `hostname:port`. */
  readonly scrapeConfig?: (choices: Choices) => object;
  /** Whether a lab with these settings has the service; true by default. */
  readonly when?: (choices: Choices) => boolean;
  /** Runs on every node of a swarm. */
  readonly onEveryNode?: true;
  /** Supports a password, with the flag `--web.config.file` of Prometheus' exporter toolkit. */
  readonly webConfig?: true;
}

/** The settings that decide which services a lab has. */
export interface Choices {
  readonly alertWebhook?: string | undefined;
  readonly engine?: "docker" | "swarm";
  readonly probes?: readonly Probe[];
}

/** Every possible service; each has the settings `<key>Image`, `<key>Memory` and, if published, `<key>Port`. */
export const SERVICES = {
  prometheus: {
    hostname: "prometheus",
    port: 9090,
    data: { path: "/prometheus", content: "its samples" },
    jobs: ["prometheus"],
    webConfig: true,
  },
  grafana: {
    hostname: "grafana",
    port: 3000,
    data: { path: "/var/lib/grafana", content: "its dashboards and users" },
  },
  nodeExporter: {
    hostname: "node_exporter",
    port: 9100,
    jobs: ["linux_host"],
    onEveryNode: true,
    webConfig: true,
  },
  cadvisor: {
    hostname: "cadvisor",
    port: 8080,
    jobs: ["docker_containers"],
    onEveryNode: true,
  },
  pushgateway: {
    hostname: "pushgateway",
    port: 9091,
    data: { path: "/pushgateway", content: "the pushed metrics" },
    jobs: ["ansible_jobs", "pushgateway"],
    webConfig: true,
  },
  swarmDiscovery: {
    hostname: "swarm_discovery",
    // for its health check
    port: 8080,
    internal: true,
    when: ({ engine }) => engine === "swarm",
  },
  alertmanager: {
    hostname: "alertmanager",
    port: 9093,
    data: { path: "/alertmanager", content: "its silences" },
    jobs: ["alertmanager"],
    when: ({ alertWebhook }) => alertWebhook !== undefined,
    webConfig: true,
  },
  blackboxExporter: {
    hostname: "blackbox_exporter",
    port: 9115,
    jobs: ["probes"],
    scrapeConfig: ({ probes = [] }) => probeScrapeConfig(probes, "blackbox_exporter:9115"),
    when: ({ probes = [] }) => probes.length > 0,
    webConfig: true,
  },
} as const satisfies Readonly<Record<string, Service>>;

export type ServiceKey = keyof typeof SERVICES;

/** The services with a port on the host. */
export type PublishedKey = {
  [K in ServiceKey]: (typeof SERVICES)[K] extends { readonly internal: true } ? never : K;
}[ServiceKey];

/** The values of the label `job` that the lab uses itself, with any settings. */
export const OWN_JOBS: readonly string[] = [...allServices().flatMap(([, { jobs = [] }]) => jobs), "flask_app"];

/** Keys of all services with a setting for their port on the host. */
export const PUBLISHED: readonly PublishedKey[] = allServices().flatMap(([key, { internal }]) =>
  internal ? [] : [key as PublishedKey],
);

/** The services with data, by host name, in the order of a backup. */
export const WITH_DATA: readonly string[] = allServices().flatMap(([, { hostname, data }]) =>
  data === undefined ? [] : [hostname],
);

/** The services of a lab with these settings. */
export function servicesOf(choices: Choices): readonly ServiceKey[] {
  return allServices().flatMap(([key, { when }]) => (when === undefined || when(choices) ? [key] : []));
}

/** The services that are containers of this machine, by host name. */
export function containersOf(choices: Choices): readonly string[] {
  return servicesOf(choices)
    .filter((key) => !runsOnEveryNode(key, choices))
    .map((key) => SERVICES[key].hostname);
}

/** The services with a task on every node of a swarm, by host name. */
export function nodeServicesOf(choices: Choices): readonly string[] {
  return servicesOf(choices)
    .filter((key) => runsOnEveryNode(key, choices))
    .map((key) => SERVICES[key].hostname);
}

/** The services of a lab with these settings that are published on the host. */
export function publishedServices(choices: Choices): readonly PublishedKey[] {
  return PUBLISHED.filter((key) => servicesOf(choices).includes(key) && !runsOnEveryNode(key, choices));
}

/** Whether a service is a Swarm service rather than a container of this machine. */
export function runsOnEveryNode(key: ServiceKey, { engine }: Choices): boolean {
  const service: Service = SERVICES[key];
  return engine === "swarm" && service.onEveryNode === true;
}

/** Names of the volumes with data of every service. */
export function dataVolumes(settings: { readonly namePrefix: string }): readonly string[] {
  return WITH_DATA.map((hostname) => dataVolumeName(settings, hostname));
}

/** The services with their keys, in the order of declaration. */
export function allServices(): readonly (readonly [ServiceKey, Service])[] {
  return Object.entries(SERVICES) as [ServiceKey, Service][];
}
