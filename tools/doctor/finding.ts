import { describeProblem, Problem } from "../../lib/shared/problems";

/** What a check found of this machine. */
export interface Finding {
  readonly check: string;
  /** A warning leaves the lab working, a fault does not; skipped is what could not be looked at. */
  readonly state: "ok" | "warning" | "fault" | "skipped";
  readonly seen: string;
  /** What to do about a warning or a fault. */
  readonly fix?: string;
}

export function ok(check: string, seen: string): Finding {
  return { check, state: "ok", seen };
}

export function warning(check: string, seen: string, fix: string): Finding {
  return { check, state: "warning", seen, fix };
}

export function fault(check: string, seen: string, fix: string): Finding {
  return { check, state: "fault", seen, fix };
}

export function skipped(check: string, seen: string): Finding {
  return { check, state: "skipped", seen };
}

/** What `up` would refuse for, or that it would not. */
export function ofProblems(check: string, faults: readonly Problem[], seen: string): readonly Finding[] {
  return faults.length === 0 ? [ok(check, seen)] : faults.map((it) => fault(check, describeProblem(it), it.fix));
}
