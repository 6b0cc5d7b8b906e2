import { closest, distance } from "fastest-levenshtein";

/** A hint at the known name that is nearest to a misspelled one; undefined if none is near. */
export function suggestion(name: string, known: readonly string[]): string | undefined {
  const near = closest(name, known);
  return distance(name, near) <= Math.max(2, name.length / 3) ? `did you mean ${near}?` : undefined;
}
