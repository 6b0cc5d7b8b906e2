import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import * as path from "node:path";

/** The project's folder. */
export const PROJECT = path.dirname(__dirname);

/** The text of a file of `assets/`. */
export function readAsset(...name: string[]): string {
  return readFileSync(path.join(PROJECT, "assets", ...name), "utf8");
}

/** Short fingerprint of texts, for triggers: the same texts give the same one on every machine. */
export function fingerprint(...texts: string[]): string {
  return createHash("sha256").update(texts.join("\0")).digest("hex").slice(0, 12);
}
