import { Machine } from "../docker/machine";
import { SwarmNode, monitoredNodes, nodesWithTasks } from "../docker/swarm";
import { belongsToManager } from "../docker/swarmOwner";
import { nodeServicesOf } from "../settings/services";
import { Settings } from "../settings/settings";
import { LAB_LABEL, labName, MANAGER_LABEL, overlayName } from "../shared/names";
import { Problem } from "../shared/problems";
import { foreign } from "./names";
import { tryConnect } from "./ports";

/** TCP port of the gossip between nodes (https://docs.docker.com/engine/swarm/swarm-tutorial/#open-protocols-and-ports-between-the-hosts). */
const GOSSIP_PORT = 7946;
const PATIENCE_MS = 2000;
const BACK = "set engine: docker";

/** Problems that prevent monitoring the swarm; empty unless `engine` is `swarm`. */
export async function findSwarmProblems(
  settings: Settings,
  machine: Machine,
  connect = tryConnect,
): Promise<readonly Problem[]> {
  if (settings.engine !== "swarm") {
    return [];
  }
  const absent = findNoManager(machine);
  if (absent !== undefined) {
    return [absent];
  }
  const nodes = nodesWithTasks(machine.swarm, settings.nodeLabel);
  return [
    ...findNoNode(settings, monitoredNodes(machine.swarm, settings.nodeLabel)),
    ...findMixedEngines(nodes),
    ...findSameNames(nodes),
    ...findForeignServices(settings, machine),
    ...findSameLab(settings, machine),
    ...(await findBlockedPorts(nodes, connect)),
  ];
}

/** A Docker that cannot manage a swarm: a worker, one outside a swarm, or one whose swarm is locked. */
function findNoManager({ swarm }: Machine): Problem | undefined {
  const problemOf = (problem: string, fix: string): Problem => ({
    setting: "engine",
    value: "swarm",
    problem,
    fix: `${fix}, or ${BACK}`,
  });
  switch (swarm.LocalNodeState) {
    case "active":
      return swarm.ControlAvailable
        ? undefined
        : problemOf(
            "this machine is a worker of its swarm, and only a manager can run services",
            "run this on a manager, or make it one with docker node promote there",
          );
    case "inactive":
      return problemOf("Docker is not in a swarm", "run docker swarm init");
    case "locked":
      return problemOf("the swarm is locked", "run docker swarm unlock");
    default:
      return problemOf(
        `the swarm is not usable (${swarm.LocalNodeState}${swarm.Error ? `: ${swarm.Error}` : ""})`,
        "read Docker's log",
      );
  }
}

/** A swarm without a node to monitor: none has the label, or none takes tasks. */
function findNoNode({ nodeLabel }: Settings, nodes: readonly SwarmNode[]): readonly Problem[] {
  if (nodes.length > 0) {
    return [];
  }
  return [
    nodeLabel === undefined
      ? {
          setting: "engine",
          value: "swarm",
          problem: "no node of the swarm is ready and accepts tasks",
          fix: `run docker node update --availability active NODE, or ${BACK}`,
        }
      : {
          setting: "nodeLabel",
          value: nodeLabel,
          problem: "no node with this label is ready and accepts tasks",
          fix:
            `add it to a node (docker node update --label-add ${nodeLabel} NODE), or activate one that has it ` +
            "(docker node update --availability active NODE)",
        },
  ];
}

/** Nodes with different major versions, which Docker supports only during an upgrade. */
function findMixedEngines(nodes: readonly SwarmNode[]): readonly Problem[] {
  const engines = nodes.map(({ Description }) => ({
    name: Description.Hostname,
    version: Description.Engine.EngineVersion,
  }));
  const list = engines.map(({ name, version }) => `${name} ${version}`).join(", ");
  const problem = {
    setting: "engine",
    value: "swarm",
    problem: `its nodes run different major versions of Docker (${list})`,
    fix: "upgrade them to one major version, or select nodes of one version with nodeLabel",
  };
  return new Set(engines.map(({ version }) => version.split(".")[0])).size < 2 ? [] : [problem];
}

/** Nodes with the same host name. */
function findSameNames(nodes: readonly SwarmNode[]): readonly Problem[] {
  const names = nodes.map(({ Description }) => Description.Hostname);
  const twice = [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
  return twice.map((name) => ({
    setting: "engine",
    value: "swarm",
    problem: `several nodes have the host name ${name}, so their series would be mixed`,
    fix: "give each node a unique host name, or remove nodes that have left with docker node rm",
  }));
}

/** Services with a name of the lab that are not the lab's. */
function findForeignServices(settings: Settings, { swarm }: Machine): readonly Problem[] {
  const { namePrefix } = settings;
  const names = nodeServicesOf(settings).map((name) => `${namePrefix}${name}`);
  return swarm.services
    .filter(({ Spec }) => names.includes(Spec.Name) && Spec.Labels?.[LAB_LABEL] !== labName(namePrefix))
    .map(({ Spec }) => foreign(settings, "service", Spec.Name, "service rm"));
}

/** A lab with the same name on another manager: names of services and networks are swarm-wide. */
function findSameLab({ namePrefix }: Settings, machine: Machine): readonly Problem[] {
  const [lab, overlay] = [labName(namePrefix), overlayName(namePrefix)];
  const { services, nodes } = machine.swarm;
  const others = [
    ...services.map(({ Spec }) => ({ command: `docker service rm ${Spec.Name}`, labels: Spec.Labels })),
    ...machine.networks
      .filter(({ Name }) => Name === overlay)
      .map(({ Labels }) => ({ command: `docker network rm ${overlay}`, labels: Labels })),
  ].filter(({ labels }) => labels?.[LAB_LABEL] === lab && !belongsToManager(labels, lab, machine));
  if (others.length === 0) {
    return [];
  }
  const id = others.map(({ labels }) => labels?.[MANAGER_LABEL]).find((it) => it !== undefined);
  const node = nodes.find(({ ID }) => ID === id);
  const remove = others.map(({ command }) => command).join("; ");
  const [who, fix] =
    id === undefined
      ? ["another manager", `destroy that lab there, or, if its state is lost, remove its parts: ${remove}`]
      : node === undefined
        ? [`the node ${id}, which has left the swarm`, `remove the rest of that lab: ${remove}`]
        : [`the manager ${node.Description.Hostname} (node ${id})`, "destroy that lab there"];
  return [
    {
      setting: "namePrefix",
      value: namePrefix,
      problem: `a lab named ${lab} exists in this swarm already, on ${who}`,
      fix: `set another namePrefix, or ${fix}`,
    },
  ];
}

/** Nodes whose firewall blocks the overlay network. */
async function findBlockedPorts(nodes: readonly SwarmNode[], connect: typeof tryConnect): Promise<readonly Problem[]> {
  const blocked = await Promise.all(
    nodes.map(async ({ Description, Status }) => {
      const error = await connect(Status.Addr, GOSSIP_PORT, PATIENCE_MS);
      return error === undefined ? [] : [`${Description.Hostname} (${Status.Addr}: ${error})`];
    }),
  );
  const problem = {
    setting: "engine",
    value: "swarm",
    problem: `port ${String(GOSSIP_PORT)} of ${blocked.flat().join(", ")} is not reachable from this machine`,
    fix: "open 7946/tcp, 7946/udp and 4789/udp between the nodes, and IP protocol 50 (ESP) for overlayEncryption",
  };
  return blocked.flat().length === 0 ? [] : [problem];
}
