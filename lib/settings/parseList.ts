import { isObject } from "../shared/isObject";

/** The objects of a JSON list; undefined for any other text. */
export function parseList(text: string): Record<string, unknown>[] | undefined {
  try {
    const entries: unknown = JSON.parse(text);
    return Array.isArray(entries) && entries.every(isObject) ? entries : undefined;
  } catch {
    return undefined;
  }
}
