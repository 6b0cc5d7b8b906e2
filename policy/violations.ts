import { LabError } from "../lib/shared/problems";
import type { Context, Resource } from "./resource";
import { RULES } from "./rules";

/** What every rule finds wrong with a resource, with the rule's name before it. */
export function violationsOf(resource: Resource, context: Context): readonly string[] {
  return RULES.flatMap(({ name, checks }) =>
    checks.flatMap((check) => check(resource, context)).map((violation) => `${name}: ${violation}`),
  );
}

/** @throws LabError that names every violation, where there is one. */
export function refuse(violations: readonly string[]): void {
  if (violations.length > 0) {
    const count =
      violations.length === 1 ? "1 rule of policy/ does" : `${String(violations.length)} rules of policy/ do`;
    throw new LabError([`${count} not hold:`, ...violations.map((it) => `  - ${it}`)].join("\n"));
  }
}
