import { type ResourceValidationArgs, Secret } from "@pulumi/policy";
import { labPolicies, type Subject } from "../../policy/policies";
import type { Registration } from "./mocks";

/** A resource as the engine shows it to a policy pack. */
export type Shown = Subject & { readonly props: Readonly<Record<string, unknown>> };

/** What each policy says of a resource, as `policy: message`, in the order in which an engine asks. */
export async function violations(
  { props, ...subject }: Shown,
  { bindAddress = "127.0.0.1", sockets = [] as readonly string[] } = {},
): Promise<readonly string[]> {
  const said: string[] = [];
  for (const policy of labPolicies({
    bindAddress: () => bindAddress,
    sockets: () => Promise.resolve(sockets),
  })) {
    await policy.remediateResource?.({ ...subject, props } as ResourceValidationArgs);
    const shown = { ...subject, props: unwrapped(props) } as ResourceValidationArgs;
    for (const validate of [policy.validateResource ?? []].flat()) {
      await validate(shown, (message) => said.push(`${policy.name}: ${message}`));
    }
  }
  return said;
}

/** A resource that a lab registered as an engine shows it to a remediation, which sees secrets marked as such. */
export function shown(one: Registration, registrations: readonly Registration[]): Shown {
  const { type, name, urn, parent, inputs, secretInputs } = one;
  return {
    type,
    name,
    urn: [...urn.split("::").slice(0, 2), typesOf(type, parent, registrations), name].join("::"),
    props: Object.fromEntries(
      Object.entries(inputs).map(([key, value]) => [key, secretInputs.includes(key) ? new Secret(value) : value]),
    ),
  };
}

/** The types of all parents, as a URN has them; those of Pulumi's mocks have the last one alone. */
function typesOf(type: string, parent: string, registrations: readonly Registration[]): string {
  const above = registrations.find(({ urn }) => urn === parent);
  return above === undefined ? type : `${typesOf(above.type, above.parent, registrations)}$${type}`;
}

/** Properties as the SDK shows them to a validation: a secret looks like any other value. */
function unwrapped(value: unknown): unknown {
  if (value instanceof Secret) {
    return unwrapped(value.value);
  }
  if (Array.isArray(value)) {
    return value.map(unwrapped);
  }
  return typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, it]) => [key, unwrapped(it)]))
    : value;
}
