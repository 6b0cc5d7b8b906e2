import { isObject } from "../shared/isObject";
import { isIPv6, isLoopback, NO_IPV6 } from "../shared/names";
import { MAX_PORT, setAsSecret, SettingsReader } from "./reader";
import { isInlineOnly, isInlineSecret, isSecretField } from "./secretFields";
import { OWN_JOBS } from "./services";

/** An additional scrape job. */
export interface ScrapeTarget {
  /** Value of the label `job`. */
  readonly job: string;
  /** `host:port` of each target as the lab's containers reach it; required without a service discovery. */
  readonly targets?: readonly string[];
  /** Labels of these targets. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Path of the metrics; Prometheus' own default is `/metrics`. */
  readonly metricsPath?: string;
  /**
   * Any other field of a scrape_config under its Prometheus name; checked by `promtool`.
   * https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config
   */
  readonly [field: string]: unknown;
}

const OWN_FIELDS = ["job", "targets", "labels", "metricsPath"] as const;
/** Fields of scrape_config that the fields above replace. */
const REPLACED: Readonly<Record<string, string>> = {
  job_name: "job",
  metrics_path: "metricsPath",
  static_configs: "targets and labels",
};
const HOST_PORT = /^[\w.-]+:(\d{1,5})$/;
/** Fields with addresses that Prometheus connects to: of discoveries, proxies and token servers. */
const ADDRESS_FIELD = /(^|_)(url|servers?|host|endpoint|names)$/;
const OWN_LOOPBACK = "is the loopback of Prometheus' own container";
const THIS_MACHINE = "for this machine; on Linux the program must listen on the lab's gateway, too";
/** Fields whose keys the user chooses, without secrets that Prometheus would hide. */
export const OPAQUE: readonly string[] = ["params", "labels", "relabel_configs", "metric_relabel_configs"];

/** A value in an entry, with its path of field names and list indices. */
interface Part {
  readonly path: readonly (string | number)[];
  readonly value: unknown;
}

/** The entries of a setting that lists scrape jobs. */
export function readScrapeTargets(read: SettingsReader, setting: string): readonly ScrapeTarget[] {
  const entries = read.list(setting, OWN_FIELDS, {
    others: /^[a-z0-9]+(_[a-z0-9]+)+$|^(scheme|params|authorization|oauth2)$/,
  });
  const jobs = new Set(OWN_JOBS);
  entries.forEach((entry, index) => {
    const place = `${setting}[${String(index)}]`;
    checkJob(read, place, entry, jobs);
    checkTargets(read, place, entry);
    for (const part of partsOf(entry)) {
      checkPart(read, place, part);
    }
  });
  return entries as unknown as readonly ScrapeTarget[];
}

function checkTargets(read: SettingsReader, place: string, entry: Readonly<Record<string, unknown>>): void {
  const { targets, labels } = entry;
  const addresses = relabelledAddresses(entry);
  for (const address of addresses.filter(isLoopbackAddress)) {
    const problem = "relabels __address__ to the loopback of Prometheus' own container";
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
      read.addProblem(place, entry, "has labels, which are for targets, and no targets", fix);
    }
    return;
  }
  if (!isTexts(targets) || targets.length === 0) {
    const fix = 'write targets: ["host.docker.internal:8000"]';
    read.addProblem(place, entry, "needs targets as a list of host:port", fix);
    return;
  }
  // for exporters that probe others, such as blackbox and SNMP, targets are what to probe
  const plain = addresses.length > 0 ? [] : targets;
  plain.forEach((target, index) => {
    const wrong = targetProblem(target);
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

/** What an entry's relabelling sets as the address. */
function relabelledAddresses({ relabel_configs: rules }: Readonly<Record<string, unknown>>): readonly string[] {
  return (Array.isArray(rules) ? (rules as unknown[]) : [])
    .filter(isObject)
    .filter((rule) => rule.target_label === "__address__")
    .map(({ replacement }: { replacement?: unknown }) => (typeof replacement === "string" ? replacement : ""));
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

/** Reports a secret in plain text, a file that no container has, and a field that another one replaces. */
function checkPart(read: SettingsReader, place: string, { path, value }: Part): void {
  const field = path.at(-1);
  const name = path.reduce<string>(
    (text, it) => text + (typeof it === "number" ? `[${String(it)}]` : /^\w+$/.test(it) ? `.${it}` : `["${it}"]`),
    place,
  );
  if (typeof value === "string" && /\/\/[^/\s]*@/.test(value)) {
    read.addProblem(name, undefined, "holds credentials, which everybody could read", "give them as basic_auth");
    return;
  }
  if (typeof field !== "string") {
    return;
  }
  const instead = path.length === 1 ? REPLACED[field] : undefined;
  if (instead !== undefined) {
    read.addProblem(name, undefined, "is not a field of an entry", `write it as ${instead}`);
  } else if (isInlineSecret(path) && value !== null) {
    const fix = "leave it out, and use a discovery or a proxy that requires none";
    read.addProblem(name, undefined, "is a secret that Prometheus accepts only in plain text", fix);
  } else if (isSecretField(field) && (typeof value !== "object" || Array.isArray(value))) {
    if (!read.isSecret(place)) {
      read.addProblem(name, undefined, "is in plain text", setAsSecret(`${name}${Array.isArray(value) ? "[0]" : ""}`));
    } else if (!(Array.isArray(value) ? value : [value]).every((it) => isSecretText(it, field))) {
      const fix = "set another one, a number with --type string";
      read.addProblem(name, undefined, "must be text without spaces around it", fix);
    }
  } else if (field === "proxy_from_environment" && value === true) {
    const fix = 'write proxy_url: "http://proxy.example.org:3128", and no_proxy for exceptions';
    read.addProblem(name, value, "reads variables that Prometheus' container does not have", fix);
  } else if (/(_file|_file_path|_key_path|^files|^file_sd_configs)$/.test(field)) {
    read.addProblem(
      name,
      undefined,
      "names a file, and Prometheus' container has none but the lab's",
      insteadOfFile(path),
    );
  } else if (ADDRESS_FIELD.test(field)) {
    for (const address of [value].flat().filter((it) => typeof it === "string")) {
      checkAddress(read, name, address);
    }
  }
}

/** The remedy for a field that names a file. */
function insteadOfFile(path: Part["path"]): string {
  const field = String(path.at(-1));
  if (field === "kubeconfig_file") {
    return "set api_server, authorization and tls_config";
  }
  if (field === "files" && path.includes("http_headers")) {
    return "write its content as secrets";
  }
  if (!field.endsWith("_file")) {
    return field.startsWith("file") ? "list the targets, or use http_sd_configs" : "leave it out";
  }
  return isInlineOnly(field.replace(/_file$/, ""))
    ? "leave it out, and use a discovery or a proxy that requires none"
    : "write its content in the field without _file, or leave it out";
}

/** Reports an address that Prometheus' container cannot reach. */
function checkAddress(read: SettingsReader, name: string, address: string): void {
  if (address.startsWith("unix:")) {
    const fix = "list the targets, or use http_sd_configs";
    read.addProblem(name, address, "names a socket, and Prometheus' container has none", fix);
  } else if (isLoopbackAddress(address)) {
    read.addProblem(name, address, OWN_LOOPBACK, `write host.docker.internal ${THIS_MACHINE}`);
  } else if (isIPv6(address)) {
    read.addProblem(name, address, ...NO_IPV6);
  }
}

/** Every value in an entry at every depth, outermost first. */
function partsOf(value: unknown, path: readonly (string | number)[] = []): readonly Part[] {
  const inner: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
    ? value.map((item: unknown, index) => [index, item] as const)
    : typeof value === "object" && value !== null
      ? Object.entries(value).filter(([field]) => path.length > 0 || !OPAQUE.includes(field))
      : [];
  return inner.flatMap(([key, item]) => [{ path: [...path, key], value: item }, ...partsOf(item, [...path, key])]);
}

/** Reports problems of an entry's job and metricsPath. */
export function checkJob(read: SettingsReader, place: string, entry: object, jobs: Set<string>): void {
  const { job, metricsPath } = entry as Record<string, unknown>;
  if (job === undefined || job === "") {
    read.addProblem(place, entry, "has no job", "give it one, such as job: my_app");
  } else if (typeof job !== "string") {
    const fix = "write it in quotes, or set it with --type string";
    read.addProblem(place, entry, "has a job that is not a string", fix);
  } else if (jobs.has(job)) {
    read.addProblem(place, entry, `names the job ${job} again`, "give each entry a job of its own");
  } else {
    jobs.add(job);
  }
  if (metricsPath !== undefined && !(typeof metricsPath === "string" && metricsPath.startsWith("/"))) {
    read.addProblem(place, entry, "has a metricsPath that is not a path", "start it with /, or leave it out");
  } else if (metricsPath?.includes("?")) {
    const fix = "write what follows it as params, such as params: {format: [prometheus]}";
    read.addProblem(place, entry, "has a metricsPath with a ?, which Prometheus would escape", fix);
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((it) => typeof it === "string");
}

/** Whether a text is unchanged after Prometheus has read it from a file, which it trims unless it is a key. */
function isSecretText(value: unknown, field: string): boolean {
  return typeof value === "string" && value.trim() !== "" && (field === "key" || value.trim() === value);
}
