import { MAX_PORT, SettingsReader } from "./reader";
import { checkJob, ScrapeTarget } from "./scrapeTargets";
import { OWN_JOBS } from "./services";

/** An additional scrape job in a swarm: every task of a service. */
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
  /** SHA-256 of the file as the catalogue serves it, in hex. */
  readonly sha256?: string;
}

/** The entries of a setting that lists Swarm services; `others` are the other jobs besides the lab's own. */
export function readScrapeServices(
  read: SettingsReader,
  setting: string,
  others: readonly ScrapeTarget[],
): readonly ScrapeService[] {
  const entries = read.list(setting, ["job", "service", "port", "metricsPath"]) as unknown as ScrapeService[];
  const jobs = new Set([...OWN_JOBS, ...others.map(({ job }) => job)]);
  entries.forEach((entry, index) => {
    const place = `${setting}[${String(index)}]`;
    checkJob(read, place, entry, jobs);
    const { service, port } = entry as unknown as Record<string, unknown>;
    if (typeof service !== "string" || !/^[a-zA-Z0-9][\w.-]*$/.test(service)) {
      read.addProblem(place, entry, "needs the name of a service", "take it from docker service ls");
    }
    if (!isCount(port) || Number(port) > MAX_PORT) {
      read.addProblem(
        place,
        entry,
        `needs a port from 1 to ${String(MAX_PORT)}`,
        "set the port that serves its metrics",
      );
    }
  });
  return entries;
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
  entries.forEach((entry, index) => {
    const place = `${setting}[${String(index)}]`;
    if (!isCount(entry.id) || !isCount(entry.revision)) {
      read.addProblem(
        place,
        entry,
        "needs id and revision as whole numbers",
        "write it as {id: 1860, revision: 45, sha256: …}",
      );
    } else if (ids.has(entry.id)) {
      read.addProblem(place, entry, `names dashboard ${String(entry.id)} again`, "keep one revision of it");
    }
    ids.add(entry.id);
    const sum: unknown = entry.sha256;
    if (sum === undefined ? download : !(typeof sum === "string" && /^[0-9a-f]{64}$/.test(sum))) {
      read.addProblem(
        place,
        entry,
        "needs the sha256 of the file, 64 lower-case hex digits",
        "take it from sha256sum of a file you trust",
      );
    }
  });
  return entries;
}

/** Names separated by commas, none where the setting is empty. */
export function readNames(read: SettingsReader, setting: string): string {
  const fix = "write it as com.example.team,com.example.tier";
  return read.matching(setting, /^([\w./-]+(,[\w./-]+)*)?$/, "is not a list of names", fix);
}

/** A Grafana time range up to now: a number and a unit. */
export function readRange(read: SettingsReader, setting: string): string {
  return read.matching(setting, /^[1-9]\d*[smhdw]$/, "is not a time range", "write it as 15m, 6h, 7d or 2w");
}

/** Whether a catalogue is a URL rather than a folder. */
export function isUrl(catalogue: string): boolean {
  return /^https?:\/\//.test(catalogue);
}

function isCount(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value > 0;
}
