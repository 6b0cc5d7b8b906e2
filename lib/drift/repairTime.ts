import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";

/** Ignored folder of this checkout, which has the state. */
function checkoutFolder({ LAB_ROOM: own }: NodeJS.ProcessEnv): string {
  return own === undefined || own === "" ? path.resolve(__dirname, "../../.lab") : own;
}

/**
 * The time that the repairs of the next update carry. A preview keeps it in a file for that update, so that both declare the
 * same inputs (`pulumi up --plan`). The update takes the file away, so that no two updates carry the same time.
 *
 * @param lab The lab's name.
 * @param stateDir Folder of the file; only a preview with drift writes there.
 */
export function repairTime(lab: string, dryRun: boolean, stateDir = checkoutFolder(process.env)): () => string {
  const file = path.join(stateDir, `repairs-${lab}`);
  let time: string | undefined;
  return () => (time ??= dryRun ? keepTime(file) : takeTime(file));
}

function keepTime(file: string): string {
  const kept = readTime(file);
  if (kept !== undefined) {
    return kept;
  }
  const time = new Date().toISOString();
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, time, { mode: 0o600 });
  } catch {
    // the update carries another time then, and does not fit a saved plan
  }
  return time;
}

function takeTime(file: string): string {
  const kept = readTime(file);
  try {
    rmSync(file, { force: true });
    return kept ?? new Date().toISOString();
  } catch {
    return new Date().toISOString(); // the next update would carry the kept time, too
  }
}

/** Undefined for a missing or truncated file. */
function readTime(file: string): string | undefined {
  try {
    const time = readFileSync(file, "utf8");
    return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(time) ? time : undefined;
  } catch {
    return undefined;
  }
}
