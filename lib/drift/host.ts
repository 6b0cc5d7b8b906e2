import { accessSync, constants, existsSync, readFileSync, realpathSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { attempt } from "../shared/attempt";
import { withTimeout } from "../shared/withTimeout";
import { Drift, MISSING } from "./drift";
import { findStarts } from "./starts";

/** Subfolders of the state directory; each has a virtual environment. */
export const ENVIRONMENTS = ["flask", "ansible"] as const;
export type VirtualEnvironment = (typeof ENVIRONMENTS)[number];

/** The lab's processes and files on the host. */
export interface ObservedHost {
  readonly app: Drift;
  /** Port of the lab's app, even if it is unhealthy. */
  readonly appPort: number | undefined;
  /** A process of another user with the arguments of the lab's app. */
  readonly foreignApp?: number | undefined;
  readonly environments: Readonly<Record<VirtualEnvironment, Drift>>;
}

/** Record that the Flask app's start script writes about its process. */
interface AppRecord {
  readonly pid: number;
  /** Token of this process, which begins with the lab's name. */
  readonly instance: string;
  /** URL that returns the token. */
  readonly health: string;
}

const TIMEOUT_MS = 2_000;

/** The state directory on the host: virtual environments, the app's log and record. */
export function labFolder(lab: string, env: NodeJS.ProcessEnv = process.env): string {
  const state = env.XDG_STATE_HOME;
  const base = state === undefined || state === "" ? path.join(os.homedir(), ".local", "state") : state;
  return path.join(base, "observability-lab", lab);
}

/**
 * Observes the app and the virtual environments. A response with the app's token is not enough: the list of processes
 * shows the token to every user, so the app's own process, which then has the port, must also be running.
 */
export async function observeHost(lab: string, folder: string): Promise<ObservedHost> {
  const environments = {
    flask: environmentDrift(folder, "flask"),
    ansible: environmentDrift(folder, "ansible"),
  };
  const record = readRecord(path.join(folder, "flask", "record.json"));
  const all = await findStarts(lab);
  const starts = all.filter(({ ours }) => ours);
  const runs = starts.some(({ pid, instance }) => pid === record?.pid && instance === record.instance);
  const responds = runs && record !== undefined && (await fetchInstance(record.health)) === record.instance;
  return {
    app: responds ? undefined : record === undefined ? MISSING : "it did not respond",
    appPort: starts[0]?.port,
    foreignApp: all.find(({ ours }) => !ours)?.pid,
    environments,
  };
}

function environmentDrift(folder: string, environment: VirtualEnvironment): Drift {
  const venv = path.join(folder, environment, "venv");
  const python = path.join(venv, "bin", "python");
  try {
    // follows the link to the interpreter, which an upgrade of Python may break
    accessSync(python, constants.X_OK);
    // or lead to another version, which does not find the packages in the folder of the former one
    const version = path.basename(realpathSync(python));
    return /^python3\.\d+t?$/.test(version) && !existsSync(path.join(venv, "lib", version)) ? MISSING : undefined;
  } catch {
    return MISSING;
  }
}

function readRecord(file: string): AppRecord | undefined {
  // undefined if no app was started, or its record was lost: both are a first start
  const record = attempt(() => JSON.parse(readFileSync(file, "utf8")) as Partial<AppRecord> | null);
  return typeof record?.instance === "string" && typeof record.health === "string" && Number.isInteger(record.pid)
    ? (record as AppRecord)
    : undefined;
}

/** Undefined if nothing responds there, or another program. */
function fetchInstance(health: string): Promise<unknown> {
  return withTimeout(TIMEOUT_MS, async (signal) => {
    const { instance } = (await (await fetch(health, { signal })).json()) as { instance?: unknown };
    return instance;
  }).catch(() => undefined);
}
