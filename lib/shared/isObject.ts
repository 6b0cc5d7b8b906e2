/** Whether a value is an object and not a list. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Every object in a value, itself included, from the outside in. */
export function objectsWithin(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (typeof value !== "object" || value === null) {
    return [];
  }
  return [...(isObject(value) ? [value] : []), ...Object.values(value).flatMap(objectsWithin)];
}
