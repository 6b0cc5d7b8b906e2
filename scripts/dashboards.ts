// Writes every dashboard as the lab gives it to Grafana, one file each, in an order that compares well.
// usage: dashboards.ts FOLDER TRACKED [OWN]      settings files, the later ones win
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { ownDashboards } from "../components/dashboards";
import { bindDashboard } from "../components/dashboards/binding";
import { readCatalogue } from "../components/dashboards/catalogue";
import { throwFaults } from "../components/faults";
import { DATASOURCE_UID } from "../components/monitoring/grafana";
import { parseSettings, Settings } from "../components/settings";

const PROJECT = path.dirname(__dirname);
const PREFIX = "observability-lab:";

function readYaml(file: string): { config?: Record<string, unknown> } {
  return (parse(readFileSync(file, "utf8")) ?? {}) as { config?: Record<string, unknown> };
}

/** The settings as the stack gets them; no dashboard depends on a secret, so these stay out. */
function settingsOf(files: readonly string[]): Settings {
  const defaults = Object.entries(readYaml(path.join(PROJECT, "Pulumi.yaml")).config ?? {}).map(
    ([key, declaration]) => [key, (declaration as { default: unknown }).default] as const,
  );
  const set = files
    .flatMap((file) => Object.entries(readYaml(file).config ?? {}))
    .filter(([key, value]) => key.startsWith(PREFIX) && !isSecret(value))
    .map(([key, value]) => [key.slice(PREFIX.length), value] as const);
  const values = Object.fromEntries(
    [...defaults, ...set].map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
  );
  const { settings, faults } = parseSettings({ values, secrets: new Set() });
  throwFaults(faults);
  return settings;
}

function isSecret(value: unknown): boolean {
  return typeof value === "object" && value !== null && "secure" in value;
}

/** The value with the keys of every object in alphabetical order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  return typeof value === "object" && value !== null
    ? Object.fromEntries(
        Object.entries(value)
          .sort(([one], [other]) => (one < other ? -1 : 1))
          .map(([key, item]) => [key, sorted(item)]),
      )
    : value;
}

async function main(): Promise<void> {
  const [folder = "", ...files] = process.argv.slice(2);
  const settings = settingsOf(files);
  const { entries, faults } = await readCatalogue(settings);
  throwFaults(faults);
  const models = [
    ...entries.map((entry) => bindDashboard(entry, DATASOURCE_UID)),
    ...ownDashboards(settings).map(({ model }) => model),
  ];
  mkdirSync(folder, { recursive: true });
  for (const model of models) {
    writeFileSync(path.join(folder, `${String(model.uid)}.json`), `${JSON.stringify(sorted(model), null, 2)}\n`);
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
