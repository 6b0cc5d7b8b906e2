import { inspectMachine } from "../../lib/docker/machine";
import { monitoredNodes } from "../../lib/docker/swarm";
import { serviceDrift } from "../../lib/drift/services";
import { Check, CheckError, LabOutputs, queryPrometheus } from "./lab";

type Swarm = NonNullable<LabOutputs["swarm"]>;

/** Jobs with a target on each node. */
const NODE_JOBS = ["linux_host", "docker_containers"];

async function servicesComplete(swarm: Swarm): Promise<string> {
  const { services } = (await inspectMachine()).swarm;
  const states = swarm.services.map((name) => {
    const status = services.find(({ Spec }) => Spec.Name === name)?.ServiceStatus;
    const { RunningTasks: running = 0, DesiredTasks: desired = 0 } = status ?? {};
    return { name, state: `${String(running)} of ${String(desired)}`, complete: desired > 0 && running === desired };
  });
  const seen = states.map(({ name, state }) => `${name} ${state}`).join(", ");
  const short = states.find(({ complete }) => !complete);
  if (short !== undefined) {
    throw new CheckError(`running tasks: ${seen}`, `read the reason with docker service ps --no-trunc ${short.name}`);
  }
  for (const name of swarm.services) {
    const drift = serviceDrift(services.find(({ Spec }) => Spec.Name === name));
    if (drift !== undefined) {
      throw new CheckError(`${name}: ${drift}`, "run make up, which retries and reports the error");
    }
  }
  return `running tasks: ${seen}`;
}

async function nodesWatched(lab: LabOutputs, swarm: Swarm): Promise<string> {
  const machine = await inspectMachine();
  const samples = await queryPrometheus(lab, `up{job=~"${NODE_JOBS.join("|")}"} == 1`);
  const up = new Set(samples.map(({ metric }) => `${metric.job ?? ""} ${metric.instance ?? ""}`));
  const names = monitoredNodes(machine.swarm, swarm.nodeLabel).map(({ Description }) => Description.Hostname);
  const missing = names.flatMap((name) => NODE_JOBS.map((job) => `${job} ${name}`)).filter((it) => !up.has(it));
  if (missing.length > 0) {
    throw new CheckError(
      `not up in Prometheus: ${missing.join(", ")}`,
      "if the tasks run, check for a firewall between the nodes: 4789/udp, and IP protocol 50 for overlayEncryption",
    );
  }
  return `${NODE_JOBS.join(" and ")} of ${names.join(", ")} are up`;
}

/** Additional checks for a lab that monitors a swarm. */
export function swarmChecks({ swarm }: LabOutputs): readonly Check[] {
  return swarm === undefined
    ? []
    : [
        { name: "services", run: () => servicesComplete(swarm) },
        { name: "nodes", run: (lab) => nodesWatched(lab, swarm) },
      ];
}

/** Names of the nodes that Prometheus reaches; none if the lab monitors one machine. */
export async function reachedNodes(lab: LabOutputs): Promise<readonly string[]> {
  return lab.swarm === undefined
    ? []
    : (await queryPrometheus(lab, 'up{job="linux_host"} == 1')).map(({ metric }) => metric.instance ?? "").sort();
}
