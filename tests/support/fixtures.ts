import * as pulumi from "@pulumi/pulumi";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { Lab } from "../../components/lab";
import { CatalogueEntry } from "../../dashboards/community/entry";
import { Machine } from "../../lib/docker/machine";
import { SwarmNode } from "../../lib/docker/swarm";
import { ObservedLab } from "../../lib/drift/observe";
import { parseSettings, Settings } from "../../lib/settings/settings";
import { describeProblemAndFix } from "../../lib/shared/problems";
import { record, Registration } from "./mocks";
import { soundLab } from "./observedLabs";

export const PROJECT = path.resolve(__dirname, "../..");

/** A setting as Pulumi.yaml declares it. */
export interface Declaration {
  readonly type?: string;
  readonly default?: unknown;
  readonly description?: string;
}

/** The settings of Pulumi.yaml, the only place with their defaults. */
export const DECLARATIONS = (
  parse(readFileSync(path.join(PROJECT, "Pulumi.yaml"), "utf8")) as { config: Record<string, Declaration> }
).config;

/** The default of each setting as Pulumi passes it to a program. */
export const DEFAULTS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(DECLARATIONS).map(([key, { default: value }]) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]),
);

/** Valid settings: the defaults with these changes. */
export function settingsWith(changes: Record<string, string> = {}): Settings {
  const { settings, problems } = parseSettings({
    values: { ...DEFAULTS, ...changes },
    secrets: new Set(["grafanaAdminPassword", "alertWebhook", "remoteWrite", "extraScrapeTargets", "webPassword"]),
  });
  if (problems.length > 0) {
    throw new Error(`the fixture is wrong: ${JSON.stringify(problems)}`);
  }
  return settings;
}

/** A Linux machine with systemd and a current Docker, without containers. */
export const LINUX: Machine = {
  hostname: "workstation",
  native: true,
  rootless: false,
  usersRemapped: false,
  storageDriver: "overlay2",
  dockerMajor: 28,
  rootShared: true,
  systemd: true,
  socket: "/var/run/docker.sock",
  containerdSocket: "/run/containerd/containerd.sock",
  memoryLimit: true,
  swapLimit: true,
  sockets: ["/run/docker.sock"],
  runPaths: ["/run/dbus/system_bus_socket", "/run/udev/data"],
  containers: [],
  networks: [],
  swarm: { LocalNodeState: "inactive", ControlAvailable: false, NodeID: "", nodes: [], services: [] },
};

/** The same machine as a swarm manager with one more node. */
export const SWARM: Machine = {
  ...LINUX,
  swarm: {
    LocalNodeState: "active",
    ControlAvailable: true,
    NodeID: "workstation",
    nodes: [swarmNode("workstation"), swarmNode("worker")],
    services: [],
  },
};

/** A node in the state ready, with changes. */
export function swarmNode(name: string, changes: Partial<SwarmNode> = {}): SwarmNode {
  return {
    ID: name,
    Spec: { Labels: {}, Availability: "active" },
    Description: { Hostname: name, Engine: { EngineVersion: "28.2.2" } },
    Status: { State: "ready", Addr: "127.0.0.1" },
    ...changes,
  };
}

/** Catalogue with one small dashboard. */
export const CATALOGUE: readonly CatalogueEntry[] = [
  { id: 1860, revision: 45, json: JSON.stringify({ uid: "node", title: "Node", panels: [] }) },
];

export interface LabFixture {
  readonly settings?: Record<string, string>;
  readonly machine?: Partial<Machine>;
  /** Differences from a lab without drift. */
  readonly observed?: Partial<ObservedLab>;
}

/** Hook functions of resources, by resource name. */
export type Hooks = ReadonlyMap<string, pulumi.ResourceHookBinding>;

/** A whole lab with its registrations and hooks. */
export async function buildLab(
  fixture: LabFixture = {},
): Promise<{ lab: Lab; registrations: readonly Registration[]; hooks: Hooks }> {
  const settings = settingsWith(fixture.settings);
  const hooks = new Map<string, pulumi.ResourceHookBinding>();
  const keepHooks: pulumi.ResourceTransformation = ({ name, opts }) => {
    if (opts.hooks !== undefined) {
      hooks.set(name, opts.hooks);
    }
    return undefined;
  };
  const { made, registrations } = await record(
    () =>
      new Lab(
        "lab",
        {
          settings,
          machine: { ...LINUX, ...fixture.machine },
          observed: { ...soundLab(settings), ...fixture.observed },
          catalogue: CATALOGUE,
        },
        { transformations: [keepHooks] },
      ),
  );
  return { lab: made, registrations, hooks };
}

/** Error message for settings that differ from the defaults; the password and the webhook are secrets. */
export function problemsOf(
  changes: Record<string, string>,
  secrets = ["grafanaAdminPassword", "alertWebhook"],
): string[] {
  return parseSettings({ values: { ...DEFAULTS, ...changes }, secrets: new Set(secrets) }).problems.map(
    describeProblemAndFix,
  );
}
