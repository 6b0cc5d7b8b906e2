import { LabError } from "../lib/shared/problems";
import type { Context, Resource } from "./resource";
import { RULES } from "./rules";

/** The violations of all policies by a resource, each preceded by the policy's name. */
export function violationsOf(resource: Resource, context: Context): readonly string[] {
  return RULES.flatMap(({ name, checks }) =>
    checks.flatMap((check) => check(resource, context)).map((violation) => `${name}: ${violation}`),
  );
}

/** @throws LabError with every violation, if there are any. */
export function refuse(violations: readonly string[]): void {
  if (violations.length > 0) {
    const count = violations.length === 1 ? "1 policy violation" : `${String(violations.length)} policy violations`;
    throw new LabError([`${count}:`, ...violations.map((it) => `  - ${it}`)].join("\n"));
  }
}
