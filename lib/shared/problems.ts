import { RunError } from "@pulumi/pulumi/errors";

/** One thing that is wrong with a setting, or with the machine for what a setting asks. */
export interface Problem {
  /** The setting's name, as in Pulumi.yaml. */
  readonly setting: string;
  /** Its value as it was given; left out for a secret. */
  readonly value?: unknown;
  /** What is wrong with it, or what is allowed instead. */
  readonly problem: string;
  /** What to do. */
  readonly fix: string;
}

/** A text in which no URL shows its credentials, however they are written: all between `//` and the last `@`. */
export function hideCredentials(text: string): string {
  return text.replace(/\/\/[^\s"'<>]*@/g, "//[secret]@");
}

/** An error that the CLI shows as its message alone, without the credentials of a URL. */
export class LabError extends RunError {
  constructor(message: string) {
    super(hideCredentials(message));
    // where there is a stack, the runtime inspects the whole error for its own trace: 13 s of garbage collection
    this.stack = "";
  }
}

/** What is wrong, in one line. */
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
 * @throws LabError that names each of them.
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
