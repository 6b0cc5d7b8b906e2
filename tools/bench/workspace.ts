import * as fs from "node:fs";
import * as path from "node:path";
import { ownDashboards } from "../../dashboards";
import { readCatalogue } from "../../dashboards/community/catalogue";
import { Machine } from "../../lib/docker/machine";
import { readStackFiles } from "../../lib/settings/stackFiles";
import { PROJECT } from "../../lib/shared/assets";
import { labName } from "../../lib/shared/names";
import { throwProblems } from "../../lib/shared/problems";
import { findFreePort, findFreeSubnet } from "../pull-request/previewLab";
import { extraJob } from "./targets";

/** Name, ports, network and folders that no other lab has. */
export interface Workspace {
  readonly prefix: string;
  /** The lab's name on the machine. */
  readonly lab: string;
  /** Everything that the lab leaves outside the engine. */
  readonly folder: string;
  /** What the lab keeps on the host. */
  readonly stateHome: string;
  /** Folder of the community dashboards' files. */
  readonly catalogue: string;
  /** The stack whose images and defaults it has. */
  readonly stack: string;
  /** The machine, as the lab's containers see it. */
  readonly gateway: string;
  /** Settings that make it a lab of its own. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** How large a lab is. */
export interface Size {
  /** Scrape targets besides the lab's own. */
  readonly targets: number;
  /** Dashboards in all; undefined for those of the stack. */
  readonly dashboards?: number;
}

/** A file of the catalogue. */
interface Entry {
  readonly id: number;
  readonly revision: number;
  readonly json: string;
}

/** The lab as it is, without anything added. */
export const PLAIN: Size = { targets: 0 };

const PORTS = ["prometheus", "grafana", "nodeExporter", "cadvisor", "pushgateway", "alertmanager", "flask"];
/** Of a dashboard that only this bench has. */
const FIRST_ID = 1_000_000;

/** A place below a folder. */
export async function findWorkspace(
  folder: string,
  prefix: string,
  stack: string,
  machine: Machine,
): Promise<Workspace> {
  const ports = new Map<number, string>();
  while (ports.size < PORTS.length) {
    ports.set(await findFreePort(), `${PORTS[ports.size] ?? ""}Port`);
  }
  const subnet = findFreeSubnet(machine, prefix);
  const [own, catalogue] = [path.join(folder, prefix), path.join(folder, prefix, "catalogue")];
  return {
    prefix,
    lab: labName(prefix),
    folder: own,
    stateHome: path.join(own, "state-home"),
    catalogue,
    stack,
    gateway: subnet.replace(/0\/\d+$/, "1"),
    settings: {
      namePrefix: prefix,
      // what a stack may declare and compose has not
      alertWebhook: "",
      remoteWrite: [],
      nodeExporterNetwork: "lab",
      keepData: false,
      grafanaAdminPassword: "",
      subnet,
      dashboardCatalogue: catalogue,
      ...Object.fromEntries([...ports].map(([port, setting]) => [setting, port])),
    },
  };
}

/** Writes the catalogue of a lab of that size, and returns the settings of it. */
export async function settingsOf(
  { catalogue, stack, settings }: Workspace,
  size: Size,
): Promise<Record<string, unknown>> {
  const declared = readStackFiles([path.join(PROJECT, `Pulumi.${stack}.yaml`)]).settings;
  const { entries, problems } = await readCatalogue(declared);
  throwProblems(problems);
  const wanted = size.dashboards === undefined ? entries.length : size.dashboards - ownDashboards(declared).length;
  const held = grow(entries, wanted);
  fs.rmSync(catalogue, { recursive: true, force: true });
  fs.mkdirSync(catalogue, { recursive: true });
  held.forEach((entry) => {
    fs.writeFileSync(fileOf(catalogue, entry), entry.json);
  });
  return {
    ...settings,
    communityDashboards: held.map(({ id, revision }) => ({ id, revision })),
    extraScrapeTargets: size.targets === 0 ? [] : [extraJob(size.targets)],
  };
}

/** Gives a panel of the newest dashboard in the catalogue another title; returns its dashboard's uid. */
export function retitlePanel({ catalogue }: Workspace, title: string): string {
  const file = path.join(catalogue, fs.readdirSync(catalogue).sort().at(-1) ?? "");
  const dashboard = JSON.parse(fs.readFileSync(file, "utf8")) as { uid: string; panels: { title: string }[] };
  const [panel] = dashboard.panels;
  if (panel === undefined) {
    throw new Error(`${file} has no panel`);
  }
  panel.title = title;
  fs.writeFileSync(file, JSON.stringify(dashboard));
  return dashboard.uid;
}

/** That many dashboards: the given ones, and copies of the smallest of them. */
function grow(entries: readonly Entry[], wanted: number): readonly Entry[] {
  const [smallest] = [...entries].sort((one, other) => one.json.length - other.json.length);
  const copies = Array.from({ length: Math.max(0, wanted - entries.length) }, (_, index) => {
    const model = JSON.parse(smallest?.json ?? "{}") as Record<string, unknown>;
    const name = `bench-${String(index)}`;
    return { id: FIRST_ID + index, revision: 1, json: JSON.stringify({ ...model, uid: name, title: name }) };
  });
  return [...entries.slice(0, wanted), ...copies];
}

function fileOf(catalogue: string, { id, revision }: Entry): string {
  return path.join(catalogue, `${String(id)}_rev${String(revision)}.json`);
}
