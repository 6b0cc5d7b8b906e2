import { LabError } from "../lib/shared/problems";
import type { PolicyContext, Resource } from "./resource";
import { POLICIES } from "./policies";

/** The violations of all policies by a resource, each preceded by the policy's name. */
export function violationsOf(resource: Resource, context: PolicyContext): readonly string[] {
  return POLICIES.flatMap(({ name, checks }) =>
    checks.flatMap((check) => check(resource, context)).map((violation) => `${name}: ${violation}`),
  );
}

/** @throws LabError with every violation, if there are any. */
export function throwViolations(violations: readonly string[]): void {
  if (violations.length > 0) {
    const count = violations.length === 1 ? "1 policy violation" : `${String(violations.length)} policy violations`;
    throw new LabError([`${count}:`, ...violations.map((it) => `  - ${it}`)].join("\n"));
  }
}
