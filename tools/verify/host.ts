import { readLog } from "../../lib/docker/logs";
import { SERVICES } from "../../lib/settings/services";
import { CheckError, LabOutputs, queryPrometheus } from "./lab";
import { reachedNodes } from "./swarm";

/** Another node_exporter may be among the user's targets. */
const HOST = '{job="linux_host"}';
/** Maximum length of a shown error. */
const SHOWN = 120;

/** What node_exporter reports of the host, and which collectors fail. */
export async function hostReported(lab: LabOutputs): Promise<string> {
  const devices = await queryPrometheus(lab, `count by (device) (node_network_info${HOST})`);
  const processes = await queryPrometheus(lab, `sum(node_processes_state${HOST})`);
  if (devices.length === 0 || processes.length === 0) {
    throw new CheckError("node_exporter reports no interfaces or processes", "read make logs");
  }
  const hosts = lab.swarm === undefined ? "" : ` of ${String((await reachedNodes(lab)).length)} nodes`;
  const whose = lab.nodeExporterNetwork === "host" ? "the host's" : "its own container's";
  const names = devices.map(({ metric }) => metric.device).join(", ");
  const failed = await failedCollectors(lab);
  return [
    `${String(processes[0]?.value[1])} processes${hosts}; the network panels show ${whose} interfaces (${names})`,
    ...failed.map(([collector, error]) => `collector ${collector} fails, its panels stay empty: ${error}`),
  ].join("; ");
}

/** Failed collectors with the error; only the log distinguishes failures from missing data. */
async function failedCollectors(lab: LabOutputs): Promise<readonly (readonly [string, string])[]> {
  const container = lab.containers.find((name) => name.endsWith(SERVICES.nodeExporter.hostname));
  const silent = await queryPrometheus(lab, `node_scrape_collector_success${HOST} == 0`);
  if (container === undefined || silent.length === 0) {
    return [];
  }
  const errors = collectorErrors(await readLog(container));
  return silent.flatMap(({ metric: { collector = "" } }) => {
    const error = errors.get(collector);
    return error === undefined ? [] : [[collector, error] as const];
  });
}

/**
 * The last error of each collector in node_exporter's log, whose `collector failed` is at level error and
 * `collector returned no data` at debug (collector/collector.go).
 */
export function collectorErrors(log: string): ReadonlyMap<string, string> {
  const lines = log.matchAll(/msg="collector failed" name=(\S+) .*?err=(?:"((?:[^"\\]|\\.)*)"|(\S+))/g);
  return new Map(
    [...lines].map(([, name = "", quoted, bare]) => [name, explain((quoted ?? bare ?? "").replaceAll('\\"', '"'))]),
  );
}

function explain(error: string): string {
  return error.includes("AppArmor")
    ? "AppArmor denies containers D-Bus, which Docker's profile does not allow"
    : error.slice(0, SHOWN);
}
