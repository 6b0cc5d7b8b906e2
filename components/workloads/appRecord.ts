import { readFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

/** What the start of the Flask app wrote down of the process it started. */
export interface AppRecord {
  /** How many times the app had to be started anew before this start. */
  readonly generation: number;
  /** Token that only this process answers with. */
  readonly instance: string;
  /** URL that answers with the token. */
  readonly health: string;
}

/** State of the app as the program sees it. */
export interface AppState {
  /**
   * Trigger of the app's start. It stays while the app answers and moves on once it does not,
   * so that a dead app shows in a preview and a healed one does not.
   */
  readonly generation: number;
  readonly alive: boolean;
}

const TIMEOUT_MS = 2_000;

/** The lab's folder on the host: virtual environments, the app's log and record. */
export function labFolder(lab: string, env: NodeJS.ProcessEnv = process.env): string {
  const state = env.XDG_STATE_HOME;
  const base = state === undefined || state === "" ? path.join(os.homedir(), ".local", "state") : state;
  return path.join(base, "observability-lab", lab);
}

/** Asks the app whether it is the one that the record names. */
export async function readAppState(folder: string): Promise<AppState> {
  const record = readRecord(path.join(folder, "flask", "record.json"));
  if (record === undefined) {
    return { generation: 0, alive: false };
  }
  const alive = await answers(record);
  return { generation: alive ? record.generation : record.generation + 1, alive };
}

function readRecord(file: string): AppRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(file, "utf8")) as AppRecord | null;
    return Number.isInteger(record?.generation) ? (record ?? undefined) : undefined;
  } catch {
    return undefined; // no app was started, or its record was lost: both are a first start
  }
}

async function answers(record: AppRecord): Promise<boolean> {
  try {
    const response = await fetch(record.health, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const body = (await response.json()) as { instance?: string };
    return body.instance === record.instance;
  } catch {
    return false;
  }
}
