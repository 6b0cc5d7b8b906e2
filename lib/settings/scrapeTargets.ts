import { setAsSecret, SettingsReader } from "./reader";
import { checkAddress, checkDefaults, checkTargets } from "./scrapeAddresses";
import { BEARER, isInlineOnly, isInlineSecret, isSecretField, WITH_BEARER } from "./secretFields";
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
const OTHER_FIELDS = /^[a-z0-9]+(_[a-z0-9]+)+$|^(scheme|params|authorization|oauth2)$/;
/** Fields with addresses that Prometheus connects to: of discoveries, proxies and token servers. */
const ADDRESS_FIELD = /(^|_)(url|servers?|host|endpoint|names)$/;
/** Fields whose keys the user chooses, without secrets that Prometheus would hide. */
export const OPAQUE: readonly string[] = ["params", "labels", "relabel_configs", "metric_relabel_configs"];

/** A value in an entry, with its path of field names and list indices. */
interface Part {
  readonly path: readonly (string | number)[];
  readonly value: unknown;
  /** The object or list that it is in. */
  readonly holder: unknown;
}

/** The entries of a setting that lists scrape jobs. */
export function readScrapeTargets(read: SettingsReader, setting: string): readonly ScrapeTarget[] {
  const entries = read.list(setting, OWN_FIELDS, { others: OTHER_FIELDS, renamed: REPLACED });
  const jobs = new Set(OWN_JOBS);
  entries.forEach((entry, index) => {
    const place = `${setting}[${String(index)}]`;
    checkJob(read, place, entry, jobs);
    checkTargets(read, place, entry);
    checkDefaults(read, place, entry);
    for (const part of partsOf(entry).filter(({ path: [field] }) => isField(String(field)))) {
      checkPart(read, place, part);
    }
  });
  return entries as unknown as readonly ScrapeTarget[];
}

function isField(name: string): boolean {
  return (OWN_FIELDS as readonly string[]).includes(name) || OTHER_FIELDS.test(name);
}

/** Reports a secret in plain text, a file that no container has, and a field that another one replaces. */
function checkPart(read: SettingsReader, place: string, { path, value, holder }: Part): void {
  const field = path.at(-1);
  const name = path.reduce<string>(
    (text, it) => text + (typeof it === "number" ? `[${String(it)}]` : /^\w+$/.test(it) ? `.${it}` : `["${it}"]`),
    place,
  );
  if (typeof value === "string" && /\/\/[^/?#\s]*@/.test(value)) {
    const fix = field === "proxy_url" ? "use a proxy that requires none" : "give them as basic_auth";
    read.addProblem(name, undefined, "holds credentials, which everybody could read", fix);
    return;
  }
  if (typeof field !== "string") {
    return;
  }
  const instead = path.length === 1 ? REPLACED[field] : undefined;
  if (instead !== undefined) {
    read.addProblem(name, undefined, "is not a field of an entry", `write it as ${instead}`);
  } else if (isInlineSecret(path) && value !== null) {
    const fix = path.includes("consul_sd_configs")
      ? "write a token as authorization: {credentials: …} of the discovery, and a password as basic_auth"
      : "leave it out, and use a discovery or a proxy that requires none";
    read.addProblem(name, undefined, "is a secret that Prometheus accepts only in plain text", fix);
  } else if (isSecretField(field) && (typeof value !== "object" || Array.isArray(value))) {
    if (!read.isSecret(place)) {
      read.addProblem(name, undefined, "is in plain text", setAsSecret(`${name}${Array.isArray(value) ? "[0]" : ""}`));
    } else if (!(Array.isArray(value) ? value : [value]).every((it) => isSecretText(it, field))) {
      const fix = "set another one, a number with --type string";
      read.addProblem(name, undefined, "must be text without spaces around it", fix);
    } else if (typeof value === "string" && BEARER.test(value) && sendsBearer(field, holder)) {
      read.addProblem(name, undefined, ...WITH_BEARER);
    }
  } else if (field === "scheme" && path.length === 1 && !(typeof value === "string" && /^https?$/i.test(value))) {
    read.addProblem(name, value, "is not http or https", "write one of these");
  } else if (field === "proxy_url" && typeof value === "string" && !/^(https?|socks5h?):\/\//i.test(value)) {
    read.addProblem(name, value, "has no scheme of a proxy", "write it as http://proxy.example.org:3128");
  } else if (
    path.at(-2) === "tls_config" &&
    /^(ca|cert)$/.test(field) &&
    typeof value === "string" &&
    /^[./~]|\.(pem|crt|cer)$/.test(value)
  ) {
    read.addProblem(
      name,
      undefined,
      "is a path, but your files are not in Prometheus' container",
      "write the file's content",
    );
  } else if (field === "proxy_from_environment" && value === true) {
    const fix = 'write proxy_url: "http://proxy.example.org:3128", and no_proxy for exceptions';
    read.addProblem(name, value, "reads variables that Prometheus' container does not have", fix);
  } else if (/(_file|_file_path|_key_path|^files|^file_sd_configs)$/.test(field)) {
    read.addProblem(
      name,
      undefined,
      "names a file, but your files are not in Prometheus' container",
      insteadOfFile(path),
    );
  } else if (ADDRESS_FIELD.test(field)) {
    for (const address of [value].flat().filter((it) => typeof it === "string")) {
      checkAddress(read, name, address);
    }
  }
}

/** Whether Prometheus sends a secret behind the word Bearer. */
function sendsBearer(field: string, holder: unknown): boolean {
  const { type = "Bearer" } = holder as { type?: unknown };
  return field === "bearer_token" || (field === "credentials" && /^bearer$/i.test(String(type)));
}

/** The remedy for a field that names a file. */
function insteadOfFile(path: Part["path"]): string {
  const field = String(path.at(-1));
  if (field === "scrape_failure_log_file") {
    return "leave it out";
  }
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

/** Every value in an entry at every depth, outermost first. */
function partsOf(value: unknown, path: readonly (string | number)[] = []): readonly Part[] {
  const inner: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
    ? value.map((item: unknown, index) => [index, item] as const)
    : typeof value === "object" && value !== null
      ? Object.entries(value).filter(([field]) => path.length > 0 || !OPAQUE.includes(field))
      : [];
  return inner.flatMap(([key, item]) => [
    { path: [...path, key], value: item, holder: value },
    ...partsOf(item, [...path, key]),
  ]);
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
    read.addProblem(
      place,
      entry,
      `uses the job ${job}, which another entry or the lab has`,
      "give the entry its own job",
    );
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

/** Whether a text is unchanged after Prometheus has read it from a file, which it trims unless it is a key. */
function isSecretText(value: unknown, field: string): boolean {
  return typeof value === "string" && value.trim() !== "" && (field === "key" || value.trim() === value);
}
