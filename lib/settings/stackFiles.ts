import { readFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { isObject, objectsWithin } from "../shared/isObject";
import { PROJECT } from "../shared/assets";
import { LabError, Problem } from "../shared/problems";
import { parseSettings, Settings } from "./settings";

const PREFIX = "observability-lab:";
/** Replaces secrets, which only the CLI can decrypt: valid for every setting that may be one, except a list. */
const SECRET = "https://a.secret";
const SECRET_LIST = "[]";

/**
 * Reads the settings of a stack from its files without the CLI; later files override earlier ones.
 *
 * @throws LabError for invalid YAML.
 */
export function readStackFiles(files: readonly string[]): { settings: Settings; problems: readonly Problem[] } {
  const defaults = Object.entries(readConfig(path.join(PROJECT, "Pulumi.yaml"))).map(
    ([key, declaration]) => [key, (declaration as { default: unknown }).default] as const,
  );
  const set = files
    .flatMap((file) => Object.entries(readConfig(file)))
    .filter(([key]) => key.startsWith(PREFIX))
    .map(([key, value]) => [key.slice(PREFIX.length), value] as const);
  const raw = new Map([...defaults, ...set]);
  // Pulumi treats a value that contains a secret as one
  const secrets = new Set([...raw].filter(([, value]) => objectsWithin(value).some(isSecret)).map(([key]) => key));
  const lists = new Set(defaults.filter(([, value]) => Array.isArray(value)).map(([key]) => key));
  const values = [...raw].map(
    ([key, value]) => [key, isSecret(value) ? (lists.has(key) ? SECRET_LIST : SECRET) : asText(value)] as const,
  );
  return parseSettings({ values: Object.fromEntries(values), secrets });
}

export function readConfig(file: string): Record<string, unknown> {
  try {
    const content: unknown = parse(readFileSync(file, "utf8"));
    return isObject(content) && isObject(content.config) ? content.config : {};
  } catch (error) {
    // only the first line, as the next ones quote the file
    const [reason] = (error instanceof Error ? error.message : String(error)).split("\n");
    throw new LabError(`${file} cannot be read: ${String(reason)}`);
  }
}

/** Formats a value as Pulumi passes it to a program. */
function asText(value: unknown): string {
  return typeof value === "string" || value === null
    ? (value ?? "")
    : JSON.stringify(value, (_, part: unknown) => (isSecret(part) ? SECRET : part));
}

function isSecret(value: unknown): boolean {
  return typeof value === "object" && value !== null && "secure" in value;
}
