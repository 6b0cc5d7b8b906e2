import { randomUUID } from "node:crypto";
import type { Settings } from "../lib/settings/settings";

/** A resource that is about to be created or changed, as the Pulumi engine identifies it. */
export interface ResourceId {
  readonly type: string;
  readonly name: string;
  readonly urn: string;
}

/** A resource with its inputs. */
export interface Resource extends ResourceId {
  /** Secrets unwrapped. */
  readonly props: Readonly<Record<string, unknown>>;
  /** The same with each secret as a `Hidden`. */
  readonly marked: Readonly<Record<string, unknown>>;
}

/** Information that policies need besides the resources. */
export interface PolicyContext extends Pick<Settings, "bindAddress" | "namePrefix" | "subnet" | "gateway"> {
  /** Whether the setting webPassword is set. */
  readonly webPassword: boolean;
  /** Real paths of the sockets of this machine that give access to the whole API of Docker or containerd. */
  readonly sockets: readonly string[];
  /** Whether this Docker can limit a container's memory. */
  readonly memoryLimit: boolean;
  /** Sockets of Docker and its containerd on this machine, as mounts name them. */
  readonly engine: readonly string[];
  /** Text of a file of `assets/` in the checkout that is checked; undefined if there is none. */
  readonly asset: (file: string) => string | undefined;
}

/** Violations of a policy by a resource, each with the reason and the remedy. */
export type Check = (resource: Resource, context: PolicyContext) => readonly string[];

/** A value that is a secret. */
export class Hidden {
  constructor(readonly value: unknown) {}
}

/** Stands for an output whose value is not known yet; the policies run again once it is. */
export const PENDING = `an output ${randomUUID()}`; // random, so that no value contains it

export const LAB = "observability-lab:components:Lab";
export const STACK = "pulumi:pulumi:Stack";

/**
 * The types of a resource and of all its parents, its own last. Stack and project hold no `::`, a name may: so the third
 * part of the URN has the types, and what comes after is the name.
 *
 * @returns nothing for a URN that does not belong to the resource.
 */
export function typesOf({ type, name, urn }: ResourceId): readonly string[] {
  const [, , qualified = "", ...rest] = urn.split("::");
  const types = qualified.split("$");
  return rest.join("::") === name && types.at(-1) === type ? types : [];
}

/** A value with all secrets unwrapped. */
export function unwrap(value: unknown): unknown {
  return replaced(value, (it) => (it instanceof Hidden ? { value: unwrap(it.value) } : undefined));
}

/** A value with some of its parts replaced. */
export function replaced(value: unknown, by: (value: unknown) => { readonly value: unknown } | undefined): unknown {
  const other = by(value);
  if (other !== undefined) {
    return other.value;
  }
  if (Array.isArray(value)) {
    return value.map((it) => replaced(it, by));
  }
  return typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, it]) => [key, replaced(it, by)]))
    : value;
}

/** Whether it is equivalent to an unset property, such as `false` or an empty list. */
export function isUnset(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    value === false ||
    value === "" ||
    value === 0 ||
    (typeof value === "object" && Object.values(value).every(isUnset))
  );
}

/** Whether a text is not known yet. */
export function isPending(value: unknown): boolean {
  return typeof value === "string" && value.includes(PENDING);
}
