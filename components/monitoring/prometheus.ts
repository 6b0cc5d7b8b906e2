import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import { RELOAD_METRICS } from "../../lib/drift/reloads";
import { OWN_JOBS, Service, ServiceKey, SERVICES, servicesOf } from "../../lib/settings/services";
import { Settings } from "../../lib/settings/settings";
import { alertRules, RULES } from "../../lib/shared/alertRules";
import { labName, urlOn } from "../../lib/shared/names";
import { WEB_PASSWORD_FILE } from "../../lib/shared/webSignIn";
import { LabContainer } from "../container/labContainer";
import { CONFIG_FOLDER, ConfigFile, SharedFolder, specOf } from "../container/spec";
import { renderBasicAuth } from "../container/webPassword";
import { ComponentArgs, LabContext } from "../context";
import { extraTargetJobs, extraTargetSecrets } from "./extraTargets";
import { pushgatewayJobs, recordedMetrics } from "./pushedSeries";
import { remoteWriteFlags, remoteWriteSecrets, renderRemoteWrite } from "./remoteWrite";
import { extraServiceJobs, nodeJob } from "./swarmScrapeConfigs";

export interface PrometheusArgs extends ComponentArgs {
  /** `host:port` of the Alertmanager, if there is one. */
  readonly alertmanager?: string | undefined;
  /** Service discovery of the swarm, if the lab monitors one. */
  readonly discovery?: SharedFolder | undefined;
}

const { port: PORT, data } = SERVICES.prometheus;
/** Its configuration, in `CONFIG_FOLDER`. */
export const PROMETHEUS_CONFIG = "prometheus.yml";

/** Prometheus with the lab's scrape jobs and alerts; a volume keeps its samples. */
export class Prometheus extends pulumi.ComponentResource {
  /** URL as seen from the host. */
  readonly url: string;
  /** URL as seen from the lab's network. */
  readonly internalUrl = `http://prometheus:${String(PORT)}`;

  constructor(name: string, args: PrometheusArgs, options?: pulumi.ComponentResourceOptions) {
    super("observability-lab:monitoring:Prometheus", name, {}, options);
    const { settings, passwordPrograms, webPassword } = args.context;
    const container = new LabContainer(
      name,
      {
        context: args.context,
        ...specOf("prometheus", settings),
        healthPath: "/-/ready",
        command: [
          `--config.file=${CONFIG_FOLDER}/${PROMETHEUS_CONFIG}`,
          // delays only the first scrape of a new target, by default for 5 s
          "--scrape.discovery-reload-interval=1s",
          `--storage.tsdb.path=${data.path}`,
          `--storage.tsdb.retention.time=${settings.retention}`,
          ...remoteWriteFlags(settings),
          // no page of another origin can read anything, as an Origin is never empty
          "--web.cors.origin=",
          // a replaced Alertmanager gets the alerts again after this time instead of a minute
          ...(args.alertmanager === undefined ? [] : ["--rules.alert.resend-delay=15s"]),
          // for the links that alerts carry
          `--web.external-url=${urlOn(settings.bindAddress, settings.prometheus.port)}`,
        ],
        uploads: prometheusFiles(settings, args.alertmanager, passwordPrograms, webPassword),
        reloadMetrics: RELOAD_METRICS.prometheus,
        hosts: hostNames(args.context),
        shared: args.discovery === undefined ? [] : [args.discovery],
      },
      { parent: this },
    );
    this.url = container.url;
    this.registerOutputs({ url: this.url });
  }
}

/** Host names for programs on the host; Docker Desktop resolves its own. */
function hostNames({ settings, machine }: LabContext): { host: string; ip: string }[] {
  const names = [
    ...(machine.native ? ["host.docker.internal"] : []),
    ...(settings.nodeExporterNetwork === "host" ? ["node_exporter"] : []),
  ];
  return names.map((host) => ({ host, ip: settings.gateway }));
}

/**
 * Prometheus' files; the content of those with credentials is an output.
 *
 * @param programs Those that require the password.
 */
export function prometheusFiles(
  settings: Settings,
  alertmanager: string | undefined,
  programs: ReadonlySet<string> = new Set(),
  password?: pulumi.Output<string>,
): readonly ConfigFile[] {
  return [
    { file: PROMETHEUS_CONFIG, content: renderPrometheusConfig(settings, alertmanager, programs) },
    ...alertRules(),
    ...remoteWriteSecrets(settings),
    ...extraTargetSecrets(settings),
    ...(password === undefined ? [] : [{ file: WEB_PASSWORD_FILE, content: password }]),
  ];
}

/** The text of prometheus.yml; `programs` are those that require the password. */
export function renderPrometheusConfig(
  settings: Settings,
  alertmanager?: string,
  programs: ReadonlySet<string> = new Set(),
): string {
  const alerting = {
    alertmanagers: [{ ...renderBasicAuth(programs, "alertmanager"), static_configs: [{ targets: [alertmanager] }] }],
  };
  return stringify({
    global: {
      scrape_interval: settings.scrapeInterval,
      evaluation_interval: settings.scrapeInterval,
      external_labels: {
        lab: labName(settings.namePrefix),
        // the rules are the same in every lab, and link to its dashboards
        grafana_url: urlOn(settings.bindAddress, settings.grafana.port),
      },
    },
    // looked up beside this file
    rule_files: [`*${RULES}`],
    ...(alertmanager === undefined ? {} : { alerting }),
    scrape_configs: scrapeConfigs(settings, alertmanager, programs),
    ...renderRemoteWrite(settings),
  });
}

/** Services whose scrape jobs are declared below, as they depend on other settings. */
const WITH_DECLARED_JOBS: ReadonlySet<ServiceKey> = new Set([
  "prometheus",
  "nodeExporter",
  "cadvisor",
  "pushgateway",
  "alertmanager",
]);

function scrapeConfigs(
  settings: Settings,
  alertmanager: string | undefined,
  programs: ReadonlySet<string>,
): readonly object[] {
  // in the host's network node_exporter has the published port, on the lab's network its own
  const nodeExporterPort = settings.nodeExporterNetwork === "host" ? settings.nodeExporter.port : undefined;
  const signIn = (program: string): object => renderBasicAuth(programs, program);
  return [
    ...(settings.engine === "swarm"
      ? [
          nodeJob(settings, "linux_host", SERVICES.nodeExporter),
          nodeJob(settings, "docker_containers", SERVICES.cadvisor),
          ...extraServiceJobs(settings),
        ]
      : [
          // the same instance in both networks, so that dashboards do not select a stale one
          {
            ...job("linux_host", [target("nodeExporter", nodeExporterPort)], { instance: "node_exporter" }),
            ...signIn("node_exporter"),
          },
          job("docker_containers", [target("cadvisor")]),
        ]),
    ...pushgatewayJobs(jobNames(settings), recordedMetrics(alertRules())).map(({ job_name: name, ...rules }) => ({
      ...job(name, [target("pushgateway")]),
      ...signIn("pushgateway"),
      ...rules,
    })),
    job("flask_app", [`host.docker.internal:${String(settings.flaskPort)}`]),
    // Prometheus' own metrics, such as its number of series
    { ...job("prometheus", [`localhost:${String(PORT)}`]), ...signIn("prometheus") },
    ...(alertmanager === undefined ? [] : [{ ...job("alertmanager", [alertmanager]), ...signIn("alertmanager") }]),
    ...servicesOf(settings).flatMap((key) => {
      const { jobs = [], scrapeConfig, hostname }: Service = SERVICES[key];
      return WITH_DECLARED_JOBS.has(key)
        ? []
        : jobs.map((name) => ({ ...(scrapeConfig?.(settings) ?? job(name, [target(key)])), ...signIn(hostname) }));
    }),
    ...extraTargetJobs(settings),
  ];
}

/** The names of all scrape jobs of the lab, including that of an Alertmanager. */
function jobNames({ extraScrapeTargets, extraScrapeServices }: Settings): readonly string[] {
  return [...OWN_JOBS, ...[...extraScrapeTargets, ...extraScrapeServices].map(({ job: name }) => name)];
}

/** `host:port` of a service as seen from the lab's network. */
function target(key: ServiceKey, port: number = SERVICES[key].port): string {
  return `${SERVICES[key].hostname}:${String(port)}`;
}

function job(name: string, targets: readonly string[], labels?: Readonly<Record<string, string>>): object {
  return { job_name: name, static_configs: [{ targets, ...(labels === undefined ? {} : { labels }) }] };
}
