import { COMPONENT, RESOURCES } from "./properties";
import type { PolicyContext, Resource } from "./resource";
import { unexpected } from "./shape";

const WHERE = "policy/properties.ts";

/** A resource has a type of the lab, and only properties that the lab sets. */
export function checkProperties({ type, name, props }: Resource, context: PolicyContext): readonly string[] {
  const shape = Object.hasOwn(RESOURCES, type) ? RESOURCES[type] : undefined;
  if (shape === undefined) {
    return COMPONENT.test(type)
      ? []
      : [
          `${name}: the type ${type} is not allowed, as no policy checks it. ` +
            `If the lab needs it, add "${type}" with its properties to RESOURCES in ${WHERE}.`,
        ];
  }
  return unexpected(props, shape, context).map(
    (place) =>
      `${name}: ${place} or its value is not allowed, as no policy checks its effect. ` +
      `If the lab needs it, add ${place} to "${type}" in ${WHERE}.`,
  );
}
