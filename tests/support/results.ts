import * as fs from "node:fs";
import * as path from "node:path";
import { PROJECT } from "./harness";

/** What a fault was seen to cost; a row of the table in docs/reliability.md. */
export interface FaultResult {
  /** What the fault hits; the table's order is that of scripts/recovery-table.js. */
  readonly part: "containers" | "the app" | "Grafana" | "the engine" | "up" | "destroy" | "data";
  /** The fault in a few words. */
  readonly fault: string;
  /** What is lost for good. */
  readonly lost: string;
  /** From the start of the command that repairs it to a green `make verify`; of a destroy, until nothing is left. */
  readonly seconds: number;
}

const FILE = path.join(PROJECT, ".lab", "recovery.json");

/** Notes what a fault cost, in the place of what was noted of it before. */
export function record(result: FaultResult): void {
  const before = fs.existsSync(FILE) ? (JSON.parse(fs.readFileSync(FILE, "utf8")) as FaultResult[]) : [];
  const results = new Map(before.map((it) => [it.fault, it]));
  results.set(result.fault, { ...result, seconds: Math.round(result.seconds) });
  // another suite may be reading
  const next = `${FILE}.${String(process.pid)}`;
  fs.writeFileSync(next, `${JSON.stringify([...results.values()], null, 2)}\n`);
  fs.renameSync(next, FILE);
}
