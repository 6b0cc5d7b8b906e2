import { isLoopback } from "../shared/names";
import { MAX_PORT, SettingsReader } from "./reader";
import { SECRET_FIELDS } from "./secretFields";
import { OWN_JOBS } from "./services";

/** One more job for Prometheus. */
export interface ScrapeTarget {
  /** Value of the label `job`. */
  readonly job: string;
  /** `host:port` of each target, as a container of the lab reaches it; of a job without a discovery at least one. */
  readonly targets?: readonly string[];
  /** Labels of these targets. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Path of the metrics; Prometheus' own default is `/metrics`. */
  readonly metricsPath?: string;
  /**
   * Whatever else a scrape_config has, by Prometheus' own names, which `promtool` judges.
   * https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config
   */
  readonly [field: string]: unknown;
}

const OWN_FIELDS = ["job", "targets", "labels", "metricsPath"] as const;
/** What the fields above stand for. */
const REPLACED: Readonly<Record<string, string>> = {
  job_name: "job",
  metrics_path: "metricsPath",
  static_configs: "targets and labels",
};
const HOST_PORT = /^(\[[0-9a-fA-F:]+\]|[\w.-]+):(\d{1,5})$/;
/** Fields that have names of the target's own in them, and no secrets that Prometheus would hide. */
export const OPAQUE: readonly string[] = ["params", "labels", "relabel_configs", "metric_relabel_configs"];

/** A value of an entry, with the names of the fields and the numbers in lists that lead to it. */
interface Part {
  readonly path: readonly (string | number)[];
  readonly value: unknown;
}

/** The entries of a setting that lists scrape jobs. */
export function readScrapeTargets(read: SettingsReader, setting: string): readonly ScrapeTarget[] {
  const confidential = read.isSecret(setting);
  const entries = read.list(setting, OWN_FIELDS, {
    confidential,
    others: /^[a-z]+(_[a-z0-9]+)+$|^(scheme|params|authorization|oauth2)$/,
  });
  const jobs = new Set(OWN_JOBS);
  entries.forEach((entry, index) => {
    checkJob(read, setting, entry, jobs);
    checkTargets(read, setting, entry);
    for (const part of partsOf(entry)) {
      checkPart(read, `${setting}[${String(index)}]`, part);
    }
  });
  return entries as unknown as readonly ScrapeTarget[];
}

function checkTargets(read: SettingsReader, setting: string, entry: Readonly<Record<string, unknown>>): void {
  const { targets, labels } = entry;
  const discovered = Object.keys(entry).some((field) => field.endsWith("_sd_configs"));
  if (targets === undefined && discovered) {
    return;
  }
  if (!Array.isArray(targets) || targets.length === 0 || !targets.every(isHostPort)) {
    const fix = 'write targets: ["host.docker.internal:8000"]';
    read.addProblem(setting, entry, "needs targets as a list of host:port", fix);
    return;
  }
  for (const target of (targets as string[]).filter((it) => isLoopback(`http://${it}`))) {
    const port = target.slice(target.lastIndexOf(":") + 1);
    read.addProblem(
      setting,
      entry,
      `has the target ${target}, which is the loopback of Prometheus' own container`,
      `write host.docker.internal:${port} for this machine; on Linux the program must listen on the lab's gateway, too`,
    );
  }
  if (labels !== undefined && !isTexts(labels)) {
    read.addProblem(setting, entry, "has labels that are not texts by name", 'write labels: {team: "shop"}');
  }
}

/** Notes a secret in plain text, a file that is in no container, and a field that another one stands for. */
function checkPart(read: SettingsReader, place: string, { path, value }: Part): void {
  const field = path.at(-1);
  if (typeof field !== "string") {
    return;
  }
  const name = path.reduce<string>(
    (text, it) => text + (typeof it === "number" ? `[${String(it)}]` : /^\w+$/.test(it) ? `.${it}` : `["${it}"]`),
    place,
  );
  const instead = path.length === 1 ? REPLACED[field] : undefined;
  if (instead !== undefined) {
    read.addProblem(name, undefined, "is not a field of an entry", `write it as ${instead}`);
  } else if (field in SECRET_FIELDS && (typeof value === "string" || Array.isArray(value))) {
    if (!read.isSecret(place.slice(0, place.indexOf("[")))) {
      const fix = `set it with pulumi config set --secret --path '${name}${Array.isArray(value) ? "[0]" : ""}'`;
      read.addProblem(name, undefined, "is in plain text", fix);
    } else if (!(Array.isArray(value) ? value : [value]).every((it) => isSecretText(it, field))) {
      read.addProblem(name, undefined, "must be text without spaces around it", "set another one");
    }
  } else if (/(_file|^files|^file_sd_configs)$/.test(field)) {
    const fix = field.endsWith("_file")
      ? "write its content in the field without _file, or leave it out"
      : "list the targets, or use http_sd_configs";
    read.addProblem(name, undefined, "names a file, and Prometheus' container has none but the lab's", fix);
  } else if (typeof value === "string" && /\/\/[^/\s]*@/.test(value)) {
    read.addProblem(name, undefined, "holds credentials, which everybody could read", "give them as basic_auth");
  }
}

/** Every value of an entry at every depth, outermost first. */
export function partsOf(value: unknown, path: readonly (string | number)[] = []): readonly Part[] {
  const inner: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
    ? value.map((item: unknown, index) => [index, item] as const)
    : typeof value === "object" && value !== null
      ? Object.entries(value).filter(([field]) => path.length > 0 || !OPAQUE.includes(field))
      : [];
  return inner.flatMap(([key, item]) => [{ path: [...path, key], value: item }, ...partsOf(item, [...path, key])]);
}

/** Notes what is wrong with the job of an entry, or with its metricsPath. */
export function checkJob(read: SettingsReader, setting: string, entry: object, jobs: Set<string>): void {
  const { job, metricsPath } = entry as Record<string, unknown>;
  if (typeof job !== "string" || job === "") {
    read.addProblem(setting, entry, "has an entry without a job", "give it one, such as job: my_app");
  } else if (jobs.has(job)) {
    read.addProblem(setting, entry, `names the job ${job} again`, "give each entry a job of its own");
  } else {
    jobs.add(job);
  }
  if (metricsPath !== undefined && !(typeof metricsPath === "string" && metricsPath.startsWith("/"))) {
    read.addProblem(setting, entry, "has a metricsPath that is not a path", "start it with /, or leave it out");
  } else if (metricsPath?.includes("?")) {
    const fix = "write what follows it as params, such as params: {format: [prometheus]}";
    read.addProblem(setting, entry, "has a metricsPath with a ?, which Prometheus would escape", fix);
  }
}

function isHostPort(target: unknown): boolean {
  const port = typeof target === "string" ? HOST_PORT.exec(target)?.[2] : undefined;
  return port !== undefined && Number(port) >= 1 && Number(port) <= MAX_PORT;
}

function isTexts(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.values(value).every((it) => typeof it === "string");
}

/** Text that is the same after Prometheus has read it from a file, which it trims unless it is a key. */
function isSecretText(value: unknown, field: string): boolean {
  return typeof value === "string" && value.trim() !== "" && (field === "key" || value.trim() === value);
}
