import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import { PROBE_MODULES } from "../../lib/settings/probes";
import { LabContainer } from "../container/labContainer";
import { CONFIG_FOLDER, specOf } from "../container/spec";
import { ComponentArgs } from "../context";

const CONFIG = "blackbox.yml";

/** The blackbox exporter, which probes the targets of `probes` at every scrape. */
export class BlackboxExporter extends pulumi.ComponentResource {
  constructor(name: string, { context }: ComponentArgs, options?: pulumi.ComponentResourceOptions) {
    super("observability-lab:monitoring:BlackboxExporter", name, {}, options);
    const { settings, machine } = context;
    new LabContainer(
      name,
      {
        context,
        ...specOf("blackboxExporter", settings),
        healthPath: "/-/healthy",
        // root in the official image; an echo request needs no privilege, as Docker's ping_group_range holds every group
        user: "65534:65534",
        command: [`--config.file=${CONFIG_FOLDER}/${CONFIG}`],
        uploads: [{ file: CONFIG, content: renderBlackboxConfig() }],
        hosts: machine.native ? [{ host: "host.docker.internal", ip: settings.gateway }] : [],
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

/** The text of blackbox.yml: the default prefers IPv6, which the lab's network lacks. */
export function renderBlackboxConfig(): string {
  const ipv4 = { preferred_ip_protocol: "ip4", ip_protocol_fallback: false };
  return stringify({
    modules: {
      [PROBE_MODULES.url]: { prober: "http", http: ipv4 },
      [PROBE_MODULES.tcp]: { prober: "tcp", tcp: ipv4 },
      [PROBE_MODULES.ping]: { prober: "icmp", icmp: ipv4 },
    },
  });
}
