import { calledAsKnown, type Command, COMMANDS, knownCommand, removable } from "./commands";
import {
  asContainer,
  checkHealthAndLimits,
  checkPinned,
  checkPorts,
  type Container,
  CONTAINERS,
  SERVICES,
  unprivileged,
} from "./containers";
import { checkFolder, DASHBOARDS } from "./grafana";
import { mounted } from "./mounts";
import type { Check, Context, Resource } from "./resource";
import { hiddenSecrets } from "./secrets";
import { inTree } from "./tree";
import { known } from "./types";

/** A policy of the lab. */
export interface Rule {
  readonly name: string;
  readonly description: string;
  readonly checks: readonly Check[];
}

/** All policies of the lab. */
export const RULES: readonly Rule[] = [
  {
    name: "resources-known",
    description: "A resource has a type and properties that the lab's resources have.",
    checks: [known],
  },
  {
    name: "images-pinned",
    description: "An image has a tag other than latest, or a digest.",
    checks: [onRunning(checkPinned)],
  },
  {
    name: "ports-on-bind-address",
    description: "Ports are published on the setting bindAddress alone.",
    checks: [onRunning((props, { name }, { bindAddress }) => checkPorts(props, name, bindAddress))],
  },
  {
    name: "nothing-privileged",
    description: "A container has no privilege that policy/allowed.ts does not give it.",
    checks: [onRunning(unprivileged)],
  },
  {
    name: "mounts-allowed",
    description: "A container has no mount that policy/allowed.ts does not give it, and no socket of the engine.",
    checks: [onRunning(mounted)],
  },
  {
    name: "commands-allowed",
    description: "What runs on the host, and what a container's image is called with, is what policy/allowed.ts has.",
    checks: [onRunning(calledAsKnown), on<Command>(COMMANDS, knownCommand)],
  },
  {
    name: "containers-guarded",
    description: "A container that is started has a health check, a memory limit and a log that is rotated.",
    checks: [onRunning(checkHealthAndLimits)],
  },
  {
    name: "secrets-hidden",
    description: "No secret is in what a container is made of, and none is plain in a command's environment.",
    checks: [hiddenSecrets],
  },
  {
    name: "dashboards-placed",
    description: "A dashboard has a uid and a folder.",
    checks: [on(DASHBOARDS, checkFolder)],
  },
  {
    name: "processes-removable",
    description: "A command that starts something that stays can remove it.",
    checks: [on<Command>(COMMANDS, removable)],
  },
  {
    name: "in-component-tree",
    description: "Every resource is below the component Lab.",
    checks: [inTree],
  },
];

type CheckOf<Props> = (props: Props, resource: Resource, context: Context) => readonly string[];

/** Applies a check to the resources of some types; the SDK's own helper would load the providers' whole SDKs. */
function on<Props>(types: readonly string[], check: CheckOf<Props>): Check {
  return (resource, context) =>
    types.includes(resource.type) ? check(resource.props as Props, resource, context) : [];
}

/** Applies a check to containers, and to the tasks of Swarm services. */
function onRunning(check: CheckOf<Container>): Check {
  const containers = on(CONTAINERS, check);
  const services = on<Parameters<typeof asContainer>[0]>(SERVICES, (props, it, context) =>
    check(asContainer(props), it, context),
  );
  return (resource, context) => [...containers(resource, context), ...services(resource, context)];
}
