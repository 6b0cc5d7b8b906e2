import * as fs from "node:fs";
import * as path from "node:path";
import { PROJECT } from "../support/harness";

/** An engine on which the whole scenario of a lab went well; a row of the table in docs/reliability.md. */
export interface EngineResult {
  readonly version: string;
  /** `system` for one that runs by itself, `own` for one that dockerd starts. */
  readonly containerd: "own" | "system";
  readonly storageDriver: string;
  readonly cgroups: string;
  /** What else it was started with, in a few words. */
  readonly besides: readonly string[];
}

const FILE = path.join(PROJECT, ".lab", "engines.json");

/** Notes an engine, in the place of what was noted of it before. */
export function recordEngine(result: EngineResult): void {
  const key = ({ version, containerd, besides }: EngineResult): string => [version, containerd, ...besides].join();
  const before = fs.existsSync(FILE) ? (JSON.parse(fs.readFileSync(FILE, "utf8")) as EngineResult[]) : [];
  const others = before.filter((it) => key(it) !== key(result));
  fs.writeFileSync(FILE, `${JSON.stringify([...others, result], null, 2)}\n`);
}
