import { readFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { PROJECT } from "../shared/assets";
import { LabError, Problem } from "../shared/problems";
import { parseSettings, Settings } from "./settings";

const PREFIX = "observability-lab:";
/** Stands for a secret, which only the CLI can read: a value that every setting which may be one accepts. */
const SECRET = "https://a.secret";

/**
 * The settings of a stack from its files, the later ones win: for programs that need no CLI.
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
  const secrets = new Set([...raw].filter(([, value]) => holdsSecret(value)).map(([key]) => key));
  const values = [...raw].map(([key, value]) => [key, isSecret(value) ? SECRET : asText(value)] as const);
  return parseSettings({ values: Object.fromEntries(values), secrets });
}

function readConfig(file: string): Record<string, unknown> {
  try {
    const content = parse(readFileSync(file, "utf8")) as { config?: Record<string, unknown> } | null;
    return content?.config ?? {};
  } catch (error) {
    // the first line alone, as the next ones show what is in the file
    const [reason] = (error instanceof Error ? error.message : String(error)).split("\n");
    throw new LabError(`${file} cannot be read: ${String(reason)}`);
  }
}

/** As Pulumi hands it to a program. */
function asText(value: unknown): string {
  return typeof value === "string"
    ? value
    : JSON.stringify(value, (_, part: unknown) => (isSecret(part) ? SECRET : part));
}

/** Whether a value, or something in it, is a secret: Pulumi takes the whole for one then. */
function holdsSecret(value: unknown): boolean {
  return isSecret(value) || (typeof value === "object" && value !== null && Object.values(value).some(holdsSecret));
}

function isSecret(value: unknown): boolean {
  return typeof value === "object" && value !== null && "secure" in value;
}
