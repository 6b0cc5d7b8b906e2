import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { Machine } from "../lib/docker/machine";
import { ObservedLab } from "../lib/drift/observe";
import { Settings } from "../lib/settings/settings";
import { Teardown } from "./container/teardown";

/** Values that all components of a lab share. */
export interface LabContext {
  readonly settings: Settings;
  readonly machine: Machine;
  /** The lab as it is before this update. */
  readonly observed: ObservedLab;
  readonly teardown: Teardown;
  /** The lab's network on this machine. */
  readonly network: docker.Network;
  /** The overlay network; undefined unless `engine` is `swarm`. */
  readonly overlay: Overlay | undefined;
  /** Hostnames of the programs that require the password. */
  readonly passwordPrograms: ReadonlySet<string>;
  /** Undefined if no program requires one. */
  readonly webPassword: pulumi.Output<string> | undefined;
}

/** Arguments of a component without options of its own. */
export interface ComponentArgs {
  readonly context: LabContext;
}

/** The network that spans all nodes of a swarm. */
export interface Overlay {
  readonly network: docker.Network;
  /** Removes the services and then the network when it is deleted; every service depends on it. */
  readonly teardown: pulumi.Resource;
}
