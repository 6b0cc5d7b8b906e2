// Gives Grafana a new key for the passwords of its datasources; see scripts/grafana-key.
// usage: newKey.ts CHECKOUT FOLDER      FOLDER: LAB_STATE_DIR, or .lab in the checkout
import { randomBytes } from "node:crypto";
import * as path from "node:path";
import { LabError } from "../../lib/shared/problems";
import { run, runProgram } from "./commands";
import { hasKey, readKey, renewDataKeys, SavedKeys, writeKey } from "./grafanaKeys";
import { RunningLab } from "./runningLab";

const KEY_BYTES = 32;

async function newKey(checkout: string, folder: string): Promise<void> {
  const lab = await RunningLab.find(checkout);
  if (lab === undefined || !(await lab.isComplete()) || !(await hasKey(lab))) {
    throw new LabError("the lab is not up, or a container, volume or key of it is missing: run make up");
  }
  new SavedKeys(path.join(folder, "grafana-keys")).save(await readKey(lab));
  await writeKey(lab, randomBytes(KEY_BYTES).toString("hex"));
  await run("docker", ["restart", lab.container("grafana")]);
  await lab.waitHealthy(["grafana"]);
  await renewDataKeys(lab.outputs);
}

const [checkout = "", folder = ""] = process.argv.slice(2);
runProgram(() => newKey(checkout, folder));
