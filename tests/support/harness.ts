import * as automation from "@pulumi/pulumi/automation";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { text } from "node:stream/consumers";
import { parse, stringify } from "yaml";
import { freePorts, Ports } from "./ports";

export const PROJECT = path.resolve(__dirname, "../..");
const NAME = "observability-lab";
/** Version of the CLI, as in scripts/common.sh. */
const [, CLI_VERSION = ""] =
  /pulumi\/pkg\/v3 v(\S+)/.exec(fs.readFileSync(path.join(__dirname, "../../offline/go.mod"), "utf8")) ?? [];
const PULUMI_HOME = process.env.PULUMI_HOME ?? path.join(os.homedir(), ".pulumi");
/** Real exports of grafana.com, if they exist beside the project. */
export const REAL_DASHBOARDS = path.resolve(PROJECT, "../shared/data/dashboards");
export const REAL_FILES = [
  { id: 1860, revision: 102 },
  { id: 14282, revision: 1 },
];

/** A test's lab: with its own prefix, ports, network, state and host folder. */
export interface TestLab {
  readonly stack: automation.Stack;
  readonly prefix: string;
  /** The lab's name on the machine. */
  readonly lab: string;
  readonly ports: Ports;
  /** Folder of everything that the test creates outside Docker. */
  readonly folder: string;
  /** State home, in which the lab keeps its host files. */
  readonly stateHome: string;
}

export async function createTestLab(prefix: string, subnet: string): Promise<TestLab> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-e2e-"));
  const workDir = path.join(folder, "project");
  const [backend, stateHome] = [path.join(folder, "backend"), path.join(folder, "state")];
  [workDir, backend, stateHome].forEach((it) => {
    fs.mkdirSync(it);
  });
  // the program of this checkout; the stack's settings are elsewhere
  const project = fs.readFileSync(path.join(PROJECT, "Pulumi.yaml"), "utf8");
  fs.writeFileSync(
    path.join(workDir, "Pulumi.yaml"),
    project.replace("main: index.ts", `main: ${path.join(PROJECT, "index.ts")}`),
  );
  const stack = await automation.LocalWorkspace.createStack(
    { stackName: "e2e", workDir },
    {
      pulumiCommand: await automation.PulumiCommand.get({ root: path.join(PULUMI_HOME, "versions", CLI_VERSION) }),
      envVars: {
        PULUMI_BACKEND_URL: `file://${backend}`,
        PULUMI_CONFIG_PASSPHRASE: "of a test",
        PULUMI_SKIP_UPDATE_CHECK: "1",
        XDG_STATE_HOME: stateHome,
      },
    },
  );
  const ports = await freePorts();
  const lab = { stack, prefix, lab: `${prefix}${NAME}`, ports, folder, stateHome };
  removeLeftovers(lab.lab);
  configure(lab, { ...machineSettings(), ...dashboardSettings(), ...ports, namePrefix: prefix, subnet });
  return lab;
}

type StackFile = Record<string, unknown> & { config?: Record<string, unknown> };

/** Edits settings in the stack's file; undefined removes one. */
export function configure({ folder }: Pick<TestLab, "folder">, settings: Record<string, unknown>): void {
  const file = path.join(folder, "project", "Pulumi.e2e.yaml");
  const stack = parse(fs.readFileSync(file, "utf8")) as StackFile;
  const config = { ...stack.config };
  for (const [setting, value] of Object.entries(settings)) {
    config[`${NAME}:${setting}`] = value;
  }
  fs.writeFileSync(file, stringify({ ...stack, config }));
}

/** Removes what a test created outside Docker. */
export async function removeTestLab({ stack, folder }: TestLab): Promise<void> {
  await stack.destroy();
  fs.rmSync(folder, { recursive: true, force: true });
}

/** Whether the tests use the real dashboards. */
export function hasRealDashboards(): boolean {
  return fs.existsSync(REAL_DASHBOARDS);
}

/** The setting for the real dashboards if they exist; otherwise nothing, so that the stack's own apply. */
export function dashboardSettings(): Record<string, unknown> {
  if (!hasRealDashboards()) {
    return {};
  }
  const communityDashboards = REAL_FILES.map(({ id, revision }) => {
    const file = fs.readFileSync(path.join(REAL_DASHBOARDS, `${String(id)}_rev${String(revision)}.json`));
    return { id, revision, sha256: createHash("sha256").update(file).digest("hex") };
  });
  return { dashboardCatalogue: REAL_DASHBOARDS, communityDashboards };
}

/** The stack that make uses here: the one with available images. */
export function machineStack(): string {
  const chosen = path.join(PROJECT, ".lab", "stack");
  return process.env.STACK ?? (fs.existsSync(chosen) ? fs.readFileSync(chosen, "utf8").trim() : "dev");
}

/** The settings in the stack of this machine. */
function machineSettings(): Record<string, unknown> {
  const { config } = parse(fs.readFileSync(path.join(PROJECT, `Pulumi.${machineStack()}.yaml`), "utf8")) as StackFile;
  return Object.fromEntries(Object.entries(config ?? {}).map(([key, value]) => [key.replace(`${NAME}:`, ""), value]));
}

/** Output of a docker command. */
export function docker(...args: string[]): string {
  return execFileSync("docker", args, { encoding: "utf8" }).trim();
}

/** `docker system prune` for the lab's label only. */
export async function pruneLab(lab: string): Promise<void> {
  const prune = ["system", "prune", "--force", "--filter", `label=observability-lab.lab=${lab}`];
  await eventually(() => {
    const { status, stderr } = spawnSync("docker", prune, { encoding: "utf8" });
    // Docker runs one prune at a time, and another suite may be running one
    const busy = status !== 0 && stderr.includes("already running");
    expect(busy ? "" : stderr).toBe("");
    return Promise.resolve(busy ? undefined : true);
  });
}

/** Ids of all objects of a kind with the lab's label. */
export function labelled(kind: "container" | "network" | "volume", lab: string): string[] {
  const all = kind === "container" ? ["--all", "--no-trunc"] : [];
  const ids = docker(kind, "ls", ...all, "--quiet", "--filter", `label=observability-lab.lab=${lab}`);
  return ids.split("\n").filter((id) => id !== "");
}

/** Removes what a killed run left in Docker: a new lab would adopt its volumes, with the users and data of the test. */
export function removeLeftovers(lab: string): void {
  for (const kind of ["container", "network", "volume"] as const) {
    for (const id of labelled(kind, lab)) {
      docker(kind, "rm", "--force", id);
    }
  }
}

/** Addresses of this machine with a listener on a port. */
export function listenAddresses(port: number): string[] {
  const { stdout } = spawnSync("ss", ["-Hltn", `sport = :${String(port)}`], { encoding: "utf8" });
  const local = stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.trim().split(/\s+/)[3] ?? "");
  return local.map((address) => address.slice(0, address.lastIndexOf(":"))).sort();
}

/** Output of `docker inspect` for a container, as JSON. */
export function inspect(name: string, format: string): unknown {
  return JSON.parse(docker("inspect", "--format", `{{json ${format}}}`, name));
}

/** Runs the checks of `make verify` on the running lab. */
export async function verify(
  lab: TestLab,
): Promise<{ ok: boolean; checks: { check: string; ok: boolean; seen: string }[] }> {
  const outputs = Object.fromEntries(
    Object.entries(await lab.stack.outputs()).map(([key, { value }]) => [key, value as unknown]),
  );
  return (await askProgram("tools/verify/main.ts", [], { input: JSON.stringify(outputs) })) as Awaited<
    ReturnType<typeof verify>
  >;
}

/** Runs the checks of `make doctor` on this machine while the lab is running. */
export async function doctor({
  folder,
  stateHome,
}: TestLab): Promise<{ check: string; state: string; seen: string }[]> {
  const settings = path.join(folder, "project", "Pulumi.e2e.yaml");
  const env = { ...process.env, XDG_STATE_HOME: stateHome };
  const { checks } = (await askProgram("tools/doctor/main.ts", [settings], { env })) as {
    checks: Awaited<ReturnType<typeof doctor>>;
  };
  return checks;
}

/** JSON output of one of the project's programs. The servers of a test respond meanwhile. */
async function askProgram(
  program: string,
  args: readonly string[],
  { env, input = "" }: { env?: NodeJS.ProcessEnv; input?: string },
): Promise<unknown> {
  const file = path.join(PROJECT, program);
  const command = ["--require", require.resolve("sucrase/register/ts"), file, "--json", ...args];
  const child = spawn(process.execPath, command, { env });
  child.stdin.end(input);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (stdout === "") {
    throw new Error(stderr);
  }
  return JSON.parse(stdout);
}

/** Value of the first sample of a query; undefined if there is none. */
export async function sample(lab: Pick<TestLab, "ports">, query: string): Promise<number | undefined> {
  const url = `http://127.0.0.1:${String(lab.ports.prometheusPort)}/api/v1/query?query=${encodeURIComponent(query)}`;
  const response = (await (await fetch(url)).json()) as { data: { result: { value: [number, string] }[] } };
  const value = response.data.result[0]?.value[1];
  return value === undefined ? undefined : Number(value);
}

/** Seconds: several times what a busy machine needs for any condition that a test waits for. */
export const LIMIT_SECONDS = 240;

/** Polls until there is a result, such as after the next scrape. */
export async function eventually<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (let round = 0; round < LIMIT_SECONDS * 2; round++) {
    const response = await ask();
    if (response !== undefined) {
      return response;
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`no response within ${String(LIMIT_SECONDS)} s: ${ask.toString()}`);
}

/** Names of the resources that a preview would change, by operation. */
export async function previewChanges(
  lab: TestLab,
  options: { refresh?: boolean } = {},
): Promise<Record<string, string[]>> {
  const changes: Record<string, string[]> = {};
  await lab.stack.preview({
    ...options,
    onEvent: ({ resourcePreEvent }) => {
      const step = resourcePreEvent?.metadata;
      if (
        step !== undefined &&
        step.op !== "same" &&
        step.op !== "refresh" &&
        !step.op.startsWith("create-") &&
        !step.op.startsWith("delete-")
      ) {
        (changes[step.op] ??= []).push(step.urn.split("::").pop() ?? "");
      }
    },
  });
  return Object.fromEntries(Object.entries(changes).map(([op, names]) => [op, names.sort()]));
}
