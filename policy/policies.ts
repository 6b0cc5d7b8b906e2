import { checkArguments, type Command, COMMAND_TYPES, checkCommand, checkRemoval } from "./commands";
import {
  asContainer,
  checkHealthAndLimits,
  checkPinned,
  checkPorts,
  type Container,
  CONTAINER_TYPES,
  SERVICE_TYPES,
  checkPrivileges,
} from "./containers";
import { checkFolder, DASHBOARD_TYPES } from "./grafana";
import { checkMounts } from "./mounts";
import type { Check, PolicyContext, Resource } from "./resource";
import { checkSecrets } from "./secrets";
import { checkTree } from "./tree";
import { checkProperties } from "./types";

/** A policy of the lab. */
export interface Policy {
  readonly name: string;
  readonly description: string;
  readonly checks: readonly Check[];
}

/** All policies of the lab. */
export const POLICIES: readonly Policy[] = [
  {
    name: "resources-known",
    description: "Resources have only the types and properties listed in policy/properties.ts.",
    checks: [checkProperties],
  },
  {
    name: "images-pinned",
    description: "Images have a tag other than latest, or a digest.",
    checks: [onRunning(checkPinned)],
  },
  {
    name: "ports-on-bind-address",
    description: "Ports are published on the setting bindAddress only.",
    checks: [onRunning(checkPorts)],
  },
  {
    name: "nothing-privileged",
    description: "Containers have only the privileges listed in policy/allowed.ts.",
    checks: [onRunning(checkPrivileges)],
  },
  {
    name: "mounts-allowed",
    description: "Containers have only the mounts listed in policy/allowed.ts, and no uncovered socket of the engine.",
    checks: [onRunning(checkMounts)],
  },
  {
    name: "commands-allowed",
    description: "Commands on the host and the arguments of containers are listed in policy/allowed.ts.",
    checks: [onRunning(checkArguments), on<Command>(COMMAND_TYPES, checkCommand)],
  },
  {
    name: "containers-guarded",
    description: "Started containers have a health check, a memory limit and log rotation.",
    checks: [onRunning(checkHealthAndLimits)],
  },
  {
    name: "secrets-hidden",
    description: "No secret is in a container's definition, and none in plain text in a command's environment.",
    checks: [checkSecrets],
  },
  {
    name: "dashboards-placed",
    description: "Dashboards have a uid and a folder.",
    checks: [on(DASHBOARD_TYPES, checkFolder)],
  },
  {
    name: "processes-removable",
    description: "A command that starts a background process has a delete command.",
    checks: [on<Command>(COMMAND_TYPES, checkRemoval)],
  },
  {
    name: "in-component-tree",
    description: "Every resource is below the component Lab.",
    checks: [checkTree],
  },
];

type CheckOf<Props> = (props: Props, resource: Resource, context: PolicyContext) => readonly string[];

/** Applies a check to the resources of some types; the SDK's own helper would load the providers' whole SDKs. */
function on<Props>(types: readonly string[], check: CheckOf<Props>): Check {
  return (resource, context) =>
    types.includes(resource.type) ? check(resource.props as Props, resource, context) : [];
}

/** Applies a check to containers, and to the tasks of Swarm services. */
function onRunning(check: CheckOf<Container>): Check {
  const containers = on(CONTAINER_TYPES, check);
  const services = on<Parameters<typeof asContainer>[0]>(SERVICE_TYPES, (props, it, context) =>
    check(asContainer(props), it, context),
  );
  return (resource, context) => [...containers(resource, context), ...services(resource, context)];
}
