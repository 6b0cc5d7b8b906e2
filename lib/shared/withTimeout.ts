/**
 * Runs a task that is aborted after a time, in milliseconds. Unlike `AbortSignal.timeout` it prevents Node from exiting
 * while a fetch waits for a server that closes every connection.
 */
export async function withTimeout<T>(ms: number, task: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(new Error(`no response within ${String(ms / 1000)} s`));
  }, ms);
  try {
    return await task(controller.signal);
  } finally {
    clearTimeout(timer);
  }
}
