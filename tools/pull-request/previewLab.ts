import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { parse, stringify } from "yaml";
import { inspectMachine } from "../../lib/docker/machine";
import { hideCredentials, LabError } from "../../lib/shared/problems";
import { LabOutputs } from "../verify/lab";
import { Commands, Outcome } from "./commands";
import { findFreePort, findFreeSubnet, removeVolumes } from "./machine";
import { isObject } from "./report/differences";
import { EngineRun, readRun } from "./report/events";
import { describeMisfits, isMisfit } from "./report/planFit";
import { StandIns } from "./standIns";

/** A run of the engine, and what it printed besides. */
export interface LabRun extends EngineRun {
  /** The steps as the lab has them, with the stand-ins that it can be asked for. */
  readonly asked: EngineRun["steps"];
  readonly ok: boolean;
  /** Why it failed, in whole lines. */
  readonly failure: readonly string[];
}

export interface PreviewLabArgs {
  /** Ignored folder in which the lab's state, passphrase and settings are. */
  readonly folder: string;
  /** Whose settings it has: `dev` or `offline`. */
  readonly stack: string;
}

const LAST_LINES = 20;
/** The rules of this checkout. */
export const OWN_RULES = path.resolve(__dirname, "../../policy");

/** A lab with a name, ports, a network and a state of its own, which may be that of several checkouts in turn. */
export class PreviewLab {
  readonly commands: Commands;
  readonly standIns: StandIns;
  /** Where the app of the lab answers; undefined until the lab has settings. */
  flaskUrl: string | undefined;
  private readonly room: string;
  /** File of the plan that a preview saves; the secrets in it are encrypted, as in the state. */
  private readonly plan: string;

  private constructor(
    private readonly args: PreviewLabArgs,
    private readonly id: string,
    standIns: StandIns,
  ) {
    this.standIns = standIns;
    this.room = path.join(args.folder, "room");
    this.plan = path.join(this.room, "plan.json");
    this.commands = new Commands({
      ...ownEnvironment(),
      LAB_ROOM: this.room,
      // in a backend that is shared it must be nobody else's
      LAB_STACK: `preview-${id}`,
      STACK: args.stack,
    });
  }

  /** A lab that is not up; what a run before, which was killed, left of one is removed. */
  static async create(args: PreviewLabArgs): Promise<PreviewLab> {
    const machine = await inspectMachine();
    const withId = (id: string): PreviewLab => {
      const prefix = `preview-${id}-`;
      const freeSubnet = (): string => findFreeSubnet(machine, prefix);
      return new PreviewLab(args, id, new StandIns(prefix, { freePort: findFreePort, freeSubnet }));
    };
    const before = path.join(args.folder, "room", "id");
    if (fs.existsSync(before)) {
      await withId(readId(before)).remove();
    }
    // by chance, as a backend may be shared by machines on which the checkout is in the same place
    const lab = withId(randomBytes(4).toString("hex"));
    lab.prepare();
    return lab;
  }

  /** Makes the folder for a new state. */
  prepare(): void {
    fs.mkdirSync(this.room, { recursive: true, mode: 0o700 });
    fs.writeFileSync(path.join(this.room, "id"), this.id);
  }

  /**
   * Brings up the lab of a checkout, or makes the lab that is up that of another one.
   *
   * @param rules A policy pack that the engine asks; without one the program asks its own rules.
   * @param options.plan Whether it may only do what the last preview has shown, which saved a plan.
   */
  async up(checkout: string, rules?: string, { plan = false } = {}): Promise<LabRun> {
    // as the preview did: a part that is gone is created after a refresh, and replaced without one
    const constraint = plan ? ["--refresh", "--plan", this.plan] : [];
    return this.runEngine(checkout, ["up", "--yes", "--skip-preview", "--json", ...constraint], rules);
  }

  /**
   * What `up` with the program of a checkout would change, asked of the engine and of the rules of a policy pack.
   *
   * @param options.plan Whether to save it as the plan of the next `up`.
   */
  async preview(checkout: string, rules = OWN_RULES, { plan = false } = {}): Promise<LabRun> {
    fs.rmSync(this.plan, { force: true });
    return this.runEngine(
      checkout,
      ["preview", "--refresh", "--json", ...(plan ? ["--save-plan", this.plan] : [])],
      rules,
    );
  }

  /**
   * The outputs of the lab that is up.
   *
   * @throws LabError where it is not up.
   */
  async outputs(): Promise<LabOutputs> {
    const { ok, output, messages } = await this.commands.run("pulumi", ["stack", "output", "--json", "--show-secrets"]);
    const outputs: unknown = ok ? JSON.parse(output) : {};
    if (!isObject(outputs) || !("grafanaUrl" in outputs)) {
      throw new LabError(`the lab has no outputs: ${lastLines(messages)}`);
    }
    return outputs as unknown as LabOutputs;
  }

  /** What `make verify` finds, as it prints it for machines. */
  async verify(): Promise<Outcome> {
    return this.commands.run("verify", ["--json"]);
  }

  /**
   * Destroys the lab, with data that its settings would keep, and forgets its state.
   *
   * @throws LabError where something is left; the state is there then, and the next run goes on.
   */
  async remove(): Promise<void> {
    const destroyed = await this.commands.run("pulumi", ["destroy", "--yes", "--skip-preview"]);
    const left = await removeVolumes(this.standIns.prefix);
    if ((!destroyed.ok && !destroyed.messages.includes("no stack named")) || left.length > 0) {
      throw new LabError(
        `the preview's lab is not wholly removed${left.length > 0 ? ` (left: ${left.join(", ")})` : ""}; ` +
          `run it again, or see what is in the way:\n${lastLines(destroyed.messages)}`,
      );
    }
    await this.commands.run("pulumi", ["stack", "rm", "--yes"]);
    fs.rmSync(this.room, { recursive: true, force: true });
  }

  private async runEngine(checkout: string, args: readonly string[], rules?: string): Promise<LabRun> {
    const configured = await this.configure(checkout).catch(refused);
    const outcome = configured.ok
      ? await this.commands.run("pulumi", [...args, ...(rules === undefined ? [] : ["--policy-pack", rules])], {
          env: { LAB_CHECKOUT: checkout, ...(rules === undefined ? {} : { LAB_RULES: "pack" }) },
        })
      : configured;
    const events = this.standIns.restore(outcome.events);
    const run = readRun(events);
    const failure = [
      ...describeMisfits(events),
      ...run.errors.filter((it) => !isMisfit(it)),
      ...(run.violations.length > 0 ? ["a policy is violated"] : []),
    ];
    const said = lastLines(this.standIns.restore(outcome.messages)).split("\n");
    const { steps: asked } = readRun(outcome.events);
    return { ...run, asked, ok: outcome.ok, failure: outcome.ok ? [] : failure.length > 0 ? failure : said };
  }

  /** Writes the settings that the lab has in place of those of a checkout's files. */
  private async configure(checkout: string): Promise<Outcome> {
    const env = { LAB_CHECKOUT: checkout };
    const { config, secrets } = await this.standIns.settingsOf(checkout, this.args.stack);
    const { flaskPort } = config;
    this.flaskUrl = typeof flaskPort === "number" ? `http://127.0.0.1:${String(flaskPort)}` : undefined;
    const file = path.join(this.room, `own.${this.args.stack}.yaml`);
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

/** The caller's environment without what would lead to another lab. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(LAB_ROOM|LAB_CHECKOUT|LAB_STACK|LAB_RULES|STACK|BASE|APPLY|MAKE.*|MFLAGS|PULUMI_DEBUG_COMMANDS)$/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

/** The id in a file; it becomes a part of names and paths, and whatever has these is removed. */
function readId(file: string): string {
  const id = fs.readFileSync(file, "utf8");
  // empty where a run was killed before it made anything
  if (!/^([0-9a-f]{8})?$/.test(id)) {
    throw new LabError(
      `${file} holds no id of a preview's lab, 8 hex digits: remove its folder, and what docker ps shows of preview-… labs`,
    );
  }
  return id;
}

/** What a checkout of which there can be no lab is refused for. */
function refused(error: unknown): Outcome {
  if (error instanceof LabError) {
    return { ok: false, events: "", output: "", messages: error.message };
  }
  throw error;
}

function lastLines(text: string): string {
  return hideCredentials(text).trim().split("\n").slice(-LAST_LINES).join("\n");
}
