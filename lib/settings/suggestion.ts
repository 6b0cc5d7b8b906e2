import { closest, distance } from "fastest-levenshtein";

/** Suggests the known name closest to a misspelled one; undefined if none is close. */
export function suggestion(name: string, known: readonly string[]): string | undefined {
  const near = closest(name, known);
  // of the short names, almost any two differ in two letters
  return distance(name, near) <= Math.max(name.length < 5 ? 1 : 2, name.length / 3)
    ? `did you mean ${near}?`
    : undefined;
}

/** Suggests the field that Prometheus writes with underscores, or what it is here; undefined if it is not allowed. */
export function prometheusName(
  field: string,
  allowed: RegExp,
  renamed: Readonly<Record<string, string>>,
): string | undefined {
  const name = field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return allowed.test(name) ? `did you mean ${renamed[name] ?? name}?` : undefined;
}
