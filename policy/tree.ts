import type { Subject } from "./policies";

/** The component that everything else is below; its type comes first in the URN of each of its descendants. */
const ROOT = "observability-lab:components:Lab";
const STACK = "pulumi:pulumi:Stack";
const DEFAULT_PROVIDER = /^pulumi:providers:[^$]+::default/;

/** A resource is the lab or below it; the stack and the providers that the engine adds by itself are not asked. */
export function inTree({ type, name, urn }: Subject): readonly string[] {
  // urn:pulumi:STACK::PROJECT::TYPE$TYPE$...::NAME
  const own = urn.split("::").slice(2).join("::");
  const inside = own.startsWith(`${ROOT}$`) || own.startsWith(`${ROOT}::`);
  return inside || type === STACK || DEFAULT_PROVIDER.test(own)
    ? []
    : [
        `${name} (${type}) is outside the lab, so no room answers for it and nothing orders its removal. ` +
          "Make it in a component below Lab, with { parent: this }.",
      ];
}
