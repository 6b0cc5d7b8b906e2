import { FieldConfig, FieldOverride, Panel } from "../../verify/panels/model";
import { readExpression } from "./expression";

/** A series or a column of a table. */
export interface Field {
  /** Display name. */
  readonly name: string;
  readonly refId: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export type FieldType = "number" | "string";

/** Grafana's name for the value field of a query. */
const VALUE = "Value";

/** Settings of a field: the panel's defaults, then each matching override in order. */
export function configOf({ fieldConfig }: Panel, field: Field, type: FieldType): FieldConfig {
  const matching = (fieldConfig?.overrides ?? []).filter(({ matcher }) => matches(matcher, field, type));
  return matching.flatMap(({ properties }) => properties).reduce(apply, fieldConfig?.defaults ?? {});
}

function apply(config: FieldConfig, { id, value }: FieldOverride["properties"][number]): FieldConfig {
  if (id === "mappings" && Array.isArray(value)) {
    // an override's mappings precede the others; every other property replaces
    return { ...config, mappings: [...(value as typeof config.mappings & object), ...(config.mappings ?? [])] };
  }
  const [, custom] = /^custom\.(.*)$/.exec(id) ?? [];
  if (custom !== undefined) {
    return { ...config, custom: { ...config.custom, [custom]: value } };
  }
  return { ...config, [id]: value ?? undefined };
}

function matches({ id, options }: FieldOverride["matcher"], field: Field, type: FieldType): boolean {
  switch (id) {
    case "byName":
      return isNamed(field, type, [options]);
    case "byNames": {
      const { names = [], mode } = (options ?? {}) as { names?: readonly unknown[]; mode?: string };
      return isNamed(field, type, names) !== (mode === "exclude");
    }
    case "byRegexp":
      return typeof options === "string" && options !== "" && readExpression(options)?.test(field.name) === true;
    case "byFrameRefID":
      return field.refId === options;
    case "byType":
      return type === options;
    case "numeric":
      return type === "number";
    default:
      return false;
  }
}

function isNamed({ name, labels }: Field, type: FieldType, names: readonly unknown[]): boolean {
  // a series also matches this name, independently of its legend
  const isValue = type === "number" && labels !== undefined;
  return names.includes(name) || (isValue && names.includes(VALUE));
}
