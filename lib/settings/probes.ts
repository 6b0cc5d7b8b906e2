import { isIPv4, isIPv6 } from "node:net";
import { isLoopback, NO_IPV6 } from "../shared/names";
import { MAX_PORT, SettingsReader } from "./reader";

/** A target that the blackbox exporter probes at every scrape; exactly one field is set. */
export interface Probe {
  /** An http or https URL without credentials; the probe succeeds on a status of 200 to 299. */
  readonly url?: string;
  /** `host:port` that accepts a connection. */
  readonly tcp?: string;
  /** Host name or IPv4 address that answers an ICMP echo request. */
  readonly ping?: string;
}

const KINDS = ["url", "tcp", "ping"] as const;

/** The blackbox exporter's module for each kind of probe. */
export const PROBE_MODULES = { url: "http_2xx", tcp: "tcp_connect", ping: "icmp" } as const;

/** The entries of a setting that lists probes. */
export function readProbes(read: SettingsReader, setting: string): readonly Probe[] {
  const entries = read.list(setting, KINDS);
  const targets = new Set<unknown>();
  entries.forEach((entry, index) => {
    const [kind, ...others] = KINDS.filter((it) => entry[it] !== undefined);
    if (kind === undefined || others.length > 0) {
      const fix = 'write {url: "https://example.org"}, {tcp: "db.example.org:5432"} or {ping: "192.0.2.1"}';
      read.addProblem(`${setting}[${String(index)}]`, entry, "needs exactly one of url, tcp and ping", fix);
      return;
    }
    const [place, target] = [`${setting}[${String(index)}].${kind}`, entry[kind]];
    const wrong = CHECKS[kind](target);
    if (wrong !== undefined) {
      // an invalid URL may contain credentials, too
      read.addProblem(place, String(target).includes("@") ? undefined : target, ...wrong);
    } else if (targets.has(target)) {
      read.addProblem(place, target, "is probed by another entry too", "keep one of them");
    }
    targets.add(target);
  });
  return entries;
}

type Wrong = readonly [problem: string, fix: string] | undefined;

const CHECKS: Readonly<Record<(typeof KINDS)[number], (target: unknown) => Wrong>> = {
  url: (url) => {
    if (typeof url !== "string" || !/^https?:\/\/\S+$/.test(url) || !URL.canParse(url)) {
      return ["is not an http or https URL", "write it as https://example.org/path"];
    }
    const { username, password, hostname } = new URL(url);
    return username !== "" || password !== ""
      ? ["holds credentials, which every label and page would show", "probe a page that requires none"]
      : hostProblem(hostname);
  },
  tcp: (target) => {
    const [, host, port] = /^(\[.*\]|[^:]+):(\d{1,5})$/.exec(typeof target === "string" ? target : "") ?? [];
    return host === undefined || Number(port) < 1 || Number(port) > MAX_PORT
      ? ["is not host:port, with a host name or an IPv4 address", "write it as db.example.org:5432"]
      : hostProblem(host);
  },
  ping: (host) =>
    typeof host === "string" ? hostProblem(host) : ["is not a host name", "write it as db.example.org or 192.0.2.1"],
};

/** Why a host cannot be probed from the lab's containers. */
function hostProblem(host: string): Wrong {
  if (URL.canParse(`http://${host}`) && isLoopback(`http://${host}`)) {
    return ["is the loopback of the blackbox exporter's own container", "write host.docker.internal for this machine"];
  }
  if (host.startsWith("[") || isIPv6(host)) {
    return NO_IPV6;
  }
  const valid = /^[\d.]+$/.test(host) ? isIPv4(host) : /^\w([\w.-]*\w)?\.?$/.test(host);
  return valid ? undefined : ["is not a host name", "write it as db.example.org or 192.0.2.1"];
}

/** The scrape job of the probes, with the relabelling of https://github.com/prometheus/blackbox_exporter#prometheus-configuration. */
export function probeScrapeConfig(probes: readonly Probe[], exporter: string): object {
  return {
    job_name: "probes",
    metrics_path: "/probe",
    static_configs: KINDS.map((kind) => ({
      targets: probes.flatMap((probe) => probe[kind] ?? []),
      labels: { __param_module: PROBE_MODULES[kind] },
    })).filter(({ targets }) => targets.length > 0),
    relabel_configs: [
      { source_labels: ["__address__"], target_label: "__param_target" },
      { source_labels: ["__param_target"], target_label: "instance" },
      { target_label: "__address__", replacement: exporter },
    ],
  };
}
