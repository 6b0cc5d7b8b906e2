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

/** A fault in one line. */
export function describeProblemAndFix({ fix, ...problem }: Problem): string {
  return `${describeProblem(problem)}; ${fix}`;
}

/**
 * Ends the program with every fault at once; without faults it does nothing.
 *
 * @throws LabError that names each of them.
 */
export function throwProblems(faults: readonly Problem[]): void {
  if (faults.length === 0) {
    return;
  }
  const count = faults.length === 1 ? "1 fault" : `${String(faults.length)} faults`;
  throw new LabError(
    [`${count}, nothing was changed:`, ...faults.map((fault) => `  - ${describeProblemAndFix(fault)}`)].join("\n"),
  );
}
