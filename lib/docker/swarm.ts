import { dockerGet } from "./client";

/** A node, as a manager lists it. */
export interface SwarmNode {
  readonly ID: string;
  readonly Spec: { readonly Labels?: Readonly<Record<string, string>> | null; readonly Availability: string };
  readonly Description: { readonly Hostname: string; readonly Engine: { readonly EngineVersion: string } };
  readonly Status: { readonly State: string; readonly Addr: string };
}

/** A service, as a manager lists it. */
export interface SwarmService {
  readonly ID: string;
  readonly Spec: {
    readonly Name: string;
    readonly Labels?: Readonly<Record<string, string>> | null;
    /** Specification of its tasks. */
    readonly TaskTemplate?: { readonly ContainerSpec?: unknown; readonly Resources?: unknown };
  };
  readonly UpdateStatus?: { readonly State?: string; readonly Message?: string };
  readonly ServiceStatus?: { readonly RunningTasks: number; readonly DesiredTasks: number };
}

/** Docker's information about its swarm; missing if it does not support swarms. */
export interface SwarmInfo {
  /** `inactive`, `pending`, `active`, `error` or `locked`. */
  readonly LocalNodeState: string;
  /** Whether this Docker is a manager that can change the swarm. */
  readonly ControlAvailable: boolean;
  /** Id of this node; empty outside a swarm. */
  readonly NodeID: string;
  readonly Error?: string;
}

/** A swarm as this machine sees it. */
export interface Swarm extends SwarmInfo {
  /** Known only to a manager. */
  readonly nodes: readonly SwarmNode[];
  readonly services: readonly SwarmService[];
}

/** The swarm of this machine. */
export async function inspectSwarm(info: SwarmInfo | undefined): Promise<Swarm> {
  if (info?.ControlAvailable !== true) {
    return { LocalNodeState: "inactive", ControlAvailable: false, NodeID: "", ...info, nodes: [], services: [] };
  }
  const [nodes, services] = await Promise.all([dockerGet<SwarmNode[]>("/nodes"), listServices()]);
  return { ...info, nodes, services };
}

/** All services with the number of running tasks. */
export function listServices(): Promise<readonly SwarmService[]> {
  return dockerGet<SwarmService[]>("/services?status=true");
}

/** The nodes that can have tasks of the lab: ready and not drained, with the label if one is set. */
export function nodesWithTasks({ nodes }: Pick<Swarm, "nodes">, nodeLabel: string | undefined): readonly SwarmNode[] {
  const [name = "", value] = nodeLabel?.split("=") ?? [];
  return nodes.filter(
    ({ Spec, Status }) =>
      Status.State === "ready" &&
      Spec.Availability !== "drain" &&
      (nodeLabel === undefined || Spec.Labels?.[name] === value),
  );
}

/** Those of them that also accept tasks: Swarm leaves the tasks of a paused node as they are. */
export function monitoredNodes(swarm: Pick<Swarm, "nodes">, nodeLabel: string | undefined): readonly SwarmNode[] {
  return nodesWithTasks(swarm, nodeLabel).filter(({ Spec }) => Spec.Availability === "active");
}
