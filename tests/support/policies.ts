import { type ResourceValidationArgs, Secret } from "@pulumi/policy";
import * as path from "node:path";
import type { Machine } from "../../lib/docker/machine";
import { type PolicySettings, contextOf } from "../../policy/context";
import { enginePolicies } from "../../policy/enginePolicies";
import { type PolicyContext, type Resource, type ResourceId, unwrap } from "../../policy/resource";
import type { Registration } from "./mocks";

/** A resource as the Pulumi engine passes it to a policy pack. */
export type Shown = ResourceId & { readonly props: Readonly<Record<string, unknown>> };

const LAB = "observability-lab:components:Lab";
const PROJECT = path.resolve(__dirname, "../..");

const SETTINGS: PolicySettings = {
  bindAddress: "127.0.0.1",
  namePrefix: "",
  subnet: "172.30.90.0/24",
  gateway: "172.30.90.1",
  webPassword: undefined,
};

/** PolicyContext of the policies on a machine with these sockets. */
export function context(
  sockets: readonly string[] = [],
  settings: Partial<PolicySettings> = {},
  { memoryLimit = true } = {},
): PolicyContext {
  const machine = { sockets, socket: "/var/run/docker.sock", containerdSocket: "/run/containerd/containerd.sock" };
  return contextOf({ ...machine, memoryLimit }, { ...SETTINGS, ...settings }, PROJECT);
}

/** A resource in a component of the lab, or in the lab itself. */
export function subject(parents: readonly string[], type: string, name: string): ResourceId {
  return { type, name, urn: `urn:pulumi:test::observability-lab::${[LAB, ...parents, type].join("$")}::${name}` };
}

/** The container of a component. */
export function containerOf(component: string, name: string): ResourceId {
  const parents = [`observability-lab:monitoring:${component}`, "observability-lab:components:LabContainer"];
  return subject(parents, "docker:index/container:Container", name);
}

/** A resource as a policy receives it. */
export function resource(it: ResourceId, marked: Readonly<Record<string, unknown>>): Resource {
  return { ...it, marked, props: unwrap(marked) as Resource["props"] };
}

/** Violations of a resource as `policy: message`, in the order of the Pulumi engine. */
export async function violations(
  { props, ...it }: Shown,
  { sockets = [], memoryLimit, ...settings }: Partial<PolicySettings & Pick<Machine, "sockets" | "memoryLimit">> = {},
): Promise<readonly string[]> {
  const messages: string[] = [];
  const known = context(sockets, settings, { memoryLimit });
  const policies = enginePolicies(() => Promise.resolve(known));
  for (const policy of policies) {
    await policy.remediateResource?.({ ...it, props } as ResourceValidationArgs);
  }
  for (const policy of policies) {
    // the SDK passes secrets to a validation like other values
    const args = { ...it, props: {} } as ResourceValidationArgs;
    for (const validate of [policy.validateResource ?? []].flat()) {
      await validate(args, (message) => messages.push(`${policy.name}: ${message}`));
    }
  }
  return messages;
}

/** A registered resource as the Pulumi engine passes it to a remediation, which sees secrets marked as such. */
export function shown(one: Registration, registrations: readonly Registration[]): Shown {
  const { type, name, urn, parent, inputs, secretInputs } = one;
  return {
    type,
    name,
    urn: [...urn.split("::").slice(0, 2), typesOf(type, parent, registrations), name].join("::"),
    props: Object.fromEntries(
      Object.entries(withIds(inputs)).map(([key, value]) => [
        key,
        secretInputs.includes(key) ? new Secret(value) : value,
      ]),
    ),
  };
}

/** Replaces the mocks' id of the overlay network, which is not a valid Docker id. */
function withIds(inputs: Registration["inputs"]): Registration["inputs"] {
  const id = "0123456789abcdefghijklmno";
  return JSON.parse(JSON.stringify(inputs).replaceAll("lab-overlay-id", id)) as Registration["inputs"];
}

/** Types of all parents, as in a URN; Pulumi's mocks include only the last one. */
function typesOf(type: string, parent: string, registrations: readonly Registration[]): string {
  const above = registrations.find(({ urn }) => urn === parent);
  return above === undefined ? type : `${typesOf(above.type, above.parent, registrations)}$${type}`;
}
