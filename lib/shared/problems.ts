import { RunError } from "@pulumi/pulumi/errors";

/** A problem with a setting, or with the machine for a setting. */
export interface Problem {
  /** The setting's name, as in Pulumi.yaml. */
  readonly setting: string;
  /** Its value; omitted for a secret. */
  readonly value?: unknown;
  /** Description of the problem, or the allowed values. */
  readonly problem: string;
  /** The remedy. */
  readonly fix: string;
}

/** A text with the credentials of its URLs removed: everything between `//` and the last `@`. */
export function hideCredentials(text: string): string {
  return text.replace(/\/\/[^\s"'<>]*@/g, "//[secret]@");
}

/** An error of which the CLI shows only the message, without the credentials of a URL. */
export class LabError extends RunError {
  constructor(message: string) {
    super(hideCredentials(message));
    // with a stack, the runtime inspects the whole error for its trace: 13 s of garbage collection
    this.stack = "";
  }
}

/** A problem in one line. */
export function describeProblem({ setting, value, problem }: Omit<Problem, "fix">): string {
  const shown = value === undefined ? "" : ` = ${JSON.stringify(value)}`;
  return hideCredentials(`${setting}${shown}: ${problem}`);
}

/** A problem with its remedy, in one line. */
export function describeProblemAndFix({ fix, ...problem }: Problem): string {
  return `${describeProblem(problem)}; ${fix}`;
}

/**
 * Reports all problems together and ends the program; does nothing without problems.
 *
 * @throws LabError with each of them.
 */
export function throwProblems(problems: readonly Problem[]): void {
  if (problems.length === 0) {
    return;
  }
  const count = problems.length === 1 ? "1 problem" : `${String(problems.length)} problems`;
  throw new LabError(
    [`${count}, nothing was changed:`, ...problems.map((problem) => `  - ${describeProblemAndFix(problem)}`)].join(
      "\n",
    ),
  );
}
