import { createHash, randomBytes } from "node:crypto";
import type { Settings } from "../settings/settings";
import { dataVolumeName, labName } from "../shared/names";
import { LabError } from "../shared/problems";
import { callDocker } from "./client";
import { ensureVolume } from "./orphans";
import { getFiles, putFiles, withTemporaryContainer } from "./temporaryContainer";

/** Name of the volume, after the lab's, with the key under which Grafana encrypts the passwords of its datasources. */
export const GRAFANA_KEY = "grafana-key";
/** Mount point of that volume in Grafana. */
export const KEY_FOLDER = "/lab-key";
export const KEY_FILE = "secret_key";
/** Grafana's default key, from conf/defaults.ini of grafana/grafana. */
export const WELL_KNOWN_KEY = "SW2YcwTIb9zpOOhoPsMm";
/** Label of a Grafana data volume that was created with a generated key. */
export const GENERATED = { label: "observability-lab.grafana-key", value: "generated" };

const KEY_BYTES = 32;

/** Identifies a key without revealing it; `make backup` writes the same. */
export function keyFingerprint(key: string): string {
  return createHash("sha256").update(key).digest("hex").slice(0, 16);
}

/**
 * Writes the key for Grafana's data into its volume, unless one exists: new data gets a new key, and data of a
 * lab of an earlier version the well-known one, without which its secrets could not be read.
 *
 * The key is in a volume of its own, which is kept or removed with the data, and is in no backup, state or diff.
 */
export async function ensureKey(settings: Settings): Promise<void> {
  const { image } = settings.grafana;
  const [lab, volume] = [labName(settings.namePrefix), dataVolumeName(settings, GRAFANA_KEY)];
  const labels = await labelsOf(dataVolumeName(settings, "grafana"));
  await ensureVolume(volume, lab);
  await withTemporaryContainer({ image, lab, volume, entrypoint: ["true"] }, async (id) => {
    const present = (await getFiles(id))?.files.get(KEY_FILE)?.trim() ?? "";
    // a key that outlived its data is not reused
    if (labels === undefined || present === "") {
      const fresh = labels === undefined || GENERATED.label in labels;
      await putFiles(id, new Map([[KEY_FILE, fresh ? randomBytes(KEY_BYTES).toString("hex") : WELL_KNOWN_KEY]]));
    }
  });
}

/** Labels of a volume; undefined if there is none of that name. */
export async function labelsOf(volume: string): Promise<Readonly<Record<string, string>> | undefined> {
  const { status, body } = await callDocker("GET", `/volumes/${volume}`);
  if (status !== 200 && status !== 404) {
    throw new LabError(`Docker returned ${String(status)} for the volume ${volume}: ${body.toString()}`);
  }
  return status === 404
    ? undefined
    : ((JSON.parse(body.toString()) as { Labels?: Readonly<Record<string, string>> | null }).Labels ?? {});
}
