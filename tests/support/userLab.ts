import { ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout } from "node:timers/promises";
import { parse, stringify } from "yaml";
import { changesOf, stepsOf } from "./eventLog";
import { dashboardSettings, machineStack, PROJECT, removeLeftovers } from "./harness";
import { freePorts, Ports } from "./ports";

/** Result of a lab command. */
export interface Outcome {
  readonly ok: boolean;
  /** Its complete output. */
  readonly output: string;
  /** Its stdout. */
  readonly stdout: string;
  readonly seconds: number;
  /** Names of the resources that it changed or, for a preview, would change. */
  readonly changes: readonly string[];
}

/** A running lab command. */
export interface Running {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
  /** Waits until it has started to work on a resource, or has ended. */
  readonly reached: (resource: string) => Promise<void>;
}

const NAME = "observability-lab";

/** A lab as users have it: run by `make`'s own scripts, with its state and settings in a separate folder. */
export class UserLab {
  /** Folder of the lab's files outside Docker. */
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-faults-"));
  /** Checkout with the scripts; a test can set another one. */
  checkout = PROJECT;
  /** Replaces the `.lab` of a checkout. */
  stateDir = path.join(this.folder, "lab");
  /** State home, in which the lab keeps its host files. */
  stateHome = path.join(this.folder, "state-home");
  private readonly stack = machineStack();
  /** Folder for the event logs of its updates. */
  readonly logs = fs.mkdtempSync(path.join(os.tmpdir(), "lab-events-"));
  private runs = 0;

  private constructor(
    readonly prefix: string,
    private readonly subnet: string,
    readonly ports: Ports,
  ) {}

  /** A lab that is not running yet. */
  static async create(prefix: string, subnet: string): Promise<UserLab> {
    removeLeftovers(`${prefix}${NAME}`);
    return new UserLab(prefix, subnet, await freePorts());
  }

  /** The lab's name on the machine. */
  get lab(): string {
    return `${this.prefix}${NAME}`;
  }

  /** Folder of the lab on the host. */
  get hostFolder(): string {
    return path.join(this.stateHome, NAME, this.lab);
  }

  /** Name of a container. */
  container(name: string): string {
    return `${this.prefix}${name}`;
  }

  /** Creates the folders and settings, as the first command of a checkout does. */
  async prepare(): Promise<void> {
    [this.stateDir, this.stateHome].forEach((folder) => fs.mkdirSync(folder, { recursive: true }));
    await this.run("pulumi", ["stack", "ls"]).outcome;
    this.configure({ ...dashboardSettings(), ...this.ports, namePrefix: this.prefix, subnet: this.subnet });
  }

  /** Changes settings, as `make config` does; undefined removes one. */
  configure(settings: Readonly<Record<string, unknown>>): void {
    const file = path.join(this.stateDir, `own.${this.stack}.yaml`);
    const own = parse(fs.readFileSync(file, "utf8")) as { config?: Record<string, unknown> };
    const named = Object.entries(settings).map(([setting, value]) => ({ [`${NAME}:${setting}`]: value }));
    fs.writeFileSync(file, stringify({ ...own, config: Object.assign({}, own.config, ...named) as unknown }));
  }

  /** Sets secrets, as `make config` does; their values are passed by stdin, not as arguments. */
  async configureSecrets(secrets: Readonly<Record<string, string>>): Promise<void> {
    for (const [setting, value] of Object.entries(secrets)) {
      await expectOk(this.run("pulumi", ["config", "set", "--secret", "--path", setting], {}, value).outcome);
    }
  }

  /** The settings of this lab only. */
  own(): Readonly<Record<string, unknown>> {
    const file = path.join(this.stateDir, `own.${this.stack}.yaml`);
    const { config = {} } = parse(fs.readFileSync(file, "utf8")) as { config?: Record<string, unknown> };
    return Object.fromEntries(Object.entries(config).map(([key, value]) => [key.replace(`${NAME}:`, ""), value]));
  }

  /** Value of a setting in this machine's stack or in Pulumi.yaml. */
  setting(name: string): string {
    const read = (file: string): unknown => parse(fs.readFileSync(path.join(PROJECT, file), "utf8"));
    const stack = read(`Pulumi.${this.stack}.yaml`) as { config: Record<string, string> };
    const project = read("Pulumi.yaml") as { config: Record<string, { default: string } | undefined> };
    return stack.config[`${NAME}:${name}`] ?? project.config[name]?.default ?? "";
  }

  /**
   * Starts one of the scripts that make calls, in its own session like a terminal's, with additional environment
   * variables and a text on stdin.
   */
  run(script: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}, input = ""): Running {
    const log = path.join(this.logs, String(this.runs++));
    const logged = ["up", "preview", "destroy"].includes(args[0] ?? "");
    const started = Date.now();
    const child = spawn(
      path.join(this.checkout, "scripts", script),
      [...args, ...(logged ? ["--event-log", log] : [])],
      {
        cwd: this.checkout,
        detached: true,
        stdio: ["pipe", "pipe", "pipe"],
        env: {
          ...userEnvironment(),
          LAB_STATE_DIR: this.stateDir,
          STACK: this.stack,
          XDG_STATE_HOME: this.stateHome,
          ...env,
        },
      },
    );
    child.stdin.on("error", () => undefined).end(input); // EPIPE: a command that reads nothing may have closed its stdin
    let [output, stdout] = ["", ""];
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      stdout += chunk.toString();
    });
    const outcome = ending(child).then((ok) => {
      const seconds = (Date.now() - started) / 1000;
      return { ok, output, stdout, seconds, changes: changesOf(log) };
    });
    const reached = async (resource: string): Promise<void> => {
      while (
        child.exitCode === null &&
        child.signalCode === null &&
        !stepsOf(log).some(({ name }) => name === resource)
      ) {
        await setTimeout(20);
      }
    };
    return { child, outcome, reached };
  }

  /** `make up`, without its verify. */
  up(): Promise<Outcome> {
    return this.run("pulumi", ["up", "--yes", "--skip-preview"]).outcome;
  }

  /** Names of the resources that the next up would change. */
  async preview(): Promise<readonly string[]> {
    return (await expectOk(this.run("pulumi", ["preview"]).outcome)).changes;
  }

  /** `make destroy`. */
  destroy(): Promise<Outcome> {
    return this.run("pulumi", ["destroy", "--yes", "--skip-preview"]).outcome;
  }

  /** Failed checks of `make verify`. */
  async failedChecks(): Promise<string[]> {
    const { output, stdout } = await this.run("verify", ["--json"]).outcome;
    try {
      const { checks } = JSON.parse(stdout) as { checks: { check: string; ok: boolean; seen: string }[] };
      return checks.filter(({ ok }) => !ok).map(({ check, seen }) => `${check}: ${seen}`);
    } catch {
      return [output];
    }
  }

  /** The password in the state. */
  password(): Promise<string> {
    return this.output("grafanaAdminPassword");
  }

  /** An output of the stack, in plain text. */
  async output(name: string): Promise<string> {
    return (await this.run("pulumi", ["stack", "output", name, "--show-secrets"]).outcome).stdout.trim();
  }

  /** Destroys what is left, runs a further cleanup, and removes the folder. */
  async remove(before: () => unknown = () => undefined): Promise<void> {
    const destroyed = await this.destroy();
    before();
    [this.folder, this.logs].forEach((folder) => {
      fs.rmSync(folder, { recursive: true, force: true });
    });
    await expectOk(Promise.resolve(destroyed));
  }
}

/** The outcome of a command that must succeed. */
export async function expectOk(outcome: Promise<Outcome>): Promise<Outcome> {
  const result = await outcome;
  if (!result.ok) {
    throw new Error(result.output);
  }
  return result;
}

/** The caller's environment without variables that would lead its lab and this one to the same state. */
function userEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(PULUMI_(BACKEND_URL|ACCESS_TOKEN|CONFIG_PASSPHRASE.*)|LAB_STATE_DIR|STACK|FILE|MAKE.*|MFLAGS)$/;
  const own = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  // enables the CLI's option --event-log
  return { ...Object.fromEntries(own), PULUMI_DEBUG_COMMANDS: "true" };
}

/** Whether a process succeeds; does not wait for pipes that a killed process leaves open in a child. */
async function ending(child: ChildProcess): Promise<boolean> {
  const closed = once(child, "close");
  const [code] = (await once(child, "exit")) as [number | null];
  await Promise.race([closed, setTimeout(1000, undefined, { ref: false })]);
  return code === 0;
}
