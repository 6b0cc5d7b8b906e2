// Restores the data of a backup into the lab; see scripts/restore.
// usage: restore.ts CHECKOUT FOLDER [FILE]      FOLDER: LAB_ROOM, or .lab in the checkout
import * as fs from "node:fs";
import * as path from "node:path";
import { keyFingerprint, WELL_KNOWN_KEY } from "../../lib/docker/grafanaKey";
import { LabError } from "../../lib/shared/problems";
import { archiveOf, Backup, openBackup } from "./backupFile";
import { run, runProgram, say } from "./commands";
import { describeAccounts } from "./grafanaAccounts";
import { readKey, renewDataKeys, SavedKeys, writeKey } from "./grafanaKeys";
import { pulumi, RunningLab } from "./runningLab";

const SWAP_DATA = fs.readFileSync(path.join(__dirname, "swap-data.sh"), "utf8");
const PASSWORDS = "the passwords of Grafana's datasources in the backup";

/** An opened backup and the folder with its members. */
interface Source {
  readonly backup: Backup;
  readonly folder: string;
}

/** Grafana's key before and after the restore; `after` is undefined if the lab keeps its own. */
interface KeyChange {
  readonly before: string;
  readonly after: string | undefined;
  readonly readable: boolean;
}

async function restore(checkout: string, folder: string, file: string): Promise<void> {
  const refusal = (problem: string): LabError =>
    new LabError(`FILE = ${file}: ${problem}; nothing was changed: give a file that make backup wrote`);
  if (file === "") {
    throw new LabError("FILE is not set: make restore FILE=.lab/backups/...");
  }
  if (fs.statSync(file, { throwIfNoEntry: false })?.isFile() !== true) {
    throw refusal("is not a file");
  }
  const keys = new SavedKeys(path.join(folder, "grafana-keys"));
  const work = fs.mkdtempSync(path.join(folder, "restore."));
  try {
    const source = { backup: readBackup(file, work, refusal), folder: work };
    const lab = await bringUp(checkout);
    if (source.backup.lab !== lab.name) {
      throw refusal(`is a backup of the lab ${source.backup.lab}, and this one is ${lab.name}`);
    }
    const parts = restoredParts(lab, source.backup);
    const change = await chooseKey(lab, source.backup, keys);
    say(`restoring the data of ${lab.name} as it was at ${source.backup.time}`);
    await swapOrGiveUp(lab, change, () => swap(lab, { source, parts, change, keys }));
    await onEach(lab, parts, "finish");
    await adopt(checkout, change);
  } finally {
    fs.rmSync(work, { recursive: true });
  }
  say(`the data of ${file} is in the lab`);
}

function readBackup(file: string, folder: string, refusal: (problem: string) => LabError): Backup {
  try {
    return openBackup(file, folder);
  } catch (error) {
    throw refusal((error as Error).message);
  }
}

async function up(checkout: string, ...args: string[]): Promise<void> {
  await run(pulumi(checkout), ["up", "--yes", "--skip-preview", ...args], { output: "inherit" });
}

/** The lab; brings it up if it is not running. */
async function bringUp(checkout: string): Promise<RunningLab> {
  let lab = await RunningLab.find(checkout);
  if (lab === undefined || !(await lab.isComplete())) {
    say("the lab is not up: bringing it up first");
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
    say("this lab has no Alertmanager: its silences stay in the backup");
  } else if (restored.length < lab.parts.length) {
    say("the backup has no silences of Alertmanager: the lab's own stay");
  }
  return restored;
}

/** Which key Grafana needs to read the secrets of the backup, if there is one. */
async function chooseKey(lab: RunningLab, backup: Backup, keys: SavedKeys): Promise<KeyChange> {
  const before = await readKey(lab);
  const wellKnown = keyFingerprint(WELL_KNOWN_KEY);
  const wanted = backup.key ?? wellKnown; // a backup older than generated keys
  if (wanted === keyFingerprint(before)) {
    say(`${PASSWORDS} can be read: their key is this lab's`);
    return { before, after: undefined, readable: true };
  }
  if (wanted === wellKnown) {
    say(
      `${PASSWORDS} are encrypted under its well-known key, which this lab takes over with them: afterwards make grafana-key gives it one of its own`,
    );
    return { before, after: WELL_KNOWN_KEY, readable: true };
  }
  const after = keys.read(wanted);
  say(
    after === undefined
      ? `${PASSWORDS} cannot be read: they need the key ${wanted}, which is neither this lab's nor in ${keys.folder}: copy it there from the checkout that made the backup and restore again, or save the passwords in Grafana again`
      : `${PASSWORDS} can be read: this lab takes over their key, ${keys.file(wanted)}`,
  );
  return { before, after, readable: after !== undefined };
}

/** Runs a step of swap-data.sh on the volume of each part. */
async function onEach(lab: RunningLab, parts: readonly string[], step: "swap" | "back" | "finish"): Promise<void> {
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
  readonly source: Source;
  readonly parts: readonly string[];
  readonly change: KeyChange;
  readonly keys: SavedKeys;
}

/** Replaces the lab's data with the backup's, in steps that can be undone. */
async function swap(lab: RunningLab, { source, parts, change, keys }: Swap): Promise<void> {
  await stopAll(lab);
  await onEach(lab, lab.parts, "back"); // undoes a restore that was killed
  for (const part of parts) {
    const input = fs.openSync(path.join(source.folder, archiveOf(part)), "r");
    await lab.inVolume(part, [SWAP_DATA, "unpack"], { input }).finally(() => {
      fs.closeSync(input);
    });
  }
  await onEach(lab, parts, "swap");
  if (change.after !== undefined) {
    keys.save(change.before); // for the lab's own data, in case this process is killed
    await writeKey(lab, change.after);
  }
  await lab.start(lab.parts);
  await lab.waitHealthy(lab.parts);
}

/** Puts the lab's own data back if anything fails before its programs run on the backup's. */
async function swapOrGiveUp(lab: RunningLab, change: KeyChange, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    say("the restore failed: the lab's own data is put back");
    try {
      await stopAll(lab);
      await onEach(lab, lab.parts, "back");
      if (change.after !== undefined) {
        await writeKey(lab, change.before);
      }
      await lab.start(lab.parts);
      say("it is back");
    } catch (another) {
      say((another as Error).message);
    }
    throw error;
  }
}

/** Updates the lab: its Grafana now has the backup's password, and perhaps other dashboards. */
async function adopt(checkout: string, { readable }: KeyChange): Promise<void> {
  // only after the first can the refresh read the dashboards
  await up(checkout);
  await up(checkout, "--refresh");
  const lab = await RunningLab.find(checkout);
  if (lab !== undefined) {
    if (!readable) {
      await renewDataKeys(lab.outputs);
    }
    say(await describeAccounts(lab.outputs));
  }
}

const [checkout = "", folder = "", file = ""] = process.argv.slice(2);
runProgram(() => restore(checkout, folder, file));
