import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import { Machine, needsHostNetwork } from "../../lib/docker/machine";
import { alertReceiver, GROUP_INTERVAL, Integration, integrationOf, postUrl } from "../../lib/settings/alertReceivers";
import { SERVICES } from "../../lib/settings/services";
import { Settings } from "../../lib/settings/settings";
import { connectHost, isLoopback, urlOn } from "../../lib/shared/names";
import { LabContainer } from "../container/labContainer";
import { CONFIG_FOLDER, ConfigFile, specOf } from "../container/spec";
import { ComponentArgs } from "../context";

export interface AlertmanagerArgs extends ComponentArgs {
  /** URL of a webhook or a chat to which every alert is posted; it may contain a token. */
  readonly webhook: string;
}

/** Its configuration, in `CONFIG_FOLDER`. */
export const ALERTMANAGER_CONFIG = "alertmanager.yml";
const { port: PORT, data } = SERVICES.alertmanager;
/** File with the URL, which must not be in the configuration, as Alertmanager's API shows it. */
const URL_FILE = "webhook_url";
/** Not forwarded: it only proves that alerts reach Alertmanager. */
const WATCHDOG = 'alertname="Watchdog"';
/** Summary and description, which Slack's default omits; the others list them with all labels. */
const SLACK_TEXT =
  '{{ range .Alerts }}{{ if eq .Status "resolved" }}Resolved: {{ end }}' +
  '{{ .Annotations.summary }} {{ .Annotations.dashboard }}{{ "\\n" }}{{ end }}';

/** Field of each receiver with its URL, https://prometheus.io/docs/alerting/latest/configuration/ */
const RECEIVERS: Readonly<Record<Integration, (file: string) => object>> = {
  webhook: (file) => ({ url_file: file }),
  slack: (file) => ({ api_url_file: file, message_text: SLACK_TEXT }),
  discord: (file) => ({ webhook_url_file: file }),
  msteamsv2: (file) => ({ webhook_url_file: file }),
};

/** Alertmanager, which posts the alerts of Prometheus to a webhook or a chat; a volume keeps its silences. */
export class Alertmanager extends pulumi.ComponentResource {
  /** URL as seen from the host. */
  readonly url: string;
  /** `host:port` as seen from the lab's network. */
  readonly target: string;
  /** Which receiver gets the alerts. */
  readonly receiver: Integration | "nobody";

  constructor(name: string, args: AlertmanagerArgs, options?: pulumi.ComponentResourceOptions) {
    super("observability-lab:monitoring:Alertmanager", name, {}, options);
    const { settings, machine, network } = args.context;
    const inHostNetwork = needsHostNetwork(args.webhook, machine);
    const container = new LabContainer(
      name,
      {
        context: args.context,
        ...specOf("alertmanager", settings),
        healthPath: "/-/ready",
        command: alertmanagerFlags(settings, inHostNetwork),
        uploads: alertmanagerFiles(args.webhook, machine),
        ...(inHostNetwork
          ? { hostAddress: connectHost(settings.bindAddress) }
          : { hosts: machine.native ? [{ host: "host.docker.internal", ip: settings.gateway }] : [] }),
      },
      // in the host's network it listens on the gateway, which exists once the network does
      { parent: this, dependsOn: network },
    );
    this.url = container.url;
    this.target = alertmanagerTarget(settings, args.webhook, machine);
    this.receiver = alertReceiver(args.webhook);
    this.registerOutputs({ url: this.url });
  }
}

/** The files that Alertmanager reads; the content of the one with the URL is an output. */
export function alertmanagerFiles(webhook: string, machine: Machine): readonly ConfigFile[] {
  return [
    { file: ALERTMANAGER_CONFIG, content: renderAlertmanagerConfig(webhook) },
    { file: URL_FILE, content: pulumi.secret(urlFromContainer(postUrl(webhook), machine)) },
  ];
}

/** `host:port` of Alertmanager as seen from the lab's network. */
export function alertmanagerTarget({ gateway, alertmanager }: Settings, webhook: string, machine: Machine): string {
  return needsHostNetwork(webhook, machine)
    ? `${gateway}:${String(alertmanager.port)}`
    : `alertmanager:${String(PORT)}`;
}

/** The text of alertmanager.yml for alerts that go to a webhook or a chat; its URL is not in it. */
export function renderAlertmanagerConfig(webhook: string): string {
  const integration = integrationOf(webhook);
  const receiver = { ...RECEIVERS[integration](`${CONFIG_FOLDER}/${URL_FILE}`), send_resolved: true };
  return stringify({
    route: {
      receiver: "webhook",
      group_by: ["alertname"],
      // soon, but together with alerts of the same cause
      group_wait: "10s",
      group_interval: GROUP_INTERVAL,
      repeat_interval: "4h",
      routes: [{ receiver: "nobody", matchers: [WATCHDOG] }],
    },
    receivers: [{ name: "webhook", [`${integration}_configs`]: [receiver] }, { name: "nobody" }],
  });
}

/** The webhook as the container reaches it: Docker Desktop has a name for the loopback of the host. */
export function urlFromContainer(webhook: string, { native }: Machine): string {
  if (native || !isLoopback(webhook)) {
    return webhook;
  }
  const url = new URL(webhook);
  url.hostname = "host.docker.internal";
  return url.href;
}

function alertmanagerFlags({ alertmanager, bindAddress, gateway }: Settings, inHostNetwork: boolean): string[] {
  const host = connectHost(bindAddress);
  const addresses = inHostNetwork
    ? [host, gateway].map((address) => `${address}:${String(alertmanager.port)}`)
    : [`:${String(PORT)}`];
  return [
    `--config.file=${CONFIG_FOLDER}/${ALERTMANAGER_CONFIG}`,
    `--storage.path=${data.path}`,
    // a single instance needs no cluster port
    "--cluster.listen-address=",
    `--web.external-url=${urlOn(bindAddress, alertmanager.port)}`,
    ...addresses.map((address) => `--web.listen-address=${address}`),
  ];
}
