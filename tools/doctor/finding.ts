import { describeProblem, Problem } from "../../lib/shared/problems";

/** What a check found of this machine. */
export interface Finding {
  readonly check: string;
  /** With a warning the lab works, with a problem it does not; skipped could not be checked. */
  readonly state: "ok" | "warning" | "problem" | "skipped";
  readonly seen: string;
  /** What to do about a warning or a problem. */
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

/** What `up` would refuse for, or that it would not. */
export function ofProblems(check: string, problems: readonly Problem[], seen: string): readonly Finding[] {
  return problems.length === 0 ? [ok(check, seen)] : problems.map((it) => problem(check, describeProblem(it), it.fix));
}
