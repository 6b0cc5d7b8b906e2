import { setTimeout } from "node:timers/promises";
import { callDocker } from "../../lib/docker/client";
import { readLog } from "../../lib/docker/logs";
import { readReload, Reload } from "../../lib/drift/reloads";
import { LabError } from "../../lib/shared/problems";

/** A program that reloads its files on SIGHUP and exposes metrics about its last reload. */
export interface ReloadingProgram {
  /** Name of its container. */
  readonly container: string;
  /** Its URL. */
  readonly url: string;
  /** Prefix of its metrics about the last reload. */
  readonly metrics: string;
  /** Undefined if it requires none. */
  readonly password?: string | undefined;
}

/** Enough for a reload of many rules. */
const TIMEOUT_MS = 20_000;
const POLL_MS = 50;

/**
 * Has a program reload its files, and waits until it has.
 *
 * @throws LabError with the last lines of its log if it rejects them, and keeps the previous ones.
 */
export async function reload(program: ReloadingProgram): Promise<void> {
  const { container } = program;
  const before = await lastReload(program);
  const { status, body } = await callDocker("POST", `/containers/${container}/kill?signal=SIGHUP`);
  if (status >= 400) {
    throw new LabError(`${container} cannot be sent SIGHUP: ${body.toString().trim()}`);
  }
  const deadline = Date.now() + TIMEOUT_MS;
  for (let now = before; !(now.successful && now.at !== before.at); now = await lastReload(program)) {
    const rejected = before.successful && !now.successful;
    if (rejected || Date.now() > deadline) {
      const outcome = rejected
        ? "rejected its new files and kept the previous ones"
        : `has not loaded its new files within ${String(TIMEOUT_MS / 1000)} s`;
      throw new LabError(`${container} ${outcome}; its last lines:\n${await readLog(container)}`);
    }
    await setTimeout(POLL_MS);
  }
}

async function lastReload({ container, url, metrics, password }: ReloadingProgram): Promise<Reload> {
  try {
    return await readReload(url, metrics, password);
  } catch (error) {
    const { message, cause } = error as Error & { cause?: Error };
    throw new LabError(
      `${container} does not report whether it loaded its files (${cause?.message ?? message}); ` +
        `see make logs, then run make up again`,
    );
  }
}
