// Prints the settings of a stack: the tracked ones, overridden by those of this checkout.
// usage: merge-settings.ts TRACKED OWN
import { readFileSync } from "node:fs";
import { parse, stringify } from "yaml";
import { isObject } from "../lib/shared/isObject";
import { runMain } from "../lib/shared/run";

interface StackFile {
  readonly config?: object | null;
}

function read(file: string): StackFile {
  try {
    const content = (parse(readFileSync(file, "utf8")) ?? {}) as StackFile;
    if (!isObject(content) || !isObject(content.config ?? {})) {
      throw new Error("it is not a map with a map config in it");
    }
    return content;
  } catch (error) {
    // only the first line, as the next ones quote the file
    const [reason = ""] = (error as Error).message.split("\n");
    throw new Error(`${file} has no valid settings: ${reason.replace(/:$/, "")}; fix or remove it`);
  }
}

runMain(() => {
  const [tracked = {}, own = {}] = process.argv.slice(2).map(read);
  process.stdout.write(stringify({ ...tracked, ...own, config: { ...tracked.config, ...own.config } }));
});
