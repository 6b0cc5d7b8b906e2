import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { LabError } from "./problems";

/** The project's folder. */
export const PROJECT = path.resolve(__dirname, "../..");

/**
 * The text of a file of `assets/`.
 *
 * @throws LabError if the checkout is incomplete.
 */
export function readAsset(...name: string[]): string {
  try {
    return readFileSync(path.join(PROJECT, "assets", ...name), "utf8");
  } catch (error) {
    const file = path.posix.join("assets", ...name);
    const { code } = error as NodeJS.ErrnoException;
    throw new LabError(`${file} cannot be read (${code ?? ""}); restore it, such as with git checkout ${file}`);
  }
}

/** Short fingerprint of texts, for triggers; the same on every machine. */
export function fingerprint(...texts: string[]): string {
  return createHash("sha256").update(texts.join("\0")).digest("hex").slice(0, 12);
}
