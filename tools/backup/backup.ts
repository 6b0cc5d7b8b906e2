// Writes the data of a running lab to a file; see scripts/backup.
// usage: backup.ts CHECKOUT FOLDER [FILE]      FOLDER: LAB_STATE_DIR, or .lab in the checkout
import * as fs from "node:fs";
import * as path from "node:path";
import { create } from "tar";
import { keyFingerprint, WELL_KNOWN_KEY } from "../../lib/docker/grafanaKey";
import { LabError } from "../../lib/shared/problems";
import { archiveOf, openBackup, writeTexts } from "./backupFile";
import { log, runProgram } from "./commands";
import { readKey, SavedKeys } from "./grafanaKeys";
import { RunningLab } from "./runningLab";

const MIB = 1024 * 1024;

/** Current UTC time as ISO 8601, without fractions of a second. */
function now(): string {
  return new Date().toISOString().replace(/\.\d+/, "");
}

async function backUp(checkout: string, folder: string, target: string): Promise<void> {
  const lab = await RunningLab.find(checkout);
  if (lab === undefined) {
    throw new LabError("the lab is not up: run make up");
  }
  if (!(await lab.isComplete())) {
    throw new LabError("a container or a volume of the lab is missing: run make up");
  }
  const file = target === "" ? path.join(folder, "backups", `${lab.name}-${now().replace(/[-:]/g, "")}.tar`) : target;
  if (fs.existsSync(file)) {
    throw new LabError(`FILE = ${file}: exists already; name another file`);
  }
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const key = await readKey(lab);
  const keys = new SavedKeys(path.join(folder, "grafana-keys"));
  // renamed at the end, so that the file is never an incomplete backup
  const workspace = fs.mkdtempSync(path.join(path.dirname(file), ".backup."));
  try {
    const running = await copyData(lab, workspace);
    keys.save(key);
    const members = await writeTexts(workspace, {
      lab: lab.name,
      time: now(),
      key: keyFingerprint(key),
      parts: lab.parts,
    });
    // not the system's tar: macOS's, or TAR_OPTIONS, adds headers that a restore rejects
    await create({ cwd: workspace, file: path.join(workspace, "whole"), noPax: true, portable: true }, [...members]);
    await lab.waitHealthy(running);
    checkWritten(path.join(workspace, "whole"));
    fs.renameSync(path.join(workspace, "whole"), file);
  } finally {
    fs.rmSync(workspace, { recursive: true });
  }
  const size = `${(fs.statSync(file).size / MIB).toFixed(1)} MiB`;
  log(`the data of ${lab.name} is in ${file} (${size}); make restore FILE=${quoted(file)} brings it back`);
  log(
    key === WELL_KNOWN_KEY
      ? "anyone who has the backup can read the passwords of Grafana's datasources: they are encrypted with Grafana's default key; make grafana-key gives the lab its own"
      : `the passwords of Grafana's datasources in it need the key in ${keys.file(keyFingerprint(key))}: keep a copy of that, apart from the backup`,
  );
}

/** Copies the data of each part while its container is stopped, for consistent files; returns the parts that ran. */
async function copyData(lab: RunningLab, folder: string): Promise<readonly string[]> {
  const running: string[] = [];
  for (const part of lab.parts) {
    log(`copying the data of ${lab.container(part)}`);
    const output = fs.openSync(path.join(folder, archiveOf(part)), "wx");
    try {
      if (await lab.isRunning(part)) {
        running.push(part);
      }
      await lab.stop(part);
      await lab.inVolume(part, ["tar -C /data -cf - ."], { output });
      if (await lab.isRunning(part)) {
        throw new LabError(
          `${lab.container(part)} was started during its copy, perhaps by another command: run make backup again`,
        );
      }
    } finally {
      fs.closeSync(output);
      await lab.startStopped();
    }
  }
  return running;
}

function checkWritten(file: string): void {
  try {
    openBackup(file);
  } catch (error) {
    const problem = (error as Error).message;
    throw new LabError(
      `no backup was written, as make restore would reject it: ${problem}; remove the named file from the volume`,
    );
  }
}

/** A path quoted for a shell. */
function quoted(file: string): string {
  return /[^\w./-]/.test(file) ? `'${file.replaceAll("'", "'\\''")}'` : file;
}

const [checkout = "", folder = "", file = ""] = process.argv.slice(2);
runProgram(() => backUp(checkout, folder, file));
