import * as pulumi from "@pulumi/pulumi";
import { ComponentArgs } from "../context";
import { LabContainer } from "./labContainer";
import { NodeService, NodeSpec } from "./nodeService";
import { ServiceSpec } from "./spec";

export interface EveryNodeArgs extends ComponentArgs {
  readonly spec: NodeSpec;
  /** Options of a container on this machine alone. */
  readonly onMachine?: Pick<ServiceSpec, "envs" | "pidMode" | "hostUsers" | "hostAddress">;
}

/** Runs a service on every monitored machine: a container on this one, or in a swarm a task on each node. */
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
