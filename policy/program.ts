import * as pulumi from "@pulumi/pulumi";
import { COMMAND_TYPES } from "./commands";
import { CONTAINER_TYPES, SERVICE_TYPES } from "./containers";
import { endProgramOnError, checkRequests, serialized, transformed } from "./gate";
import { checkPlugin } from "./origin";
import { type PolicyContext, PENDING, replaced, type Resource, type ResourceId } from "./resource";
import { throwViolations, violationsOf } from "./violations";

/** Set if the Pulumi engine runs the policies as a policy pack: then the program does not. */
const RUN_BY_ENGINE = "pack";

/** Properties of a container or a command that may be known only once another resource exists. */
const LATE =
  /^(volumes\.\d+\.volumeName|labels\.\d+\.value|networksAdvanced\.\d+\.name|taskSpec\.networksAdvanceds\.\d+\.id|environment\.\w+|triggers\b.*)$/;

/** Settings of the default providers, which the Pulumi engine creates itself. */
const PROVIDER_CONFIG = /^(docker|command|grafana):/;

interface Declared extends ResourceId {
  readonly props: Readonly<Record<string, unknown>>;
  /** Violations in its options. */
  readonly options: readonly string[];
}

/**
 * Declares resources, and checks all of them before any is sent to the Pulumi engine; again one with an output
 * once that is known, and each as it is sent to the engine.
 *
 * @throws LabError with the violations; nothing was changed.
 */
export function declareWithPolicies<T>(context: PolicyContext, declare: () => T): T {
  if (process.env.LAB_POLICIES === RUN_BY_ENGINE) {
    return declare();
  }
  throwViolations(
    Object.keys(pulumi.runtime.allConfig())
      .filter((key) => PROVIDER_CONFIG.test(key))
      .map((key) => `resources-known: the stack configures a provider by ${key}, which no policy checks. Remove it.`),
  );
  checkRequests(context);
  const declared: Declared[] = [];
  const types = new Map<pulumi.Resource, string>();
  let open: () => void = () => undefined;
  const checked = new Promise<void>((resolve) => {
    open = resolve;
  });
  const look: pulumi.ResourceTransformation = (args) => {
    const { resource, type, name, props, opts } = args;
    const above = opts.parent === undefined ? undefined : types.get(opts.parent);
    const qualified = above === undefined ? type : `${above}$${type}`;
    types.set(resource, qualified);
    const urn = `urn:pulumi:stack::project::${qualified}::${name}`;
    const it = { type, name, urn, props, options: optionsOf(args) };
    declared.push(it);
    // a resource is sent to the engine after its dependencies: here, after the policies
    const allowed = checked.then(async (): Promise<pulumi.Resource[]> => {
      if (placesOf(props).length > 0) {
        // before all other dependencies
        const known = serialized(it, await pulumi.runtime.serializeProperties(name, it.props));
        endProgramOnError(() => {
          throwViolations(violationsOf(known, context));
        });
      }
      return [];
    });
    return { props, opts: { ...opts, dependsOn: [opts.dependsOn ?? [], allowed] as unknown as pulumi.Resource[] } };
  };
  pulumi.runtime.registerStackTransformation(look);
  const made = declare();
  throwViolations(isLast(look) ? [] : [`resources-known: ${transformed("the stack")}`]);
  throwViolations(declared.flatMap((it) => [...it.options, ...atOnce(it, context)]));
  open();
  return made;
}

/** Whether a resource cannot change after this check. */
function isLast(look: pulumi.ResourceTransformation): boolean {
  const stack = pulumi.runtime.getStackResource() as { readonly __transformations?: readonly unknown[] } | undefined;
  return stack?.__transformations?.at(-1) === look;
}

function optionsOf({ resource, type, name, opts }: pulumi.ResourceTransformationArgs): readonly string[] {
  const { version = "", pluginDownloadURL = "", transforms = [], transformations = [] } = opts;
  const custom = !(resource instanceof pulumi.ComponentResource);
  return [
    ...checkPlugin({ type, name, custom, remote: false, version, pluginDownloadURL, packageRef: "" }),
    ...(transforms.length + transformations.length === 0 ? [] : [transformed(name)]),
  ].map((it) => `resources-known: ${it}`);
}

/** The violations that can be found without outputs. */
function atOnce(it: Declared, context: PolicyContext): readonly string[] {
  const places = placesOf(it.props);
  const unread =
    [...CONTAINER_TYPES, ...SERVICE_TYPES, ...COMMAND_TYPES].includes(it.type) && !places.every((at) => LATE.test(at));
  const marked = replaced(it.props, (value) => (isLate(value) ? { value: PENDING } : undefined)) as Resource["marked"];
  return unread ? [] : violationsOf({ ...it, marked, props: marked }, context);
}

function isLate(value: unknown): boolean {
  return pulumi.Output.isInstance(value) || value instanceof Promise;
}

/** The paths of all outputs and promises. */
function placesOf(value: unknown, place: readonly string[] = []): string[] {
  if (isLate(value)) {
    return [place.join(".")];
  }
  return typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([key, it]) => placesOf(it, [...place, key]))
    : [];
}
