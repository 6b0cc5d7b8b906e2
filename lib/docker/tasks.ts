import { setTimeout } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { LabError } from "../shared/problems";
import { dockerGet } from "./client";
import { listServices, SwarmNode, SwarmService } from "./swarm";

/** A task in a manager's list. */
interface Task {
  readonly NodeID?: string;
  readonly DesiredState: string;
  readonly Spec?: { readonly ContainerSpec?: unknown; readonly Resources?: unknown };
  readonly Status: { readonly State: string; readonly Err?: string };
}

/** Milliseconds without progress after which a service has failed. */
const PATIENCE_MS = 120_000;
const PAUSE_MS = 250;
/** States of an update that goes no further. */
const PAUSED = /^(rollback_)?paused$/;

/**
 * Waits until all tasks of a service are running and its update is complete.
 *
 * @throws LabError if Swarm rolls the update back, or without progress for two minutes.
 */
export async function awaitTasks(name: string): Promise<void> {
  let [last, since] = ["", Date.now()];
  for (;;) {
    const [service, tasks, nodes] = await Promise.all([
      listServices().then((services) => services.find(({ Spec }) => Spec.Name === name)),
      tasksOf(name),
      dockerGet<SwarmNode[]>("/nodes"),
    ]);
    const update = service?.UpdateStatus?.State ?? "";
    // until Swarm has begun, the status is that of the update before
    const begun = tasks.every((task) => !isRunning(task) || isOf(service, task) || isPaused(nodes, task));
    const { RunningTasks: running = 0, DesiredTasks: desired = 0 } = service?.ServiceStatus ?? {};
    if (PAUSED.test(update) || (begun && update === "rollback_completed")) {
      throw new LabError(
        `Swarm rolled back the update of ${name} (${service?.UpdateStatus?.Message ?? update}): ${await reasons(name)}`,
      );
    }
    if (begun && desired > 0 && running >= desired && !/updating|rollback_started/.test(update)) {
      return;
    }
    const progress = JSON.stringify([service?.ServiceStatus, service?.UpdateStatus]);
    [last, since] = [progress, progress === last ? since : Date.now()];
    if (Date.now() - since >= PATIENCE_MS) {
      throw new LabError(
        `${name}: only ${String(running)} of ${String(desired)} tasks are running, no progress for ${String(PATIENCE_MS / 60_000)} minutes: ${await reasons(name)}`,
      );
    }
    await setTimeout(PAUSE_MS);
  }
}

function tasksOf(name: string): Promise<readonly Task[]> {
  return dockerGet<Task[]>(`/tasks?filters=${encodeURIComponent(JSON.stringify({ service: [name] }))}`);
}

function isRunning({ DesiredState, Status }: Task): boolean {
  return DesiredState === "running" && Status.State === "running";
}

/** Whether a task is on a paused node, where Swarm leaves it as it is. */
function isPaused(nodes: readonly SwarmNode[], { NodeID }: Task): boolean {
  return nodes.some(({ ID, Spec }) => ID === NodeID && Spec.Availability === "pause");
}

/** Whether a task is as its service is declared now. */
function isOf(service: SwarmService | undefined, { Spec = {} }: Task): boolean {
  const { ContainerSpec, Resources } = service?.Spec.TaskTemplate ?? {};
  return isDeepStrictEqual([Spec.ContainerSpec, Spec.Resources], [ContainerSpec, Resources]);
}

/** Errors of the tasks that are not running, by node. */
async function reasons(name: string): Promise<string> {
  const [tasks, nodes] = await Promise.all([tasksOf(name), dockerGet<SwarmNode[]>("/nodes")]);
  const errors = tasks
    .filter(({ Status }) => Status.State !== "running" && (Status.Err ?? "") !== "")
    .map(({ NodeID, Status }) => {
      const node = nodes.find(({ ID }) => ID === NodeID)?.Description.Hostname ?? "no node";
      return `${node}: ${Status.Err ?? ""}`;
    });
  return [...new Set(errors)].slice(0, 5).join("; ") || `see docker service ps --no-trunc ${name}`;
}
