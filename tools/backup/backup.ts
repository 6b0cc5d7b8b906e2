// Writes the data of a running lab to a file; see scripts/backup.
// usage: backup.ts CHECKOUT FOLDER [FILE]      FOLDER: LAB_ROOM, or .lab in the checkout
import * as fs from "node:fs";
import * as path from "node:path";
import { keyFingerprint, WELL_KNOWN_KEY } from "../../lib/docker/grafanaKey";
import { LabError } from "../../lib/shared/problems";
import { archiveOf, openBackup, writeTexts } from "./backupFile";
import { run, runProgram, say } from "./commands";
import { readKey, SavedKeys } from "./grafanaKeys";
import { RunningLab } from "./runningLab";

const MIB = 1024 * 1024;

/** The current time in UTC, in seconds. */
function now(): string {
  return new Date().toISOString().replace(/\.\d+/, "");
}

async function backUp(checkout: string, folder: string, wanted: string): Promise<void> {
  const lab = await RunningLab.find(checkout);
  if (lab === undefined) {
    throw new LabError("the lab is not up: run make up");
  }
  if (!(await lab.isComplete())) {
    throw new LabError("a container or a volume of the lab is missing: run make up");
  }
  const file = wanted === "" ? path.join(folder, "backups", `${lab.name}-${now().replace(/[-:]/g, "")}.tar`) : wanted;
  if (fs.existsSync(file)) {
    throw new LabError(`FILE = ${file}: exists already; name another file`);
  }
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const key = await readKey(lab);
  const keys = new SavedKeys(path.join(folder, "grafana-keys"));
  // written beside the file and renamed: only a complete backup gets its name
  const work = fs.mkdtempSync(path.join(path.dirname(file), ".backup."));
  try {
    await copyData(lab, work);
    keys.save(key);
    const members = writeTexts(work, { lab: lab.name, time: now(), key: keyFingerprint(key), parts: lab.parts });
    await run("tar", ["-cf", "whole", ...members], { cwd: work });
    await lab.waitHealthy(lab.parts);
    checkWritten(path.join(work, "whole"));
    fs.renameSync(path.join(work, "whole"), file);
  } finally {
    fs.rmSync(work, { recursive: true });
  }
  const size = `${(fs.statSync(file).size / MIB).toFixed(1)} MiB`;
  say(`the data of ${lab.name} is in ${file} (${size}); make restore FILE=${quoted(file)} brings it back`);
  say(
    key === WELL_KNOWN_KEY
      ? "whoever has it can read the passwords of Grafana's datasources: they are encrypted under its well-known key; make grafana-key gives the lab one of its own"
      : `the passwords of Grafana's datasources in it need the key in ${keys.file(keyFingerprint(key))}: keep a copy of that, apart from the backup`,
  );
}

/** Copies the data of each part while its container is stopped, so that its files are consistent. */
async function copyData(lab: RunningLab, folder: string): Promise<void> {
  for (const part of lab.parts) {
    say(`copying the data of ${lab.container(part)}`);
    const output = fs.openSync(path.join(folder, archiveOf(part)), "wx");
    try {
      await lab.stop(part);
      await lab.inVolume(part, ["tar -C /data -cf - ."], { output });
    } finally {
      fs.closeSync(output);
      await lab.startStopped();
    }
  }
}

function checkWritten(file: string): void {
  try {
    openBackup(file);
  } catch (error) {
    const problem = (error as Error).message;
    throw new LabError(`no backup was written, as restore would refuse it: ${problem}; remove that from the volume`);
  }
}

/** A path quoted for a shell. */
function quoted(file: string): string {
  return /[^\w./-]/.test(file) ? `'${file.replaceAll("'", "'\\''")}'` : file;
}

const [checkout = "", folder = "", file = ""] = process.argv.slice(2);
runProgram(() => backUp(checkout, folder, file));
