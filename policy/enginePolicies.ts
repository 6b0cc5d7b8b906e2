import { type ResourceValidationArgs, type ResourceValidationPolicy, Secret } from "@pulumi/policy";
import { type PolicyContext, Hidden, type Resource, unwrap } from "./resource";
import { POLICIES } from "./policies";

/**
 * The policies as Pulumi's engine runs them.
 *
 * The SDK passes secrets to a validation unmarked. Only a remediation, which runs before all validations, gets them
 * marked: the first policy's remediation changes nothing and passes them to the validations.
 */
export function enginePolicies(context: () => Promise<PolicyContext>): ResourceValidationPolicy[] {
  const seen = new Map<string, Resource>();
  return POLICIES.map(({ name, description, checks }, index) => ({
    name,
    description,
    ...(index === 0
      ? // what the validation then reports is mandatory
        { enforcementLevel: "remediate", remediateResource: (args) => void seen.set(args.urn, resourceOf(args)) }
      : { enforcementLevel: "mandatory" }),
    validateResource: async ({ urn }, report) => {
      const resource = seen.get(urn);
      if (resource === undefined) {
        throw new Error(`the Pulumi engine did not mark the secrets of ${urn}`);
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

/** A property as a Secret if it is one, which the usual access hides, or as unknown. */
function bare(holder: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(holder, key)?.value as unknown;
}
