import { LAB, type Resource, STACK, typesOf } from "./resource";

const DEFAULT_PROVIDER = /^pulumi:providers:[^$:]+$/;

/** A resource is the lab or below it; the stack and default providers are not checked. */
export function checkTree(resource: Resource): readonly string[] {
  const { type, name } = resource;
  const [root, ...more] = typesOf(resource);
  const own = root === STACK || (root !== undefined && DEFAULT_PROVIDER.test(root) && name.startsWith("default"));
  return root === LAB || (own && more.length === 0)
    ? []
    : [
        `${name} (${type}) is not below the component Lab, so no component owns it and orders its removal. ` +
          "Create it in a component below Lab, with { parent: this }.",
      ];
}
