import { LAB_LABEL, MANAGER_LABEL, OVERLAY_LABEL } from "../shared/names";
import { Machine } from "./machine";

/** Labels in Docker's format. */
export type Labels = Readonly<Record<string, string>> | null | undefined;

/**
 * Whether a service or a network of the swarm belongs to the lab of this machine: other managers may run labs with the same
 * name. One without the manager's label, from an earlier version, belongs to the machine with a container on that
 * lab's overlay network.
 */
export function belongsToManager(
  labels: Labels,
  lab: string,
  { containers, swarm }: Pick<Machine, "containers" | "swarm">,
): boolean {
  const manager = labels?.[MANAGER_LABEL];
  return (
    labels?.[LAB_LABEL] === lab &&
    (manager === undefined
      ? containers.some(({ Labels: its }) => its[LAB_LABEL] === lab && OVERLAY_LABEL in its)
      : manager === swarm.NodeID)
  );
}
