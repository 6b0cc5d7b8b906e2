import { LAB, type Resource, STACK, typesOf } from "./resource";

const DEFAULT_PROVIDER = /^pulumi:providers:[^$:]+$/;

/** A resource is the lab or below it; the stack and default providers are not checked. */
export function inTree(resource: Resource): readonly string[] {
  const { type, name } = resource;
  const [root, ...more] = typesOf(resource);
  const own = root === STACK || (root !== undefined && DEFAULT_PROVIDER.test(root) && name.startsWith("default"));
  return root === LAB || (own && more.length === 0)
    ? []
    : [
        `${name} (${type}) is outside the lab, so no component owns it and nothing orders its removal. ` +
          "Make it in a component below Lab, with { parent: this }.",
      ];
}
