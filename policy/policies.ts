import type { ResourceValidation, ResourceValidationPolicy } from "@pulumi/policy";
import { COMMANDS, removable } from "./commands";
import {
  asContainer,
  type Container,
  CONTAINERS,
  guarded,
  IMAGES,
  onBindAddress,
  pinned,
  pinnedImage,
  SERVICES,
  unprivileged,
} from "./containers";
import { DASHBOARDS, placed } from "./grafana";
import { plainSecrets } from "./secrets";
import { closedToEngine, closedVolume, type Volume, VOLUMES } from "./sockets";
import { inTree } from "./tree";

/** A resource that is about to be made or changed, as the engine shows it. */
export interface Subject {
  readonly type: string;
  readonly name: string;
  readonly urn: string;
}

/** What a rule finds wrong with a resource: for each fault why it is one and what to do instead. */
type Rule<Props> = (props: Props, subject: Subject) => readonly string[] | Promise<readonly string[]>;

/** What the policies have to know besides the resources. */
export interface Surroundings {
  /** The setting of that name. */
  readonly bindAddress: () => string;
  /** Sockets of this machine that give the whole API of the engine or of containerd. */
  readonly sockets: () => Promise<readonly string[]>;
}

/** Every policy of the lab. */
export function labPolicies({ bindAddress, sockets }: Surroundings): ResourceValidationPolicy[] {
  return [
    {
      name: "images-pinned",
      description: "An image has a tag other than latest, or a digest.",
      enforcementLevel: "mandatory",
      validateResource: [onRunning(pinned), on(IMAGES, pinnedImage)],
    },
    {
      name: "ports-on-bind-address",
      description: "Ports are published on the setting bindAddress alone.",
      enforcementLevel: "mandatory",
      validateResource: onRunning((props, { name }) => onBindAddress(props, name, bindAddress())),
    },
    {
      name: "nothing-privileged",
      description: "No container is privileged.",
      enforcementLevel: "mandatory",
      validateResource: onRunning(unprivileged),
    },
    {
      name: "engine-socket-closed",
      description: "Only cAdvisor, and in a swarm its discovery, have the socket of the engine or of containerd.",
      enforcementLevel: "mandatory",
      validateResource: [
        onRunning(async (props, subject) => closedToEngine(props, subject, await sockets())),
        on<Volume>(VOLUMES, async (props, { name }) => closedVolume(props, name, await sockets())),
      ],
    },
    {
      name: "containers-guarded",
      description: "A container that is started has a health check, a memory limit and a log that is rotated.",
      enforcementLevel: "mandatory",
      validateResource: onRunning(guarded),
    },
    {
      name: "secrets-not-in-environment",
      description: "No secret is in a container's environment, and none is plain in a command's.",
      ...shownSecrets(plainSecrets),
    },
    {
      name: "dashboards-placed",
      description: "A dashboard has a uid and a folder.",
      enforcementLevel: "mandatory",
      validateResource: on(DASHBOARDS, placed),
    },
    {
      name: "processes-removable",
      description: "A command that starts something that stays can remove it.",
      enforcementLevel: "mandatory",
      validateResource: on(COMMANDS, removable),
    },
    {
      name: "in-component-tree",
      description: "Every resource is below the component Lab.",
      enforcementLevel: "mandatory",
      validateResource: (args, report) => {
        inTree(args).forEach((fault) => {
          report(fault);
        });
      },
    },
  ];
}

/** Applies a rule to the resources of some types; the SDK's own helper would load the providers' whole SDKs for that. */
function on<Props>(types: readonly string[], rule: Rule<Props>): ResourceValidation {
  return async (args, report) => {
    if (types.includes(args.type)) {
      for (const fault of await rule(args.props as Props, args)) {
        report(fault);
      }
    }
  };
}

/** Applies a rule to containers, and to the tasks of Swarm services. */
function onRunning(rule: Rule<Container>): ResourceValidation {
  return async (args, report) => {
    await on(CONTAINERS, rule)(args, report);
    await on<Parameters<typeof asContainer>[0]>(SERVICES, (props, it) => rule(asContainer(props), it))(args, report);
  };
}

/**
 * The SDK shows a validation every secret as if it were none. Only a remediation, which runs before it, is handed
 * what is secret, to keep it so: this one looks, changes nothing and leaves what it saw to the validation.
 */
function shownSecrets(
  rule: (props: object, subject: Subject) => readonly string[],
): Pick<ResourceValidationPolicy, "enforcementLevel" | "remediateResource" | "validateResource"> {
  const seen = new Map<string, readonly string[]>();
  return {
    // what the validation then reports is mandatory
    enforcementLevel: "remediate",
    remediateResource: (args) => {
      seen.set(args.urn, rule(args.props, args));
    },
    validateResource: ({ urn }, report) => {
      const faults = seen.get(urn);
      if (faults === undefined) {
        throw new Error(`this engine did not show which properties of ${urn} are secret`);
      }
      faults.forEach((fault) => {
        report(fault);
      });
    },
  };
}
