import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout } from "node:timers/promises";
import { parse, stringify } from "yaml";
import { machineStack, PROJECT } from "./harness";
import { CommandResult, Machines } from "./machines";

const NAME = "observability-lab";
/** The machine that Pulumi runs on. */
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

/** Seconds until this is true, asked twice a second; `excused` are seconds that others took. */
export async function secondsUntil(is: () => boolean, limit: number, excused = (): number => 0): Promise<number> {
  const begin = Date.now();
  while (!is()) {
    if (Date.now() - begin > (limit + excused()) * 1000) {
      throw new Error(`not within ${String(limit + excused())} s: ${is.toString()}`);
    }
    await setTimeout(500);
  }
  return (Date.now() - begin) / 1000;
}

/** Fetches what pip installs for a lab, once for a Python and its pins; the machines have no way out. */
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

/** A lab as `make` brings it up, on the first of several machines. */
export class SwarmLab {
  /** No other lab of this machine has it: all see each other's processes. */
  readonly prefix = "swarm-";
  readonly name = `${this.prefix}${NAME}`;
  private readonly stack = machineStack();
  private readonly room: string;
  /** Variables that its scripts are run with. */
  readonly environment: NodeJS.ProcessEnv;

  /**
   * @param node The machine that it is brought up on. On another than the first its scripts see their own processes only:
   * two labs of one name would take each other's app for their own.
   */
  constructor(
    private readonly machines: Machines,
    private readonly node = MANAGER,
  ) {
    const { folder } = machines;
    this.room = path.join(folder, `room-${String(node)}`);
    this.environment = {
      LAB_ROOM: this.room,
      STACK: this.stack,
      XDG_STATE_HOME: path.join(folder, `state-${String(node)}`),
      PIP_NO_INDEX: "1",
      PIP_FIND_LINKS: fetchWheels(),
    };
  }

  /** Makes the settings, as the first command of a checkout does. */
  prepare(settings: Readonly<Record<string, unknown>>): void {
    fs.mkdirSync(this.room);
    this.script("pulumi", "stack", "ls");
    this.configure({ namePrefix: this.prefix, ...settings });
  }

  /** Sets these settings as `make config` does. */
  configure(settings: Readonly<Record<string, unknown>>): void {
    const file = path.join(this.room, `own.${this.stack}.yaml`);
    const own = parse(fs.readFileSync(file, "utf8")) as { config?: Record<string, unknown> };
    const named = Object.fromEntries(Object.entries(settings).map(([key, value]) => [`${NAME}:${key}`, value]));
    fs.writeFileSync(file, stringify({ ...own, config: { ...own.config, ...named } }));
  }

  /** Images of these settings, by the stack of this machine. */
  images(...settings: string[]): string[] {
    const read = (file: string): unknown => parse(fs.readFileSync(path.join(PROJECT, file), "utf8"));
    const stack = read(`Pulumi.${this.stack}.yaml`) as { config: Record<string, string> };
    const project = read("Pulumi.yaml") as { config: Record<string, { default: string } | undefined> };
    return settings.map((it) => stack.config[`${NAME}:${it}`] ?? project.config[it]?.default ?? "");
  }

  up(): CommandResult {
    return this.script("pulumi", "up", "--yes", "--skip-preview");
  }

  /** Brings it up, or what was changed of it; throws with the CLI's diagnostics where that fails. */
  apply(): void {
    const { ok, output } = this.up();
    if (!ok) {
      throw new Error(output.slice(Math.max(0, output.lastIndexOf("Diagnostics:"))));
    }
  }

  /** Whether it watches these nodes and no other: both exporters of each are up. */
  watches(...nodes: readonly number[]): boolean {
    const names = nodes.map((node) => this.machines.name(node));
    // what was watched before the move to a swarm is not yet stale
    const watched = 'up{job=~"linux_host|docker_containers", instance!~"node_exporter|cadvisor:8080"} == 1';
    const up = this.query(watched).map(({ metric }) => metric.instance ?? "");
    return up.sort().join() === [...names, ...names].sort().join();
  }

  /** What a preview says that an up would do, after a refresh where that is asked for. */
  preview(...options: string[]): string {
    return this.script("pulumi", "preview", ...options).output;
  }

  /** What a preview says on another machine than the one that it runs on. */
  previewOn(node: number): string {
    return this.machines.run(node, [path.join(PROJECT, "scripts", "pulumi"), "preview"], this.environment).output;
  }

  destroy(): CommandResult {
    return this.script("pulumi", "destroy", "--yes", "--skip-preview");
  }

  /** What `make verify` finds: what it says of each check, and of those that fail alone. */
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

  /** Asks a program of the lab on the manager, whose loopback nobody else reaches. */
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
    const answer = this.ask("http://127.0.0.1:9090/api/v1/query", "--data-urlencode", `query=${query}`);
    return (answer as { data: { result: readonly unknown[] } }).data.result;
  }

  /** The password that the state holds. */
  password(): string {
    return this.script("pulumi", "stack", "output", "grafanaAdminPassword", "--show-secrets").output.trim();
  }

  private script(name: string, ...args: string[]): CommandResult {
    const alone = this.node === MANAGER ? [] : ["unshare", "--pid", "--fork", "--mount-proc"];
    return this.machines.run(this.node, [...alone, path.join(PROJECT, "scripts", name), ...args], this.environment);
  }
}
