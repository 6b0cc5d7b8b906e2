import * as pulumi from "@pulumi/pulumi";

/** One thing that is wrong with a setting, or with the machine for what a setting asks. */
export interface Fault {
  /** The setting's name, as in Pulumi.yaml. */
  readonly setting: string;
  /** Its value as it was given; left out for a secret. */
  readonly value?: unknown;
  /** What is wrong with it, or what is allowed instead. */
  readonly problem: string;
  /** What to do. */
  readonly fix: string;
}

/** A fault in one line. */
export function describeFault({ setting, value, problem, fix }: Fault): string {
  const shown = value === undefined ? "" : ` = ${JSON.stringify(value)}`;
  return `${setting}${shown}: ${problem}; ${fix}`;
}

/**
 * Ends the program with every fault at once; without faults it does nothing.
 *
 * @throws pulumi.RunError, which the CLI shows without a stack trace.
 */
export function throwFaults(faults: readonly Fault[]): void {
  if (faults.length === 0) {
    return;
  }
  const count = faults.length === 1 ? "1 fault" : `${String(faults.length)} faults`;
  throw new pulumi.RunError(
    [`${count}, nothing was changed:`, ...faults.map((fault) => `  - ${describeFault(fault)}`)].join("\n"),
  );
}
