import * as fs from "node:fs";
import * as path from "node:path";
import { GRAFANA_KEY, KEY_FILE, KEY_FOLDER, keyFingerprint, WELL_KNOWN_KEY } from "../../lib/docker/grafanaKey";
import { urlSegment } from "../../lib/shared/foreignNames";
import { LAB_LABEL } from "../../lib/shared/names";
import { LabError } from "../../lib/shared/problems";
import { getJson, LabOutputs, request, signIn } from "../verify/lab";
import { log, run } from "./commands";
import type { RunningLab } from "./runningLab";

/** The keys that encrypt the secrets in backups: one file each in a folder of the checkout. */
export class SavedKeys {
  constructor(readonly folder: string) {}

  file(fingerprint: string): string {
    return path.join(this.folder, fingerprint);
  }

  /** The key with this fingerprint; undefined if it is not saved. */
  read(fingerprint: string): string | undefined {
    if (!fs.existsSync(this.file(fingerprint))) {
      return undefined;
    }
    const key = fs.readFileSync(this.file(fingerprint), "utf8").trimEnd();
    return keyFingerprint(key) === fingerprint ? key : undefined;
  }

  save(key: string): void {
    const file = this.file(keyFingerprint(key));
    // an incomplete file is written again
    if (key !== WELL_KNOWN_KEY && this.read(keyFingerprint(key)) === undefined) {
      fs.mkdirSync(this.folder, { recursive: true });
      fs.writeFileSync(`${file}.new`, `${key}\n`);
      fs.renameSync(`${file}.new`, file);
    }
  }
}

/** Whether the lab's Grafana has a generated key; earlier versions of the lab had none. */
export async function hasKey(lab: RunningLab): Promise<boolean> {
  const mounts = JSON.parse(await lab.inspect("grafana", "{{json .Mounts}}")) as { Destination: string }[];
  return mounts.some(({ Destination }) => Destination === KEY_FOLDER);
}

/** The key with which the lab's Grafana encrypts secrets. */
export async function readKey(lab: RunningLab): Promise<string> {
  return (await hasKey(lab)) ? (await lab.inVolume(GRAFANA_KEY, [`cat /data/${KEY_FILE}`])).trim() : WELL_KNOWN_KEY;
}

/** Sets the key that Grafana uses from its next start on. */
export async function writeKey(lab: RunningLab, key: string): Promise<void> {
  await run("docker", ["volume", "create", "--label", `${LAB_LABEL}=${lab.name}`, lab.volume(GRAFANA_KEY)]);
  const script = `cat >/data/new; chmod 444 /data/new; mv /data/new /data/${KEY_FILE}`;
  await lab.inVolume(GRAFANA_KEY, [script], { input: key });
}

interface Datasource {
  readonly uid: string;
  readonly name: string;
  readonly secureJsonFields?: object;
}

/** Makes Grafana encrypt new secrets with its present key; logs the datasources whose secrets need an earlier one. */
export async function renewDataKeys(lab: LabOutputs): Promise<void> {
  const [headers, rotation] = [signIn(lab), `${lab.grafanaUrl}/api/admin/encryption/rotate-data-keys`];
  try {
    // the active data keys are encrypted with the old key (secrets/manager in grafana/grafana)
    const { status, body } = await request(rotation, { method: "POST", headers });
    if (status >= 300) {
      throw new LabError(`POST ${rotation} returned ${String(status)}: ${body}`);
    }
    const sources = await getJson<Datasource[]>(`${lab.grafanaUrl}/api/datasources`, headers);
    const all = await Promise.all(
      sources.map(({ uid }) =>
        getJson<Datasource>(`${lab.grafanaUrl}/api/datasources/uid/${urlSegment(uid)}`, headers),
      ),
    );
    const withSecrets = all.filter(({ secureJsonFields = {} }) => Object.keys(secureJsonFields).length > 0);
    log(
      withSecrets.length === 0
        ? "Grafana encrypts new secrets with its present key, and has no datasource with a password"
        : `Grafana encrypts new secrets with its present key: save the passwords of these datasources again: ${withSecrets.map(({ name }) => name).join(", ")}`,
    );
  } catch (error) {
    throw new LabError(
      `Grafana's data keys could not be renewed: ${error instanceof Error ? error.message : String(error)}; run make grafana-key`,
    );
  }
}
