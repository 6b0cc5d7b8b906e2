import * as fs from "node:fs";
import * as path from "node:path";
import { PROJECT } from "./harness";

/** Observed cost of a fault: a row of the table in docs/reliability.md. */
export interface FaultResult {
  /** The affected part; scripts/tables.js has the table's order. */
  readonly part: "containers" | "the app" | "Grafana" | "the engine" | "up" | "destroy" | "data";
  readonly fault: string;
  /** Permanent losses. */
  readonly lost: string;
  /** From the start of the repairing command until `make verify` passes; for a destroy, until nothing is left. */
  readonly seconds: number;
}

const FILE = path.join(PROJECT, ".lab", "recovery.json");

/** Records the cost of a fault; replaces the earlier record. */
export function record(result: FaultResult): void {
  const before = fs.existsSync(FILE) ? (JSON.parse(fs.readFileSync(FILE, "utf8")) as FaultResult[]) : [];
  const results = new Map(before.map((it) => [it.fault, it]));
  results.set(result.fault, { ...result, seconds: Math.round(result.seconds) });
  // renamed when complete, as another suite may be reading
  const next = `${FILE}.${String(process.pid)}`;
  fs.writeFileSync(next, `${JSON.stringify([...results.values()], null, 2)}\n`);
  fs.renameSync(next, FILE);
}
