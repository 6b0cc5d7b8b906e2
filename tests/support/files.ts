import * as fs from "node:fs";
import * as path from "node:path";

/** Writes a file and the folders above it. */
export function write(file: string, text: string, mode = 0o644): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text, { mode });
}

/** Writes an executable bash script, such as a stand-in for a program. */
export function writeScript(file: string, text: string): void {
  write(file, `#!/usr/bin/env bash\n${text}\n`, 0o755);
}
