import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout } from "node:timers/promises";
import { parse, stringify } from "yaml";
import { LIMIT_SECONDS, machineStack, PROJECT } from "./harness";
import { CommandResult, Machines } from "./machines";

const NAME = "observability-lab";
/** The machine on which Pulumi runs. */
export const MANAGER = 1;

/** A sample of an instant vector. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** The samples of a series in a range. */
export interface RangeSample {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [number, string])[];
}

/** Polls twice a second; returns the seconds until the condition holds. */
export async function secondsUntil(is: () => boolean): Promise<number> {
  const begin = Date.now();
  while (!is()) {
    if (Date.now() - begin > LIMIT_SECONDS * 1000) {
      throw new Error(`not within ${String(LIMIT_SECONDS)} s: ${is.toString()}`);
    }
    await setTimeout(500);
  }
  return (Date.now() - begin) / 1000;
}

/** Downloads the wheels of a lab, once per Python and pins; the machines have no route to the internet. */
function fetchWheels(): string {
  const python = (...args: string[]): string => execFileSync("python3", args, { encoding: "utf8" });
  const files = ["flask", "ansible"].map((it) => path.join(PROJECT, "assets", it, "requirements.txt"));
  const content = createHash("sha256").update(python("--version"));
  files.forEach((file) => content.update(fs.readFileSync(file)));
  const wheels = path.join(PROJECT, ".lab", "wheels", content.digest("hex").slice(0, 16));
  if (!fs.existsSync(wheels)) {
    const unfinished = fs.mkdtempSync(path.join(PROJECT, ".lab", "wheels-"));
    const requirements = files.flatMap((file) => ["--requirement", file]);
    python("-m", "pip", "download", "--quiet", "--dest", unfinished, ...requirements);
    fs.mkdirSync(path.dirname(wheels), { recursive: true });
    fs.renameSync(unfinished, wheels);
  }
  return wheels;
}

/** A lab brought up by `make` on the first of several machines. */
export class SwarmLab {
  /** Unlike any other lab's on this machine, as all machines see each other's processes. */
  readonly prefix = "swarm-";
  readonly name = `${this.prefix}${NAME}`;
  private readonly stack = machineStack();
  private readonly stateDir: string;
  /** Environment of its scripts. */
  readonly environment: NodeJS.ProcessEnv;

  /**
   * @param node The machine on which it is brought up. On others than the first, scripts see only their own processes:
   * two labs with the same name would otherwise take each other's app for their own.
   */
  constructor(
    private readonly machines: Machines,
    private readonly node = MANAGER,
  ) {
    const { folder } = machines;
    this.stateDir = path.join(folder, `lab-${String(node)}`);
    this.environment = {
      LAB_STATE_DIR: this.stateDir,
      STACK: this.stack,
      XDG_STATE_HOME: path.join(folder, `state-${String(node)}`),
      PIP_NO_INDEX: "1",
      PIP_FIND_LINKS: fetchWheels(),
    };
  }

  /** Creates the settings, as the first command of a checkout does. */
  prepare(settings: Readonly<Record<string, unknown>>): void {
    fs.mkdirSync(this.stateDir);
    this.script("pulumi", "stack", "ls");
    this.configure({ namePrefix: this.prefix, ...settings });
  }

  /** Changes settings, as `make config` does. */
  configure(settings: Readonly<Record<string, unknown>>): void {
    const file = path.join(this.stateDir, `own.${this.stack}.yaml`);
    const own = parse(fs.readFileSync(file, "utf8")) as { config?: Record<string, unknown> };
    const named = Object.fromEntries(Object.entries(settings).map(([key, value]) => [`${NAME}:${key}`, value]));
    fs.writeFileSync(file, stringify({ ...own, config: { ...own.config, ...named } }));
  }

  /** Images of these settings in the stack of this machine. */
  images(...settings: string[]): string[] {
    const read = (file: string): unknown => parse(fs.readFileSync(path.join(PROJECT, file), "utf8"));
    const stack = read(`Pulumi.${this.stack}.yaml`) as { config: Record<string, string> };
    const project = read("Pulumi.yaml") as { config: Record<string, { default: string } | undefined> };
    return settings.map((it) => stack.config[`${NAME}:${it}`] ?? project.config[it]?.default ?? "");
  }

  up(): CommandResult {
    return this.script("pulumi", "up", "--yes", "--skip-preview");
  }

  /** Brings it up or applies changes; throws with the CLI's diagnostics if that fails. */
  apply(): void {
    const { ok, output } = this.up();
    if (!ok) {
      throw new Error(output.slice(Math.max(0, output.lastIndexOf("Diagnostics:"))));
    }
  }

  /** Whether it monitors exactly these nodes: both exporters of each are up. */
  watches(...nodes: readonly number[]): boolean {
    const names = nodes.map((node) => this.machines.name(node));
    // series from before the move to a swarm are not yet stale
    const watched = 'up{job=~"linux_host|docker_containers", instance!~"node_exporter|cadvisor:8080"} == 1';
    const up = this.query(watched).map(({ metric }) => metric.instance ?? "");
    return up.sort().join() === [...names, ...names].sort().join();
  }

  /** Output of a preview, after a refresh if requested. */
  preview(...options: string[]): string {
    return this.script("pulumi", "preview", ...options).output;
  }

  /** Output of a preview on another machine. */
  previewOn(node: number): string {
    return this.machines.run(node, [path.join(PROJECT, "scripts", "pulumi"), "preview"], this.environment).output;
  }

  destroy(): CommandResult {
    return this.script("pulumi", "destroy", "--yes", "--skip-preview");
  }

  /** Result of `make verify`: the observations of each check, and the failed checks. */
  verify(): { readonly seen: Readonly<Record<string, string>>; readonly failed: readonly string[] } {
    const { output } = this.script("verify", "--json");
    try {
      const { checks } = JSON.parse(output) as { checks: { check: string; ok: boolean; seen: string }[] };
      return {
        seen: Object.fromEntries(checks.map(({ check, seen }) => [check, seen])),
        failed: checks.filter(({ ok }) => !ok).map(({ check, seen }) => `${check}: ${seen}`),
      };
    } catch {
      return { seen: {}, failed: [output] };
    }
  }

  /** Requests a program of the lab from the manager, as only that can reach its loopback. */
  ask(url: string, ...curl: string[]): unknown {
    const { ok, output } = this.machines.run(this.node, ["curl", "--silent", "--show-error", ...curl, url]);
    if (!ok) {
      throw new Error(output);
    }
    return JSON.parse(output);
  }

  /** The samples of a PromQL query. */
  query(query: string): readonly Sample[] {
    return this.askPrometheus(query) as Sample[];
  }

  /** The samples of a PromQL query with a range. */
  queryRange(query: string): readonly RangeSample[] {
    return this.askPrometheus(query) as RangeSample[];
  }

  private askPrometheus(query: string): readonly unknown[] {
    const response = this.ask("http://127.0.0.1:9090/api/v1/query", "--data-urlencode", `query=${query}`);
    return (response as { data: { result: readonly unknown[] } }).data.result;
  }

  /** The password in the state. */
  password(): string {
    return this.script("pulumi", "stack", "output", "grafanaAdminPassword", "--show-secrets").output.trim();
  }

  private script(name: string, ...args: string[]): CommandResult {
    const alone = this.node === MANAGER ? [] : ["unshare", "--pid", "--fork", "--mount-proc"];
    return this.machines.run(this.node, [...alone, path.join(PROJECT, "scripts", name), ...args], this.environment);
  }
}
