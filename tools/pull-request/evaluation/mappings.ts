import { MappingResult, ValueMapping } from "../../verify/panels/model";
import { readExpression } from "./expression";

export type PanelValue = number | string | null | undefined;

/** A mapping as Grafana 7 and before store it: type 1 for a value, 2 for a range. */
export interface OldMapping {
  readonly type?: number | string;
  readonly value?: string | number | null;
  readonly from?: string | number | null;
  readonly to?: string | number | null;
  readonly text?: string;
}

/** Result of the first mapping that matches a value. */
export function findMapping(mappings: readonly ValueMapping[], value: PanelValue): MappingResult | undefined {
  for (const mapping of mappings) {
    const result = resultOf(mapping.options === undefined ? upgradeMapping(mapping) : mapping, value);
    if (result !== undefined) {
      return result;
    }
  }
  return undefined;
}

function resultOf({ type, options = {} }: ValueMapping, value: PanelValue): MappingResult | undefined {
  const { result } = options;
  switch (type) {
    case "special":
      return isSpecial(options.match, value) ? result : undefined;
    case "value": {
      const byValue = options as Readonly<Record<string, MappingResult>>;
      return isNullish(value) || !Object.hasOwn(byValue, value) ? undefined : byValue[value];
    }
    case "range": {
      const number = typeof value === "string" ? parseFloat(value) : (value ?? NaN);
      const { from, to } = options;
      return number >= (from ?? -Infinity) && number <= (to ?? Infinity) ? result : undefined;
    }
    case "regex": {
      const expression = readExpression(options.pattern ?? "");
      if (typeof value !== "string" || expression?.test(value) !== true) {
        return undefined;
      }
      expression.lastIndex = 0;
      return { ...result, text: result?.text === undefined ? undefined : value.replace(expression, result.text) };
    }
    default:
      return undefined;
  }
}

function isSpecial(match: string | undefined, value: PanelValue): boolean {
  switch (match) {
    case "null":
      return isNullish(value);
    case "nan":
      return Number.isNaN(value);
    case "null+nan":
      return isNullish(value) || Number.isNaN(value);
    case "empty":
      return value === "";
    case "true":
    case "false":
      return value === match;
    default:
      return false;
  }
}

function isNullish(value: PanelValue): value is null | undefined {
  return value === null || value === undefined;
}

export function upgradeMapping({ type, value, from, to, text }: OldMapping): ValueMapping {
  const result = { text };
  if ([value, from, to].includes("null")) {
    return { type: "special", options: { match: "null", result } };
  }
  if (Number(type) === 1) {
    return { type: "value", options: { [String(value)]: result } };
  }
  return { type: "range", options: { from: Number(from), to: Number(to), result } };
}
