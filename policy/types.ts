import { COMPONENT, RESOURCES } from "./properties";
import type { Context, Resource } from "./resource";
import { unexpected } from "./shape";

const WHERE = "policy/properties.ts";

/** A resource has a type of the lab, and only properties that the lab sets. */
export function known({ type, name, props }: Resource, context: Context): readonly string[] {
  const shape = Object.hasOwn(RESOURCES, type) ? RESOURCES[type] : undefined;
  if (shape === undefined) {
    return COMPONENT.test(type)
      ? []
      : [
          `${name}: the lab has no resource of the type ${type}, so no policy limits it. ` +
            `If the lab needs it, add "${type}" with its properties to RESOURCES in ${WHERE}.`,
        ];
  }
  return unexpected(props, shape, context).map(
    (place) =>
      `${name}: ${place} is new, or has a value that the lab never gives it, and no policy limits what it lets a program ` +
      `do. If the lab needs it, add ${place} to "${type}" in ${WHERE}.`,
  );
}
