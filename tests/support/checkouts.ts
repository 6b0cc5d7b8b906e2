import * as fs from "node:fs";
import * as path from "node:path";
import { PROJECT } from "./harness";

/** Left out of a copy: generated files, and those that a lab does not need. */
const LEFT_OUT = [".git", ".lab", "node_modules", "tests"];

/** A copy of the project's working tree, with the packages of this checkout. */
export function copyCheckout(folder: string): void {
  fs.mkdirSync(folder);
  fs.readdirSync(PROJECT)
    .filter((entry) => !LEFT_OUT.includes(entry))
    .forEach((entry) => {
      fs.cpSync(path.join(PROJECT, entry), path.join(folder, entry), { recursive: true });
    });
  fs.symlinkSync(path.join(PROJECT, "node_modules"), path.join(folder, "node_modules"));
}
