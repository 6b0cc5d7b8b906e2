import * as pulumi from "@pulumi/pulumi";
import { Problem, throwProblems } from "../shared/problems";
import { overlap } from "./cidr";
import { readDashboards, readNames, readRange, readScrapeServices } from "./lists";
import { readProbes } from "./probes";
import { SettingsReader } from "./reader";
import { readRemoteWrite } from "./remoteWrite";
import { readScrapeTargets } from "./scrapeTargets";
import { allServices, PublishedKey, publishedServices, ServiceKey } from "./services";
import { readCatalogueAddress, readWebhook } from "./urls";
import { readWebPassword } from "./webPassword";

export type { CommunityDashboard, ScrapeService } from "./lists";
export type { RemoteWriteReceiver } from "./remoteWrite";
export type { ScrapeTarget } from "./scrapeTargets";

/** The alerts' rates are of 5 minutes, after which Prometheus also ends a series without samples. */
const LONGEST_SCRAPE_INTERVAL = "2m";
/** Prometheus counts in 64-bit nanoseconds, which end at 292 years. */
const LONGEST_RETENTION = "290y";

/** Settings of a container that is published on the host. */
export interface ServiceSettings extends ProgramSettings {
  /** Port on `bindAddress`. */
  readonly port: number;
}

/** Settings of a container that is not published. */
export interface ProgramSettings {
  /** Image with a tag, a digest or both. */
  readonly image: string;
  /** Memory limit in MiB; swap is not granted on top. */
  readonly memory: number;
}

/** Settings of every possible container; used only if the lab has it. */
type EachService = { readonly [K in ServiceKey]: K extends PublishedKey ? ServiceSettings : ProgramSettings };

/** The raw configuration of a stack as Pulumi passes it to a program: keys without the project, values as text. */
export interface RawConfig {
  readonly values: Readonly<Record<string, string>>;
  /** Keys whose values are secrets. */
  readonly secrets: ReadonlySet<string>;
}

/** Reads each setting; Pulumi.yaml documents them. */
function readAll(read: SettingsReader) {
  const services = Object.fromEntries(
    allServices().map(([key, { internal }]) => [
      key,
      {
        ...(internal ? {} : { port: read.port(`${key}Port`) }),
        image: read.image(`${key}Image`),
        memory: read.memory(`${key}Memory`),
      },
    ]),
  ) as EachService;
  const flaskPort = read.port("flaskPort");
  const { subnet, gateway } = read.subnet("subnet");
  const overlay = read.subnet("overlaySubnet");
  const dashboardCatalogue = readCatalogueAddress(read, "dashboardCatalogue");
  const extraScrapeTargets = readScrapeTargets(read, "extraScrapeTargets");
  return {
    namePrefix: read.namePrefix("namePrefix"),
    bindAddress: read.address("bindAddress"),
    ...services,
    flaskPort,
    scrapeInterval: read.duration("scrapeInterval", LONGEST_SCRAPE_INTERVAL),
    retention: read.duration("retention", LONGEST_RETENTION),
    startTimeout: read.integer("startTimeout", 10, 3600, "a whole number of seconds"),
    keepData: read.flag("keepData"),
    extraScrapeTargets,
    probes: readProbes(read, "probes"),
    extraScrapeServices: readScrapeServices(read, "extraScrapeServices", extraScrapeTargets),
    engine: read.oneOf("engine", ["docker", "swarm"]),
    overlaySubnet: overlay.subnet,
    overlayGateway: overlay.gateway,
    overlayEncryption: read.flag("overlayEncryption"),
    /** `name=value` of the monitored Swarm nodes; undefined for all. */
    nodeLabel: read.nodeLabel("nodeLabel"),
    subnet,
    /** First address of `subnet`: the host, as the lab's containers see it. */
    gateway,
    nodeExporterNetwork: read.oneOf("nodeExporterNetwork", ["lab", "host"]),
    grafanaBundledPlugins: read.flag("grafanaBundledPlugins"),
    containerLabels: readNames(read, "containerLabels"),
    /** Undefined if the lab generates one. */
    grafanaAdminPassword: read.password("grafanaAdminPassword"),
    /** Where alerts are sent; a secret. Undefined if they are not sent. */
    alertWebhook: readWebhook(read, "alertWebhook"),
    /** For Prometheus, the Pushgateway and others, see `passwordPrograms`; undefined if not set. */
    webPassword: readWebPassword(read, "webPassword"),
    remoteWrite: readRemoteWrite(read, "remoteWrite"),
    dashboardRange: readRange(read, "dashboardRange"),
    communityDashboards: readDashboards(read, "communityDashboards", dashboardCatalogue),
    /** A URL, or the path of a folder. */
    dashboardCatalogue,
  };
}

/** All settings, validated. */
export type Settings = Readonly<ReturnType<typeof readAll>>;

/** Parses a raw configuration; returns all problems. */
export function parseSettings(raw: RawConfig): { settings: Settings; problems: readonly Problem[] } {
  const read = new SettingsReader(raw.values, raw.secrets);
  const settings = readAll(read);
  read.distinct([...publishedServices(settings).map((key) => `${key}Port`), "flaskPort"]);
  checkGrafanaImage(settings, read);
  if (settings.engine === "swarm") {
    checkSwarm(settings, read);
  } else if (settings.extraScrapeServices.length > 0) {
    read.addProblem(
      "extraScrapeServices",
      settings.extraScrapeServices,
      "requires engine: swarm, but engine is docker",
      "set engine: swarm, or remove it; for other targets use extraScrapeTargets",
    );
  }
  read.secretOnly(["grafanaAdminPassword", "webPassword", "alertWebhook", "remoteWrite", "extraScrapeTargets"]);
  read.unknown();
  return { settings, problems: read.problems };
}

/** Reports Grafana's images without bundled plugins, which cannot query Prometheus, and those without wget. */
function checkGrafanaImage({ grafana: { image } }: Settings, read: SettingsReader): void {
  if (/[:-]slim(@|$)/.test(image)) {
    read.addProblem(
      "grafanaImage",
      image,
      "has no bundled plugins, and so no Prometheus datasource",
      "set the same tag without -slim; grafanaBundledPlugins: false leaves out those that take memory",
    );
  }
  // only the Alpine images have it, as a part of BusyBox (Grafana's Dockerfile)
  if (/[:-]ubuntu(@|$)/.test(image)) {
    const fix = "set the same tag without -ubuntu, or an image of your own with wget under another tag";
    read.addProblem("grafanaImage", image, "has no wget, which the health check runs", fix);
  }
}

/** Reports settings that do not work in a swarm. */
function checkSwarm({ namePrefix, nodeExporterNetwork, overlaySubnet, subnet }: Settings, read: SettingsReader): void {
  if (namePrefix.includes(".")) {
    // isValidDNSName in swarmkit's manager/controlapi/common.go
    const problem = 'must not contain "." in a swarm: a service\'s name is one component of a DNS name';
    read.addProblem("namePrefix", namePrefix, problem, `set ${namePrefix.replaceAll(".", "-")}, or set engine: docker`);
  }
  if (nodeExporterNetwork === "host") {
    read.addProblem(
      "nodeExporterNetwork",
      nodeExporterNetwork,
      "must be lab in a swarm: Prometheus cannot reach a service in the hosts' network",
      "set lab, or set engine: docker",
    );
  }
  if (overlap(subnet, overlaySubnet)) {
    read.addProblem(
      "overlaySubnet",
      overlaySubnet,
      `overlaps with subnet (${subnet})`,
      "give each a network of its own",
    );
  }
}

/**
 * The settings of the current stack.
 *
 * @throws LabError with all problems of the settings.
 */
export function readSettings(): Settings {
  const prefix = `${pulumi.getProject()}:`;
  const ofProject = (keys: string[]): string[] =>
    keys.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
  const all = pulumi.runtime.allConfig();
  // the SDK does not expose which keys are secret; the Pulumi engine passes them in this variable
  const secretKeys = (JSON.parse(process.env.PULUMI_CONFIG_SECRET_KEYS ?? "null") ?? []) as string[];
  const { settings, problems } = parseSettings({
    values: Object.fromEntries(ofProject(Object.keys(all)).map((key) => [key, all[`${prefix}${key}`] ?? ""])),
    secrets: new Set(ofProject(secretKeys)),
  });
  throwProblems(problems);
  return settings;
}
