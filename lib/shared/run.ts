/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Runs a program; prints the message of an error that ends it, and sets this exit code. */
export function runMain(program: () => unknown, exitCode = 1): void {
  Promise.resolve()
    .then(program)
    .catch((error: unknown) => {
      console.error(messageOf(error));
      process.exitCode = exitCode;
    });
}
