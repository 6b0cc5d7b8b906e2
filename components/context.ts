import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { ObservedLab } from "../lib/drift/observe";
import { Machine } from "../lib/docker/machine";
import { Settings } from "../lib/settings/settings";
import { Teardown } from "./container/teardown";

/** What all services of a lab share. */
export interface LabContext {
  readonly settings: Settings;
  readonly machine: Machine;
  /** What there is of the lab already. */
  readonly observed: ObservedLab;
  readonly teardown: Teardown;
  /** The lab's network on this machine. */
  readonly network: docker.Network;
  /** The network over all nodes, where the lab watches a swarm. */
  readonly overlay: Overlay | undefined;
  /** Which programs ask for the password, by hostname. */
  readonly passwordPrograms: ReadonlySet<string>;
  /** Undefined where no program asks for one. */
  readonly webPassword: pulumi.Output<string> | undefined;
}

/** The network over all nodes of a swarm. */
export interface Overlay {
  readonly network: docker.Network;
  /** What removes the services and then the network, when it is deleted; every service depends on it. */
  readonly teardown: pulumi.Resource;
}
