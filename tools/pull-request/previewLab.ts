import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { parse, stringify } from "yaml";
import { inspectMachine } from "../../lib/docker/machine";
import { urlOn } from "../../lib/shared/names";
import { hideCredentials, LabError } from "../../lib/shared/problems";
import { LabOutputs } from "../verify/lab";
import { Commands, Outcome } from "./commands";
import { findFreePort, findFreeSubnet, removeVolumes } from "./machine";
import { isObject } from "../../lib/shared/isObject";
import { EngineRun, readRun } from "./report/events";
import { describeMisfits, isMisfit } from "./report/planFit";
import { StandIns } from "./standIns";

/** A run of the Pulumi engine, and its other output. */
export interface LabRun extends EngineRun {
  /** The steps with stand-ins not replaced: the values that the running lab knows. */
  readonly asked: EngineRun["steps"];
  readonly ok: boolean;
  /** Why it failed, in whole lines. */
  readonly failure: readonly string[];
}

export interface PreviewLabArgs {
  /** Ignored folder with the lab's state, passphrase and settings. */
  readonly folder: string;
  /** Stack with the settings: `dev` or `offline`. */
  readonly stack: string;
}

const LAST_LINES = 20;
/** The policies of this checkout. */
export const OWN_POLICIES = path.resolve(__dirname, "../../policy");

/** A lab with its own name, ports, network and state; several checkouts can use it in turn. */
export class PreviewLab {
  readonly commands: Commands;
  /** URL of the lab's app; undefined until the lab has settings. */
  flaskUrl: string | undefined;
  private readonly stateDir: string;
  /** Plan file that a preview saves; its secrets are encrypted, as in the state. */
  private readonly plan: string;

  private constructor(
    private readonly args: PreviewLabArgs,
    private readonly id: string,
    readonly standIns: StandIns,
  ) {
    this.stateDir = path.join(args.folder, "lab");
    this.plan = path.join(this.stateDir, "plan.json");
    this.commands = new Commands({
      ...ownEnvironment(),
      LAB_STATE_DIR: this.stateDir,
      // unique, as the backend may be shared
      LAB_STACK: `preview-${id}`,
      STACK: args.stack,
    });
  }

  /** A lab that is not running; first removes the leftovers of a killed run. */
  static async create(args: PreviewLabArgs): Promise<PreviewLab> {
    const machine = await inspectMachine();
    const withId = (id: string): PreviewLab => {
      const prefix = `preview-${id}-`;
      const freeSubnet = (): string => findFreeSubnet(machine, prefix);
      return new PreviewLab(args, id, new StandIns(prefix, { freePort: findFreePort, freeSubnet }));
    };
    const before = path.join(args.folder, "lab", "id");
    if (fs.existsSync(before)) {
      await withId(readId(before)).remove();
    }
    // random, as machines with the checkout at the same path may share a backend
    const lab = withId(randomBytes(4).toString("hex"));
    lab.prepare();
    return lab;
  }

  /** Creates the folder for a new state. */
  prepare(): void {
    fs.mkdirSync(this.stateDir, { recursive: true, mode: 0o700 });
    fs.writeFileSync(path.join(this.stateDir, "id"), this.id);
  }

  /**
   * Brings up the lab of a checkout, or updates the running lab to it.
   *
   * @param policies A policy pack for the Pulumi engine; without one, the program checks its own policies.
   * @param options.plan Whether to allow only what the last preview showed, by its saved plan.
   */
  async up(checkout: string, policies?: string, { plan = false } = {}): Promise<LabRun> {
    // as in the preview: a missing resource is created after a refresh, and replaced without one
    const constraint = plan ? ["--refresh", "--plan", this.plan] : [];
    return this.runEngine(checkout, ["up", "--yes", "--skip-preview", "--json", ...constraint], policies);
  }

  /**
   * What `up` with the program of a checkout would change, with the violations of a policy pack.
   *
   * @param options.plan Whether to save the plan for the next `up`.
   */
  async preview(checkout: string, policies = OWN_POLICIES, { plan = false } = {}): Promise<LabRun> {
    fs.rmSync(this.plan, { force: true });
    const saved = plan ? ["--save-plan", this.plan] : [];
    return this.runEngine(checkout, ["preview", "--refresh", "--json", ...saved], policies);
  }

  /**
   * The outputs of the running lab.
   *
   * @throws LabError if it is not running.
   */
  async outputs(): Promise<LabOutputs> {
    const { ok, output, messages } = await this.commands.run("pulumi", ["stack", "output", "--json", "--show-secrets"]);
    const outputs: unknown = ok ? JSON.parse(output) : {};
    if (!isObject(outputs) || !("grafanaUrl" in outputs)) {
      throw new LabError(`the lab has no outputs: ${lastLines(messages)}`);
    }
    return outputs as unknown as LabOutputs;
  }

  /**
   * Destroys the lab, including data that its settings would keep, and deletes its state.
   *
   * @throws LabError if anything is left; the state stays, and the next run continues.
   */
  async remove(): Promise<void> {
    const destroyed = await this.commands.run("pulumi", ["destroy", "--yes", "--skip-preview"]);
    const left = await removeVolumes(this.standIns.prefix);
    if ((!destroyed.ok && !destroyed.messages.includes("no stack named")) || left.length > 0) {
      throw new LabError(
        `the preview's lab was not removed completely${left.length > 0 ? ` (left: ${left.join(", ")})` : ""}; ` +
          `run it again, or fix the error:\n${lastLines(destroyed.messages)}`,
      );
    }
    await this.commands.run("pulumi", ["stack", "rm", "--yes"]);
    fs.rmSync(this.stateDir, { recursive: true, force: true });
  }

  private async runEngine(checkout: string, args: readonly string[], policies?: string): Promise<LabRun> {
    const configured = await this.configure(checkout).catch(refused);
    const outcome = configured.ok
      ? await this.commands.run("pulumi", [...args, ...(policies === undefined ? [] : ["--policy-pack", policies])], {
          env: { LAB_CHECKOUT: checkout, ...(policies === undefined ? {} : { LAB_POLICIES: "pack" }) },
        })
      : configured;
    const events = this.standIns.restore(outcome.events);
    const run = readRun(events);
    const failure = [
      ...describeMisfits(events),
      ...run.errors.filter((it) => !isMisfit(it)),
      ...(run.violations.length > 0 ? ["a policy is violated"] : []),
    ];
    const printed = lastLines(this.standIns.restore(outcome.messages)).split("\n");
    const { steps: asked } = readRun(outcome.events);
    return { ...run, asked, ok: outcome.ok, failure: outcome.ok ? [] : failure.length > 0 ? failure : printed };
  }

  /** Writes the settings that override those of a checkout's files. */
  private async configure(checkout: string): Promise<Outcome> {
    const env = { LAB_CHECKOUT: checkout };
    const { config, secrets } = await this.standIns.settingsOf(checkout, this.args.stack);
    const { flaskPort, bindAddress = "127.0.0.1" } = config;
    this.flaskUrl = typeof flaskPort === "number" ? urlOn(String(bindAddress), flaskPort) : undefined;
    const file = path.join(this.stateDir, `own.${this.args.stack}.yaml`);
    if (!fs.existsSync(file)) {
      const made = await this.commands.run("pulumi", ["stack", "ls"], { env });
      if (!made.ok) {
        return made;
      }
    }
    const own: unknown = parse(fs.readFileSync(file, "utf8"));
    const named = Object.entries(config).map(([key, value]) => [`observability-lab:${key}`, value] as const);
    const content = { ...(isObject(own) ? own : {}), config: Object.fromEntries(named) };
    fs.writeFileSync(file, stringify(content), { mode: 0o600 });
    for (const [key, value] of Object.entries(secrets)) {
      const set = await this.commands.run("pulumi", ["config", "set", "--secret", "--path", key], {
        env,
        stdin: value,
      });
      if (!set.ok) {
        return set;
      }
    }
    return { ok: true, events: "", output: "", messages: "" };
  }
}

/** The caller's environment without variables that would lead to another lab. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const foreign =
    /^(LAB_STATE_DIR|LAB_CHECKOUT|LAB_STACK|LAB_POLICIES|STACK|BASE|APPLY|MAKE.*|MFLAGS|PULUMI_DEBUG_COMMANDS)$/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

/** The id in a file, validated: everything with this id in its name or path will be removed. */
function readId(file: string): string {
  const id = fs.readFileSync(file, "utf8");
  // empty if a run was killed before it created anything
  if (!/^([0-9a-f]{8})?$/.test(id)) {
    throw new LabError(
      `${file} does not contain the id of a preview's lab (8 hex digits): remove its folder, and the preview-… containers that docker ps lists`,
    );
  }
  return id;
}

/** Outcome for a checkout that cannot be run as a lab. */
function refused(error: unknown): Outcome {
  if (error instanceof LabError) {
    return { ok: false, events: "", output: "", messages: error.message };
  }
  throw error;
}

function lastLines(text: string): string {
  return hideCredentials(text).trim().split("\n").slice(-LAST_LINES).join("\n");
}
