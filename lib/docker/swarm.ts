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
  };
  readonly UpdateStatus?: { readonly State?: string; readonly Message?: string };
  readonly ServiceStatus?: { readonly RunningTasks: number; readonly DesiredTasks: number };
}

/** What an engine says of the swarm that it is in; of none, an engine that knows no swarms says nothing. */
export interface SwarmInfo {
  /** `inactive`, `pending`, `active`, `error` or `locked`. */
  readonly LocalNodeState: string;
  /** Whether the engine is a manager that can change the swarm. */
  readonly ControlAvailable: boolean;
  /** Id of the engine's node; empty in no swarm. */
  readonly NodeID: string;
  readonly Error?: string;
}

/** A swarm as this machine sees it. */
export interface Swarm extends SwarmInfo {
  /** Only a manager knows them. */
  readonly nodes: readonly SwarmNode[];
  readonly services: readonly SwarmService[];
}

/** The swarm that an engine is in. */
export async function inspectSwarm(info: SwarmInfo | undefined): Promise<Swarm> {
  if (info?.ControlAvailable !== true) {
    return { LocalNodeState: "inactive", ControlAvailable: false, NodeID: "", ...info, nodes: [], services: [] };
  }
  const [nodes, services] = await Promise.all([dockerGet<SwarmNode[]>("/nodes"), listServices()]);
  return { ...info, nodes, services };
}

/** Every service with how many of its tasks run. */
export function listServices(): Promise<readonly SwarmService[]> {
  return dockerGet<SwarmService[]>("/services?status=true");
}

/** The nodes that the lab watches and that are there: not those that were drained, and those with the label, if any. */
export function watchedNodes({ nodes }: Pick<Swarm, "nodes">, nodeLabel: string | undefined): readonly SwarmNode[] {
  const [name = "", value] = nodeLabel?.split("=") ?? [];
  return nodes.filter(
    ({ Spec, Status }) =>
      Status.State === "ready" &&
      Spec.Availability !== "drain" &&
      (nodeLabel === undefined || Spec.Labels?.[name] === value),
  );
}
