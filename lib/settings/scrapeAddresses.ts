import { isDeepStrictEqual } from "node:util";
import { isObject } from "../shared/isObject";
import { isIPv6, isLoopback, NO_IPV6 } from "../shared/names";
import { MAX_PORT, SettingsReader } from "./reader";

type Entry = Readonly<Record<string, unknown>>;

/** Discoveries with a field whose default is on loopback or in a cluster, with an example. */
const NEEDED = [
  ["consul_sd_configs", "server", "consul.example.org:8500"],
  ["nomad_sd_configs", "server", "http://nomad.example.org:4646"],
  ["kubernetes_sd_configs", "api_server", "https://kubernetes.example.org:6443"],
] as const;
const HOST_PORT = /^[\w.-]+:(\d{1,5})$/;
const OWN_LOOPBACK = "is a loopback address, which in Prometheus' container is the container itself";
const THIS_MACHINE = "for this machine; on Linux the program must listen on the lab's gateway, too";

/** Reports a discovery whose default address no lab has. */
export function checkDefaults(read: SettingsReader, place: string, entry: Entry): void {
  for (const [discovery, field, example] of NEEDED) {
    const configs = Array.isArray(entry[discovery]) ? (entry[discovery] as unknown[]) : [];
    configs.filter(isObject).forEach((config, index) => {
      if ((config[field] ?? undefined) === undefined) {
        const problem = `needs ${field}: the default is in Prometheus' own container`;
        read.addProblem(`${place}.${discovery}[${String(index)}]`, undefined, problem, `write it as ${example}`);
      }
    });
  }
}

/** Reports problems of an entry's targets, labels and relabelled addresses. */
export function checkTargets(read: SettingsReader, place: string, entry: Entry): void {
  const { targets, labels } = entry;
  const rules = addressRules(entry);
  const addresses = rules.map(({ address }) => address.replace(/:\$(\d|\{\d\})$/, ":1"));
  for (const address of addresses.filter(isLoopbackAddress)) {
    const problem =
      "relabels __address__ to a loopback address, which in Prometheus' container is the container itself";
    const fix = `write host.docker.internal${portOf(address)} ${THIS_MACHINE}`;
    read.addProblem(`${place}.relabel_configs`, address, problem, fix);
  }
  for (const address of addresses.filter(isIPv6)) {
    read.addProblem(`${place}.relabel_configs`, address, ...NO_IPV6);
  }
  const discovered = Object.keys(entry).some((field) => field.endsWith("_sd_configs"));
  if (targets === undefined && discovered) {
    if (labels !== undefined) {
      const fix = "set them by relabel_configs: [{target_label: team, replacement: shop}]";
      read.addProblem(place, entry, "has labels but no targets to add them to", fix);
    }
    return;
  }
  if (!isTexts(targets) || targets.length === 0) {
    const fix = 'write targets: ["host.docker.internal:8000"]';
    read.addProblem(place, entry, "needs targets as a list of host:port", fix);
    return;
  }
  // for exporters that probe others, such as blackbox and SNMP, targets are what to probe
  const plain = rules.every(({ keepsHost }) => keepsHost) ? targets : [];
  const addsPort = addresses.some((address) => portOf(address) !== "");
  plain.forEach((target, index) => {
    const wrong = addsPort && !isLoopbackAddress(target) ? undefined : targetProblem(target);
    if (wrong !== undefined) {
      const shown = target.includes("@") ? undefined : target;
      read.addProblem(`${place}.targets[${String(index)}]`, shown, ...wrong);
    }
  });
  if (labels !== undefined && !(isObject(labels) && isTexts(Object.values(labels)))) {
    const fix = 'write labels: {team: "shop"}; set a number with make config and --type string';
    read.addProblem(place, entry, "has labels that are not a map of strings", fix);
  }
}

/** A rule of an entry's relabelling that sets the address. */
interface AddressRule {
  readonly address: string;
  /** Whether it is the target's host, perhaps with a port that is added. */
  readonly keepsHost: boolean;
}

function addressRules({ relabel_configs: rules }: Entry): readonly AddressRule[] {
  return (Array.isArray(rules) ? (rules as unknown[]) : [])
    .filter(isObject)
    .filter(({ target_label: label }) => label === "__address__")
    .map(({ replacement = "$1", regex, source_labels: sources }) => {
      const address = typeof replacement === "string" ? replacement : "";
      const whole = regex === undefined && isDeepStrictEqual(sources, ["__address__"]);
      return { address, keepsHost: whole && /^\$(1|\{1\})(:\d+)?$/.test(address) };
    });
}

function targetProblem(target: string): readonly [problem: string, fix: string] | undefined {
  if (target.includes("@")) {
    return ["holds credentials", "write host:port, and the credentials as basic_auth"];
  }
  if (isLoopbackAddress(target)) {
    return [OWN_LOOPBACK, `write host.docker.internal${portOf(target)} ${THIS_MACHINE}`];
  }
  if (isIPv6(target)) {
    return NO_IPV6;
  }
  const port = Number(HOST_PORT.exec(target)?.[1] ?? 0);
  return port >= 1 && port <= MAX_PORT && URL.canParse(`http://${target}`)
    ? undefined
    : ["is not host:port", "write it as example.org:443, and what else its URL has as scheme, metricsPath and params"];
}

/** Whether an address, with or without a scheme, is a loopback address. */
function isLoopbackAddress(address: string): boolean {
  return isLoopback(`http://${address.replace(/^[a-z][a-z\d+.-]*:\/\//i, "")}`);
}

function portOf(address: string): string {
  return /:\d+$/.exec(address)?.[0] ?? "";
}

/** Reports an address that Prometheus' container cannot reach. */
export function checkAddress(read: SettingsReader, name: string, address: string): void {
  if (address.startsWith("unix:")) {
    const fix = "list the targets, or use http_sd_configs";
    read.addProblem(name, address, "is a socket, which Prometheus' container cannot reach", fix);
  } else if (isLoopbackAddress(address)) {
    read.addProblem(name, address, OWN_LOOPBACK, `write host.docker.internal ${THIS_MACHINE}`);
  } else if (isIPv6(address)) {
    read.addProblem(name, address, ...NO_IPV6);
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((it) => typeof it === "string");
}
