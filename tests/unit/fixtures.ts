import { readFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { CatalogueEntry } from "../../components/dashboards/catalogue";
import { Lab } from "../../components/lab";
import { Machine } from "../../components/machine";
import { parseSettings, Settings } from "../../components/settings";
import { AppState } from "../../components/workloads/appRecord";
import { record, Registration } from "./mocks";

export const PROJECT = path.resolve(__dirname, "../..");

/** A setting as Pulumi.yaml declares it. */
export interface Declaration {
  readonly type?: string;
  readonly default?: unknown;
  readonly description?: string;
}

/** The settings of Pulumi.yaml, the only place that holds their defaults. */
export const DECLARATIONS = (
  parse(readFileSync(path.join(PROJECT, "Pulumi.yaml"), "utf8")) as { config: Record<string, Declaration> }
).config;

/** The default of each setting, as Pulumi hands it to a program. */
export const DEFAULTS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(DECLARATIONS).map(([key, { default: value }]) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]),
);

/** Valid settings: the defaults, with these instead. */
export function settingsWith(changes: Record<string, string> = {}): Settings {
  const { settings, faults } = parseSettings({
    values: { ...DEFAULTS, ...changes },
    secrets: new Set(["grafanaAdminPassword"]),
  });
  if (faults.length > 0) {
    throw new Error(`the fixture is wrong: ${JSON.stringify(faults)}`);
  }
  return settings;
}

/** A Linux machine with systemd and a current engine on which nothing runs. */
export const LINUX: Machine = {
  native: true,
  storageDriver: "overlay2",
  engineMajor: 28,
  rootShared: true,
  systemd: true,
  containers: [],
  networks: [],
};

/** What the catalogue gave: a dashboard small enough to be compared. */
export const CATALOGUE: readonly CatalogueEntry[] = [
  { id: 1860, revision: 45, json: JSON.stringify({ uid: "node", title: "Node", panels: [] }) },
];

export interface LabFixture {
  readonly settings?: Record<string, string>;
  readonly machine?: Partial<Machine>;
  readonly app?: AppState;
}

/** A whole lab with its registrations. */
export async function buildLab(
  fixture: LabFixture = {},
): Promise<{ lab: Lab; registrations: readonly Registration[] }> {
  const { made, registrations } = await record(
    () =>
      new Lab("lab", {
        settings: settingsWith(fixture.settings),
        machine: { ...LINUX, ...fixture.machine },
        app: fixture.app ?? { generation: 0, alive: false },
        catalogue: CATALOGUE,
      }),
  );
  return { lab: made, registrations };
}
