import * as fs from "node:fs";
import * as path from "node:path";
import { PROJECT } from "./harness";

/** What a copy does without: what is made, and what is not needed to run a lab. */
const LEFT_OUT = [".git", ".lab", "node_modules", "tests"];

/** Another checkout of the project as it is now, with the packages of this one. */
export function copyCheckout(folder: string): void {
  fs.mkdirSync(folder);
  fs.readdirSync(PROJECT)
    .filter((entry) => !LEFT_OUT.includes(entry))
    .forEach((entry) => {
      fs.cpSync(path.join(PROJECT, entry), path.join(folder, entry), { recursive: true });
    });
  fs.symlinkSync(path.join(PROJECT, "node_modules"), path.join(folder, "node_modules"));
}
