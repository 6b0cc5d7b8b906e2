import { allServices } from "../../lib/settings/services";
import { seconds } from "../../lib/shared/duration";
import { askPrometheus, CheckError, LabOutputs, patienceOf } from "./lab";

/** A target in Prometheus' API. */
interface Target {
  readonly labels: { readonly job: string };
  /** Name of its job in the configuration; relabelling may change the label. */
  readonly scrapePool: string;
  readonly scrapeUrl: string;
  /** `unknown` until the first scrape. */
  readonly health: "up" | "down" | "unknown";
  readonly lastError: string;
  readonly scrapeInterval: string;
}

/** Whether every target of the lab responds to Prometheus. */
export async function targetsUp(lab: LabOutputs): Promise<string> {
  const [{ activeTargets }, { scrapePools }] = await Promise.all([
    askPrometheus<{ activeTargets: Target[] }>(lab, "targets?state=active"),
    askPrometheus<{ scrapePools: string[] }>(lab, "scrape_pools"),
  ]);
  // the first scrape of a job with a long interval of its own comes after this command
  const later = activeTargets.filter(
    ({ health, scrapeInterval }) => health === "unknown" && seconds(scrapeInterval) > patienceOf(lab),
  );
  const down = activeTargets.filter((target) => target.health !== "up" && !later.includes(target));
  if (down.length > 0) {
    const list = down.map(
      ({ labels, scrapeUrl, lastError }) => `${labels.job} ${scrapeUrl}: ${lastError || "not scraped yet"}`,
    );
    throw new CheckError(
      list.join("; "),
      "check that the program behind the target runs and listens on more than 127.0.0.1, and that no firewall blocks it",
    );
  }
  const missing = expectedJobs(lab).filter((job) => !activeTargets.some(({ labels }) => labels.job === job));
  if (missing.length > 0) {
    throw new CheckError(`no target for the jobs ${missing.join(", ")}`, "run make up");
  }
  // a discovery may rightly find nothing, or its address or the name of a service is wrong
  const empty = scrapePools.filter((job) => !activeTargets.some(({ scrapePool }) => scrapePool === job));
  const waiting = later.map(({ labels, scrapeInterval }) => `; ${labels.job} not scraped yet, every ${scrapeInterval}`);
  const notes = [...new Set(waiting), ...(empty.length === 0 ? [] : [`; no target for the jobs ${empty.join(", ")}`])];
  return `${String(activeTargets.length - later.length)} up${notes.join("")}`;
}

/** The jobs of the lab's own services. */
function expectedJobs({ containers, swarm }: LabOutputs): readonly string[] {
  const names = [...containers, ...(swarm?.services ?? [])];
  const services = allServices().filter(([, { hostname }]) => names.some((name) => name.endsWith(hostname)));
  return [...services.flatMap(([, { jobs = [] }]) => jobs), "flask_app"];
}
