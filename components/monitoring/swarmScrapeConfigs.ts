import { Service } from "../../lib/settings/services";
import { Settings } from "../../lib/settings/settings";
import { overlayName } from "../../lib/shared/names";
import { DISCOVERY_HOST } from "./swarmDiscovery";

/** Interval at which Prometheus looks for changes in the swarm. */
const REFRESH = "5s";

/** A job: the service whose tasks it scrapes, the port, and the label for the name of a task's node. */
interface SwarmJob {
  readonly job: string;
  readonly service: string;
  readonly port: number;
  readonly metricsPath?: string;
  /** `instance` for a service with one task per node. */
  readonly targetLabel: "instance" | "node";
}

/** A job for the lab's own services; every series has the host name of its node. */
export function nodeJob(settings: Settings, job: string, { hostname, port }: Service): object {
  return swarmJob(settings, { job, service: `${settings.namePrefix}${hostname}`, port, targetLabel: "instance" });
}

/** The jobs of the setting `extraScrapeServices`. */
export function extraServiceJobs(settings: Settings): object[] {
  return settings.extraScrapeServices.map((it) => swarmJob(settings, { ...it, targetLabel: "node" }));
}

function swarmJob(settings: Settings, { job, service, port, metricsPath, targetLabel }: SwarmJob): object {
  return {
    job_name: job,
    ...(metricsPath === undefined ? {} : { metrics_path: metricsPath }),
    dockerswarm_sd_configs: [
      {
        host: DISCOVERY_HOST,
        role: "tasks",
        port,
        refresh_interval: REFRESH,
        filters: [{ name: "service", values: [service] }],
      },
    ],
    relabel_configs: [
      {
        source_labels: ["__meta_dockerswarm_network_name"],
        regex: overlayName(settings.namePrefix).replaceAll(".", "[.]"),
        action: "keep",
      },
      // by actual and not desired state: the task of a failed node remains a target, and is down
      { source_labels: ["__meta_dockerswarm_task_state"], regex: "starting|running", action: "keep" },
      { source_labels: ["__meta_dockerswarm_node_hostname"], target_label: targetLabel },
    ],
  };
}
