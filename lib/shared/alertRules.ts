import { readdirSync } from "node:fs";
import * as path from "node:path";
import { PROJECT, readAsset } from "./assets";

/** End of the name of a rule file. */
export const RULES = ".rules.yml";

/** The rule files of `assets/prometheus`, by name. */
export function alertRules(): readonly { file: string; content: string }[] {
  return readdirSync(path.join(PROJECT, "assets", "prometheus"), { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(RULES))
    .map(({ name }) => name)
    .sort()
    .map((file) => ({ file, content: readAsset("prometheus", file) }));
}
