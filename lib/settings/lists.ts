import { isLoopback } from "../shared/names";
import { MAX_PORT, SettingsReader } from "./reader";
import { OWN_JOBS } from "./services";

/** One more job for Prometheus. */
export interface ScrapeTarget {
  /** Value of the label `job`. */
  readonly job: string;
  /** `host:port` of each target, as a container of the lab reaches it. */
  readonly targets: readonly string[];
  /** Path of the metrics; Prometheus' own default is `/metrics`. */
  readonly metricsPath?: string;
}

/** One more job for Prometheus in a swarm: every task of a service. */
export interface ScrapeService {
  /** Value of the label `job`. */
  readonly job: string;
  /** Name of the Swarm service; it is attached to the lab's overlay network. */
  readonly service: string;
  /** Port of the metrics inside its containers. */
  readonly port: number;
  /** Path of the metrics; Prometheus' own default is `/metrics`. */
  readonly metricsPath?: string;
}

/** A dashboard of the catalogue. */
export interface CommunityDashboard {
  readonly id: number;
  readonly revision: number;
  /** Of the file as the catalogue serves it, in hex. */
  readonly sha256?: string;
}

const HOST_PORT = /^(\[[0-9a-fA-F:]+\]|[\w.-]+):(\d{1,5})$/;

/** The entries of a setting that lists scrape jobs. */
export function readScrapeTargets(read: SettingsReader, setting: string): readonly ScrapeTarget[] {
  const entries = read.list(setting, ["job", "targets", "metricsPath"]) as unknown as ScrapeTarget[];
  const jobs = new Set(OWN_JOBS);
  for (const entry of entries) {
    const { targets } = entry as unknown as Record<string, unknown>;
    checkJob(read, setting, entry, jobs);
    if (!Array.isArray(targets) || targets.length === 0 || !targets.every(isHostPort)) {
      read.addProblem(
        setting,
        entry,
        "needs targets as a list of host:port",
        'write targets: ["host.docker.internal:8000"]',
      );
    } else {
      for (const target of (targets as string[]).filter((it) => isLoopback(`http://${it}`))) {
        read.addProblem(
          setting,
          entry,
          `has the target ${target}, which is the loopback of Prometheus' own container`,
          `write host.docker.internal:${target.slice(target.lastIndexOf(":") + 1)} for this machine; on Linux the program must listen on the lab's gateway, too`,
        );
      }
    }
  }
  return entries;
}

/** The entries of a setting that lists services of a swarm; `others` are the jobs that there are besides the lab's. */
export function readScrapeServices(
  read: SettingsReader,
  setting: string,
  others: readonly ScrapeTarget[],
): readonly ScrapeService[] {
  const entries = read.list(setting, ["job", "service", "port", "metricsPath"]) as unknown as ScrapeService[];
  const jobs = new Set([...OWN_JOBS, ...others.map(({ job }) => job)]);
  for (const entry of entries) {
    checkJob(read, setting, entry, jobs);
    const { service, port } = entry as unknown as Record<string, unknown>;
    if (typeof service !== "string" || !/^[a-zA-Z0-9][\w.-]*$/.test(service)) {
      read.addProblem(setting, entry, "needs the name of a service", "take it from docker service ls");
    }
    if (!isCount(port) || Number(port) > MAX_PORT) {
      read.addProblem(
        setting,
        entry,
        `needs a port from 1 to ${String(MAX_PORT)}`,
        "name the one that its metrics are on",
      );
    }
  }
  return entries;
}

/** Notes what is wrong with the job of an entry, or with its metricsPath. */
function checkJob(read: SettingsReader, setting: string, entry: object, jobs: Set<string>): void {
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

/** The entries of a setting that lists dashboards of the catalogue. */
export function readDashboards(
  read: SettingsReader,
  setting: string,
  catalogue: string,
): readonly CommunityDashboard[] {
  const entries = read.list(setting, ["id", "revision", "sha256"]) as unknown as CommunityDashboard[];
  const download = isUrl(catalogue);
  const ids = new Set<unknown>();
  for (const entry of entries) {
    if (!isCount(entry.id) || !isCount(entry.revision)) {
      read.addProblem(
        setting,
        entry,
        "needs id and revision as whole numbers",
        "write it as {id: 1860, revision: 45, sha256: …}",
      );
    } else if (ids.has(entry.id)) {
      read.addProblem(setting, entry, `names dashboard ${String(entry.id)} again`, "keep one revision of it");
    }
    ids.add(entry.id);
    const sum: unknown = entry.sha256;
    if (sum === undefined ? download : !(typeof sum === "string" && /^[0-9a-f]{64}$/.test(sum))) {
      read.addProblem(
        setting,
        entry,
        "needs the sha256 of the file, 64 hex digits",
        "take it from sha256sum of a file you trust",
      );
    }
  }
  return entries;
}

/** Whether a catalogue is a URL, and not a folder. */
export function isUrl(catalogue: string): boolean {
  return /^https?:\/\//.test(catalogue);
}

function isHostPort(target: unknown): boolean {
  const port = typeof target === "string" ? HOST_PORT.exec(target)?.[2] : undefined;
  return port !== undefined && Number(port) >= 1 && Number(port) <= MAX_PORT;
}

function isCount(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value > 0;
}
