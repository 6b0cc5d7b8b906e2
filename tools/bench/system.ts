import * as fs from "node:fs";
import * as path from "node:path";
import { parse, stringify } from "yaml";
import { readCatalogue } from "../../dashboards/community/catalogue";
import { dockerGet } from "../../lib/docker/client";
import { inspectMachine } from "../../lib/docker/machine";
import { findStarts } from "../../lib/drift/starts";
import { PUBLISHED } from "../../lib/settings/services";
import { Settings } from "../../lib/settings/settings";
import { readStackFiles } from "../../lib/settings/stackFiles";
import { PROJECT } from "../../lib/shared/assets";
import { LAB_LABEL, labName } from "../../lib/shared/names";
import { throwProblems } from "../../lib/shared/problems";
import { Commands } from "../pull-request/commands";
import { findFreePort, findFreeSubnet } from "../pull-request/machine";
import { LabOutputs } from "../verify/lab";

const PORTS = [...PUBLISHED, "flask"];
/** Variables that refer to the state of another lab. */
const OTHER_LAB =
  /^(LAB_STATE_DIR|LAB_CHECKOUT|LAB_STACK|STACK|MAKE.*|MFLAGS|PULUMI_(BACKEND_URL|ACCESS_TOKEN|CONFIG_PASSPHRASE.*))$/;
const SCRIPTS = { lab: "lab", compose: "compose/lab" };
const interruption = new AbortController();
/** Aborted by Ctrl-C: the running command completes, and no other starts. */
export const interrupted = interruption.signal;

/** The lab's five containers and their configuration, brought up and changed by the commands of a script. */
export class System {
  /** The lab's name on the machine. */
  readonly lab: string;
  /** Folder of everything that the lab keeps outside Docker. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  private readonly catalogue: string;
  private readonly stateHome: string;
  private readonly settingsFile: string;
  private readonly commands: Commands;

  private constructor(
    readonly name: keyof typeof SCRIPTS,
    readonly prefix: string,
    root: string,
    stack: string,
    /** The settings of the stack. */
    readonly declared: Settings,
    /** Settings that isolate it from other labs. */
    readonly settings: Readonly<Record<string, string | number | boolean | readonly string[]>>,
  ) {
    this.lab = labName(prefix);
    this.folder = path.join(root, prefix);
    this.catalogue = path.join(this.folder, "catalogue");
    this.stateHome = path.join(this.folder, "state-home");
    const stateDir = path.join(this.folder, "lab");
    this.settingsFile = path.join(stateDir, `own.${stack}.yaml`);
    const inherited = Object.entries(process.env).filter(([variable]) => !OTHER_LAB.test(variable));
    const own = { LAB_STATE_DIR: stateDir, LAB: this.lab, STACK: stack, XDG_STATE_HOME: this.stateHome };
    this.env = { ...Object.fromEntries(inherited), ...own };
    this.commands = new Commands(this.env);
    interrupted.addEventListener("abort", () => {
      this.commands.interrupt();
    });
  }

  /** A system in a subfolder, with a name, ports and a network that no other lab has. */
  static async create(name: System["name"], prefix: string, root: string, stack: string): Promise<System> {
    const ports = new Set<number>();
    while (ports.size < PORTS.length) {
      ports.add(await findFreePort());
    }
    const settings = {
      namePrefix: prefix,
      // settings that the compose lab does not support
      alertWebhook: "",
      remoteWrite: [],
      nodeExporterNetwork: "lab",
      keepData: false,
      grafanaAdminPassword: "",
      subnet: findFreeSubnet(await inspectMachine(), prefix),
      ...Object.fromEntries([...ports].map((port, index) => [`${PORTS[index] ?? ""}Port`, port])),
    };
    const { settings: declared } = readStackFiles([path.join(PROJECT, `Pulumi.${stack}.yaml`)]);
    return new System(name, prefix, root, stack, declared, settings);
  }

  /** Runs a command of the script and returns its output; throws the output if it fails. */
  async run(command: string): Promise<string> {
    interrupted.throwIfAborted();
    return this.runToEnd(command).finally(() => {
      interrupted.throwIfAborted();
    });
  }

  /** Writes the settings; nothing is running yet. */
  async prepare(): Promise<void> {
    await this.run("prepare");
    await this.configure({
      ...this.settings,
      dashboardCatalogue: this.catalogue,
      communityDashboards: await this.writeCatalogue(),
    });
  }

  /** Changes settings and applies the files of the catalogue. */
  async configure(changes: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const before = parse(fs.readFileSync(this.settingsFile, "utf8")) as { config?: object };
    const entries = Object.entries(changes).map(([key, value]) => [`observability-lab:${key}`, value] as const);
    const config = { ...before.config, ...Object.fromEntries(entries) };
    fs.writeFileSync(this.settingsFile, stringify({ ...before, config }));
    await this.run("configure");
  }

  /** Changes the title of a panel in the newest dashboard of the catalogue; returns the dashboard's uid. */
  retitlePanel(title: string): string {
    const file = path.join(this.catalogue, fs.readdirSync(this.catalogue).sort().at(-1) ?? "");
    const dashboard = JSON.parse(fs.readFileSync(file, "utf8")) as { uid: string; panels: { title: string }[] };
    Object.assign(dashboard.panels[0] ?? {}, { title });
    fs.writeFileSync(file, JSON.stringify(dashboard));
    return dashboard.uid;
  }

  /** The outputs that `verify` reads. */
  async outputs(): Promise<LabOutputs> {
    return JSON.parse(await this.run("outputs")) as LabOutputs;
  }

  /** Destroys the lab; also works after an interruption, or if it is not running. */
  async destroy(): Promise<void> {
    if (fs.existsSync(this.settingsFile)) {
      await this.runToEnd("destroy");
    }
  }

  /** Leftovers on the machine, by name. */
  async leftovers(): Promise<readonly string[]> {
    const label = this.name === "lab" ? LAB_LABEL : "com.docker.compose.project";
    const filters = `filters=${encodeURIComponent(JSON.stringify({ label: [`${label}=${this.lab}`] }))}`;
    const [containers, networks, { Volumes }, starts] = await Promise.all([
      dockerGet<{ Names: string[] }[]>(`/containers/json?all=1&${filters}`),
      dockerGet<{ Name: string }[]>(`/networks?${filters}`),
      dockerGet<{ Volumes: { Name: string }[] | null }>(`/volumes?${filters}`),
      findStarts(this.lab),
    ]);
    return [
      ...containers.map(({ Names }) => Names.join()),
      ...[...networks, ...(Volumes ?? [])].map(({ Name }) => Name),
      ...starts.filter(({ ours }) => ours).map(({ pid }) => `process ${String(pid)}`),
      ...[path.join(this.stateHome, "observability-lab", this.lab)].filter((it) => fs.existsSync(it)),
    ];
  }

  private async runToEnd(command: string): Promise<string> {
    const { ok, messages } = await this.commands.run(path.join(__dirname, SCRIPTS[this.name]), [command]);
    if (!ok) {
      throw new Error(messages);
    }
    return messages;
  }

  /** Copies the dashboards of the stack, so that one can be changed; returns their setting. */
  private async writeCatalogue(): Promise<readonly object[]> {
    const { entries, problems } = await readCatalogue(this.declared);
    throwProblems(problems);
    fs.rmSync(this.catalogue, { recursive: true, force: true });
    fs.mkdirSync(this.catalogue);
    return entries.map(({ id, revision, json }) => {
      fs.writeFileSync(path.join(this.catalogue, `${String(id)}_rev${String(revision)}.json`), json);
      return { id, revision };
    });
  }
}

/** Removes systems of a killed run, runs `work`, and removes the systems again, also on Ctrl-C. */
export async function withSystems(systems: readonly System[], work: () => Promise<void>): Promise<void> {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      console.error("interrupted: removing everything of the bench");
      interruption.abort(new Error("interrupted"));
    });
  }
  try {
    await removeAll(systems);
    await work();
  } finally {
    await removeAll(systems);
  }
}

async function removeAll(systems: readonly System[]): Promise<void> {
  const remaining: string[] = [];
  for (const system of systems) {
    await system.destroy().catch((error: unknown) => remaining.push(String(error)));
    remaining.push(...(await system.leftovers()));
    if (remaining.length === 0) {
      fs.rmSync(system.folder, { recursive: true, force: true });
    }
  }
  if (remaining.length > 0) {
    throw new Error(`the bench could not be wholly removed; run it again to go on:\n${remaining.join("\n")}`);
  }
}
