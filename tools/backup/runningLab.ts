import { setTimeout as sleep } from "node:timers/promises";
import * as path from "node:path";
import { GRAFANA_KEY } from "../../lib/docker/grafanaKey";
import { WITH_DATA } from "../../lib/settings/services";
import { dataVolumeName, labName } from "../../lib/shared/names";
import type { LabOutputs } from "../verify/lab";
import { CommandError, log, run, RunOptions, tryRun } from "./commands";

/** Runs as root, to set the owners of files, with only the required capabilities and no network. */
const ISOLATED = [
  ...["--rm", "--interactive", "--network", "none", "--read-only", "--user", "0:0"],
  ...["--security-opt", "no-new-privileges", "--cap-drop", "ALL"],
  ...["CHOWN", "DAC_OVERRIDE", "FOWNER"].flatMap((capability) => ["--cap-add", capability]),
];
/** The default of startTimeout, for a lab of an earlier version, which has no such output. */
const START_SECONDS = 120;
const HEALTH_INTERVAL_MS = 500;
/** Restarts of a program after which it counts as failed. */
const MAX_RESTARTS = 2;
const STOP_SECONDS = "30";
/** States of a container whose program may write. */
const RUNNING = ["running", "restarting", "paused"];

/** A running lab: its containers with data and their volumes. */
export class RunningLab {
  readonly name: string;
  readonly namePrefix: string;
  /** Host names of the containers with data. */
  readonly parts: readonly string[];
  private readonly stopped = new Set<string>();

  private constructor(readonly outputs: LabOutputs) {
    this.name = outputs.labName;
    this.namePrefix = this.name.slice(0, -labName("").length);
    this.parts = WITH_DATA.filter((part) => part !== "alertmanager" || outputs.alertmanagerUrl !== undefined);
  }

  /**
   * The lab of a checkout; undefined if it is not running.
   *
   * @throws CommandError if its outputs cannot be read, as with another passphrase.
   */
  static async find(checkout: string): Promise<RunningLab | undefined> {
    const output = await run(pulumi(checkout), ["stack", "output", "--json", "--show-secrets"]);
    const outputs = JSON.parse(output) as Partial<LabOutputs>;
    return outputs.labName === undefined ? undefined : new RunningLab(outputs as LabOutputs);
  }

  container(part: string): string {
    return `${this.namePrefix}${part}`;
  }

  volume(part: string): string {
    return dataVolumeName(this, part);
  }

  /** Whether every part has its container and its volume. */
  async isComplete(): Promise<boolean> {
    const found = await Promise.all([
      tryRun("docker", ["container", "inspect", ...this.parts.map((part) => this.container(part))]),
      tryRun("docker", ["volume", "inspect", ...this.parts.map((part) => this.volume(part))]),
    ]);
    return !found.includes(undefined);
  }

  async inspect(part: string, format: string): Promise<string> {
    return (await run("docker", ["inspect", "--format", format, this.container(part)])).trim();
  }

  /** Runs a shell script in a part's own image, with the part's volume mounted at /data. */
  async inVolume(
    part: string,
    [script, ...args]: readonly [string, ...string[]],
    options?: RunOptions,
  ): Promise<string> {
    const image = await this.inspect(part === GRAFANA_KEY ? "grafana" : part, "{{.Image}}");
    const volume = ["--volume", `${this.volume(part)}:/data`];
    const command = ["--entrypoint", "sh", image, "-euc", script, "sh", ...args];
    return run("docker", ["run", ...ISOLATED, ...volume, ...command], options);
  }

  async isRunning(part: string): Promise<boolean> {
    return RUNNING.includes(await this.inspect(part, "{{.State.Status}}"));
  }

  async stop(part: string): Promise<void> {
    const state = await this.inspect(part, "{{.State.Status}}");
    if (RUNNING.includes(state)) {
      this.stopped.add(part);
      if (state === "paused") {
        await run("docker", ["unpause", this.container(part)]); // otherwise it is killed, and its data not written
      }
      await run("docker", ["stop", "-t", STOP_SECONDS, this.container(part)]);
    }
  }

  async start(parts: readonly string[]): Promise<void> {
    this.stopped.clear();
    if (parts.length > 0) {
      await run("docker", ["start", ...parts.map((part) => this.container(part))]);
    }
  }

  /** Starts the containers that `stop` stopped. */
  async startStopped(): Promise<void> {
    await this.start([...this.stopped]);
  }

  /** Waits until each part is healthy; fails after two restarts of a program or after startTimeout. */
  async waitHealthy(parts: readonly string[]): Promise<void> {
    for (const part of parts) {
      if (!(await this.becomesHealthy(part))) {
        log(`${this.container(part)} does not get healthy; its last lines:`);
        log((await run("sh", ["-c", 'docker logs --tail 5 "$1" 2>&1', "sh", this.container(part)])).trimEnd());
        throw new CommandError(`${this.container(part)} is not healthy`);
      }
    }
  }

  private async becomesHealthy(part: string): Promise<boolean> {
    const end = Date.now() + (this.outputs.startTimeout ?? START_SECONDS) * 1000;
    while (Date.now() < end) {
      const [health, restarts] = (await this.inspect(part, "{{.State.Health.Status}} {{.RestartCount}}")).split(" ");
      if (health === "healthy" || Number(restarts) >= MAX_RESTARTS) {
        return health === "healthy";
      }
      await sleep(HEALTH_INTERVAL_MS);
    }
    return false;
  }
}

/** The script that runs Pulumi on the lab of a checkout. */
export function pulumi(checkout: string): string {
  return path.join(checkout, "scripts", "pulumi");
}
