import { type PolicyContext, isPending, isUnset } from "./resource";

/** Whether a property may have a value in a lab with these settings. */
export type Test = (value: unknown, context: PolicyContext) => boolean;

/** The shape of a property: a value that passes a test, a list of such values, or an object with these properties. */
export type Shape = Test | { readonly list: Shape } | Fields;

export interface Fields {
  readonly fields: Readonly<Record<string, Shape>>;
}

export const fields = (shapes: Readonly<Record<string, Shape>>): Fields => ({ fields: shapes });
export const list = (shape: Shape): Shape => ({ list: shape });
export const anything: Test = () => true;
export const number: Test = (value) => typeof value === "number";
export const flag: Test = (value) => typeof value === "boolean";
export const text: Test = (value) => typeof value === "string";
export const is =
  (...values: readonly unknown[]): Test =>
  (value) =>
    values.includes(value);
export const like =
  (pattern: RegExp): Test =>
  (value) =>
    typeof value === "string" && pattern.test(value);

/** Checked by another policy. */
export const ELSEWHERE = anything;

/** The paths of a value that its shape does not allow; unset values are always allowed. */
export function unexpected(value: unknown, shape: Shape, context: PolicyContext, place = ""): readonly string[] {
  if (isUnset(value) || isPending(value)) {
    return [];
  }
  if (typeof shape === "function") {
    return shape(value, context) ? [] : [place];
  }
  if ("list" in shape) {
    return Array.isArray(value)
      ? value.flatMap((it, index) => unexpected(it, shape.list, context, `${place}[${String(index)}]`))
      : [place];
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return [place];
  }
  return Object.entries(value).flatMap(([key, it]) => {
    const inner = place === "" ? key : `${place}.${key}`;
    const known = Object.hasOwn(shape.fields, key) ? shape.fields[key] : undefined;
    return known === undefined ? (isUnset(it) || isPending(it) ? [] : [inner]) : unexpected(it, known, context, inner);
  });
}
