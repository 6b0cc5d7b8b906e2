// Restores the data of a backup into the lab; see scripts/restore.
// usage: restore.ts CHECKOUT FOLDER [FILE]      FOLDER: LAB_STATE_DIR, or .lab in the checkout
import * as fs from "node:fs";
import * as path from "node:path";
import { keyFingerprint, WELL_KNOWN_KEY } from "../../lib/docker/grafanaKey";
import { LabError } from "../../lib/shared/problems";
import { archiveOf, Backup, openBackup } from "./backupFile";
import { log, run, runProgram, uninterrupted } from "./commands";
import { describeAccounts } from "./grafanaAccounts";
import { readKey, renewDataKeys, SavedKeys, writeKey } from "./grafanaKeys";
import { pulumi, RunningLab } from "./runningLab";

const SWAP_DATA = fs.readFileSync(path.join(__dirname, "swap-data.sh"), "utf8");
const PASSWORDS = "the passwords of Grafana's datasources in the backup";

/** Grafana's key before and after the restore; `after` is undefined if the lab keeps its own. */
interface KeyChange {
  readonly before: string;
  readonly after: string | undefined;
  readonly readable: boolean;
}

async function restore(checkout: string, folder: string, file: string): Promise<void> {
  const invalid = (problem: string): LabError =>
    new LabError(`FILE = ${file}: ${problem}; nothing was changed: give a file that make backup wrote`);
  if (file === "") {
    throw new LabError("FILE is not set: make restore FILE=.lab/backups/...");
  }
  if (fs.statSync(file, { throwIfNoEntry: false })?.isFile() !== true) {
    throw invalid("is not a file");
  }
  const keys = new SavedKeys(path.join(folder, "grafana-keys"));
  const workspace = fs.mkdtempSync(path.join(folder, "restore."));
  try {
    const backup = readBackup(file, workspace, invalid);
    const lab = await bringUp(checkout);
    if (backup.lab !== lab.name) {
      throw invalid(`is a backup of the lab ${backup.lab}, and this one is ${lab.name}`);
    }
    const parts = restoredParts(lab, backup);
    const change = await chooseKey(lab, backup, keys);
    log(`restoring the data of ${lab.name} as it was at ${backup.time}`);
    await withRollback(lab, change, () => swap(lab, { folder: workspace, parts, change, keys }));
    await finish(lab, parts);
    await updateLab(checkout, change);
  } finally {
    fs.rmSync(workspace, { recursive: true });
  }
  log(`the data of ${file} is in the lab`);
}

function readBackup(file: string, folder: string, invalid: (problem: string) => LabError): Backup {
  try {
    return openBackup(file, folder);
  } catch (error) {
    throw error instanceof LabError ? error : invalid((error as Error).message);
  }
}

async function up(checkout: string, ...args: string[]): Promise<void> {
  await run(pulumi(checkout), ["up", "--yes", "--skip-preview", ...args], { output: "inherit" });
}

/** The lab, brought up if it is not running. */
async function bringUp(checkout: string): Promise<RunningLab> {
  let lab = await RunningLab.find(checkout);
  if (lab === undefined || !(await lab.isComplete())) {
    log("the lab is not up: bringing it up first");
    await up(checkout);
    lab = await RunningLab.find(checkout);
  }
  if (lab === undefined) {
    throw new LabError("the lab is not up: run make up");
  }
  return lab;
}

function restoredParts(lab: RunningLab, { parts }: Backup): readonly string[] {
  const restored = parts.filter((part) => lab.parts.includes(part));
  if (restored.length < parts.length) {
    log("this lab has no Alertmanager: its silences stay in the backup");
  } else if (restored.length < lab.parts.length) {
    log("the backup has no silences of Alertmanager: the lab's own stay");
  }
  return restored;
}

/** Chooses the key with which Grafana can decrypt the secrets of the backup. */
async function chooseKey(lab: RunningLab, backup: Backup, keys: SavedKeys): Promise<KeyChange> {
  const before = await readKey(lab);
  const wellKnown = keyFingerprint(WELL_KNOWN_KEY);
  const fingerprint = backup.key ?? wellKnown; // a backup older than generated keys
  if (fingerprint === keyFingerprint(before)) {
    log(`${PASSWORDS} can be read: their key is this lab's`);
    return { before, after: undefined, readable: true };
  }
  if (fingerprint === wellKnown) {
    log(
      `${PASSWORDS} are encrypted with Grafana's default key, which this lab now uses too: run make grafana-key afterwards to give it its own`,
    );
    return { before, after: WELL_KNOWN_KEY, readable: true };
  }
  const after = keys.read(fingerprint);
  log(
    after === undefined
      ? `${PASSWORDS} cannot be read: they need the key ${fingerprint}, which is neither this lab's nor in ${keys.folder}: copy it there from the checkout that made the backup and restore again, or save the passwords in Grafana again`
      : `${PASSWORDS} can be read: this lab takes over their key, ${keys.file(fingerprint)}`,
  );
  return { before, after, readable: after !== undefined };
}

/** Runs a step of swap-data.sh on the volume of each part. */
async function runSwapStep(lab: RunningLab, parts: readonly string[], step: "swap" | "back" | "finish"): Promise<void> {
  for (const part of parts) {
    await lab.inVolume(part, [SWAP_DATA, step]);
  }
}

async function stopAll(lab: RunningLab): Promise<void> {
  for (const part of lab.parts) {
    await lab.stop(part);
  }
}

interface Swap {
  /** The members of the backup. */
  readonly folder: string;
  readonly parts: readonly string[];
  readonly change: KeyChange;
  readonly keys: SavedKeys;
}

/** Replaces the lab's data with the backup's in revertible steps. */
async function swap(lab: RunningLab, { folder, parts, change, keys }: Swap): Promise<void> {
  await stopAll(lab);
  await runSwapStep(lab, lab.parts, "back"); // reverts a killed restore
  for (const part of parts) {
    const input = fs.openSync(path.join(folder, archiveOf(part)), "r");
    await lab.inVolume(part, [SWAP_DATA, "unpack"], { input }).finally(() => {
      fs.closeSync(input);
    });
  }
  await runSwapStep(lab, parts, "swap");
  if (change.after !== undefined) {
    keys.save(change.before); // for the lab's own data, in case this process is killed
    await writeKey(lab, change.after);
  }
  await lab.start(lab.parts);
  await lab.waitHealthy(lab.parts);
}

/** Removes the former data of every part, even after a signal: the next restore would put back any that is left. */
async function finish(lab: RunningLab, parts: readonly string[]): Promise<void> {
  try {
    await uninterrupted(async () => {
      const failures: unknown[] = [];
      for (const part of parts) {
        await runSwapStep(lab, [part], "finish").catch((error: unknown) => failures.push(error));
      }
      if (failures.length > 0) {
        throw failures[0];
      }
    });
  } catch (error) {
    log("the data of the backup is in the lab: run make up");
    throw error;
  }
}

/** Runs a step; if it fails, restores the lab's own data and key. */
async function withRollback(lab: RunningLab, change: KeyChange, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    log("the restore failed: putting the lab's own data back");
    try {
      await uninterrupted(async () => {
        await stopAll(lab);
        await runSwapStep(lab, lab.parts, "back");
        if (change.after !== undefined) {
          await writeKey(lab, change.before);
        }
        await lab.start(lab.parts);
        log("it is back");
      });
    } catch (rollbackError) {
      log((rollbackError as Error).message);
    }
    throw error;
  }
}

/** Updates the lab, as its Grafana now has the backup's password and possibly other dashboards. */
async function updateLab(checkout: string, { readable }: KeyChange): Promise<void> {
  // the refresh can read the dashboards only after the first update resets the password
  await up(checkout);
  await up(checkout, "--refresh");
  const lab = await RunningLab.find(checkout);
  if (lab !== undefined) {
    if (!readable) {
      await renewDataKeys(lab.outputs);
    }
    log(await describeAccounts(lab.outputs));
  }
}

const [checkout = "", folder = "", file = ""] = process.argv.slice(2);
runProgram(() => restore(checkout, folder, file));
