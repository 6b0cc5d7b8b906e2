import { describeProblem, Problem } from "../../lib/shared/problems";

/** Result of a check of this machine. */
export interface Finding {
  readonly check: string;
  /** The lab works with a warning, not with a problem; a skipped check could not run. */
  readonly state: "ok" | "warning" | "problem" | "skipped";
  readonly seen: string;
  /** How to resolve a warning or a problem. */
  readonly fix?: string;
}

export function ok(check: string, seen: string): Finding {
  return { check, state: "ok", seen };
}

export function warning(check: string, seen: string, fix: string): Finding {
  return { check, state: "warning", seen, fix };
}

export function problem(check: string, seen: string, fix: string): Finding {
  return { check, state: "problem", seen, fix };
}

export function skipped(check: string, seen: string): Finding {
  return { check, state: "skipped", seen };
}

/** The problems for which `up` would fail, or ok. */
export function ofProblems(check: string, problems: readonly Problem[], seen: string): readonly Finding[] {
  return problems.length === 0 ? [ok(check, seen)] : problems.map((it) => problem(check, describeProblem(it), it.fix));
}
