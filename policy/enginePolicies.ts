import { type ResourceValidationArgs, type ResourceValidationPolicy, Secret } from "@pulumi/policy";
import { type Context, Hidden, type Resource, unwrap } from "./resource";
import { RULES } from "./rules";

/**
 * The rules as Pulumi's engine asks them.
 *
 * The SDK shows a validation every secret as if it were none. Only a remediation, which runs before all validations, is
 * handed what is secret, to keep it so: the first policy's looks, changes nothing and leaves what it saw to them.
 */
export function enginePolicies(context: () => Promise<Context>): ResourceValidationPolicy[] {
  const seen = new Map<string, Resource>();
  return RULES.map(({ name, description, checks }, index) => ({
    name,
    description,
    ...(index === 0
      ? // what the validation then reports is mandatory
        { enforcementLevel: "remediate", remediateResource: (args) => void seen.set(args.urn, resourceOf(args)) }
      : { enforcementLevel: "mandatory" }),
    validateResource: async ({ urn }, report) => {
      const resource = seen.get(urn);
      if (resource === undefined) {
        throw new Error(`this engine did not show which properties of ${urn} are secret`);
      }
      const known = await context();
      checks
        .flatMap((check) => check(resource, known))
        .forEach((violation) => {
          report(violation);
        });
    },
  }));
}

function resourceOf(args: ResourceValidationArgs): Resource {
  const { type, name, urn } = args;
  const marked = mark(bare(args, "props")) as Resource["marked"];
  return { type, name, urn, marked, props: unwrap(marked) as Resource["props"] };
}

/** A value with each secret as a `Hidden`. */
function mark(value: unknown): unknown {
  if (value instanceof Secret) {
    return new Hidden(mark(value.value));
  }
  if (Array.isArray(value)) {
    return Object.keys(value).map((key) => mark(bare(value, key)));
  }
  return typeof value === "object" && value !== null
    ? Object.fromEntries(
        Object.keys(value)
          .filter((key) => key !== "__defaults")
          .map((key) => [key, mark(bare(value, key))]),
      )
    : value;
}

/** A property as it is: a Secret where it is one, which reading it the usual way hides; unknown where it is that. */
function bare(holder: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(holder, key)?.value as unknown;
}
