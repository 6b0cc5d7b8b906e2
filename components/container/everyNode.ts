import * as pulumi from "@pulumi/pulumi";
import { LabContext } from "../context";
import { LabContainer } from "./labContainer";
import { NodeService, NodeSpec } from "./nodeService";
import { ServiceSpec } from "./spec";

/** What only a container of this very machine is given. */
export type MachineSpec = Pick<ServiceSpec, "pidMode" | "hostUsers" | "hostNetwork">;

export interface EveryNodeArgs {
  readonly context: LabContext;
  readonly spec: NodeSpec;
  readonly onMachine?: MachineSpec;
}

/** Runs a service on every machine that is watched: a container of this one, or in a swarm a task of each node. */
export function runOnEveryNode(
  name: string,
  { context, spec, onMachine }: EveryNodeArgs,
  options: pulumi.ComponentResourceOptions,
): void {
  if (context.overlay === undefined) {
    new LabContainer(name, { context, ...spec, ...onMachine }, options);
  } else {
    new NodeService(name, { context, overlay: context.overlay, ...spec }, options);
  }
}
