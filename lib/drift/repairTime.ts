import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { attempt } from "../shared/attempt";

/** Folder of the state: LAB_STATE_DIR, or .lab in this checkout. */
function checkoutFolder({ LAB_STATE_DIR: own }: NodeJS.ProcessEnv): string {
  return own === undefined || own === "" ? path.resolve(__dirname, "../../.lab") : own;
}

/**
 * Time in the inputs of the next update's repairs. A preview saves it to a file, so that it and the update declare the same
 * inputs (`pulumi up --plan`). The update removes the file, so that the time differs between updates.
 *
 * @param lab The lab's name.
 * @param stateDir Folder of the file; only a preview with drift writes there.
 */
export function repairTime(lab: string, dryRun: boolean, stateDir = checkoutFolder(process.env)): () => string {
  const file = path.join(stateDir, `repairs-${lab}`);
  let time: string | undefined;
  return () => (time ??= dryRun ? saveTime(file) : takeTime(file));
}

function saveTime(file: string): string {
  const saved = readTime(file);
  if (saved !== undefined) {
    return saved;
  }
  const time = new Date().toISOString();
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, time, { mode: 0o600 });
  } catch {
    // the update then has another time, and violates a saved plan
  }
  return time;
}

function takeTime(file: string): string {
  const saved = readTime(file);
  try {
    rmSync(file, { force: true });
    return saved ?? new Date().toISOString();
  } catch {
    return new Date().toISOString(); // the saved time would be reused by the next update
  }
}

/** Undefined for a missing or truncated file. */
function readTime(file: string): string | undefined {
  const time = attempt(() => readFileSync(file, "utf8")) ?? "";
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(time) ? time : undefined;
}
