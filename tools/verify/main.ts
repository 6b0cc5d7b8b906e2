import retry from "async-retry";
import Table from "cli-table3";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { CHECKS, FLASK_PATHS, QUICK_PATHS, sendTraffic } from "./checks";
import { seconds } from "./duration";
import { Answer, Check, CheckError, LabOutputs } from "./lab";
import { panelChecks } from "./panels/checks";
import { remoteWriteChecks } from "./remoteWrite";
import { swarmChecks } from "./swarm";

/** Result of a check. */
interface Finding extends Answer {
  readonly check: string;
  readonly ok: boolean;
  /** How to resolve a failure. */
  readonly fix?: string;
}

const USAGE = "usage: pulumi stack output --json --show-secrets | verify [--json] [--patience SECONDS]";
/** Seconds that a new lab needs besides its first scrapes. */
const PATIENCE = 25;
/** A new target is scraped within one interval; the second allows for a failed scrape. */
const SCRAPES = 2;
/** Pause between two rounds of requests to the app: at least one round lies between any two scrapes. */
const TRAFFIC_PAUSE_MS = 1000;
/** Pause before a failed check is retried. */
const ASK_PAUSE_MS = 500;

/** Retries a check until it passes or the patience ends: a new lab is first scraped after a moment. */
async function examine(check: Check, lab: LabOutputs, patience: number): Promise<Finding> {
  try {
    const answer = await retry(() => check.run(lab), {
      retries: Math.ceil((patience * 1000) / ASK_PAUSE_MS),
      factor: 1,
      minTimeout: ASK_PAUSE_MS,
      randomize: false,
      maxRetryTime: patience * 1000,
    });
    return { check: check.name, ok: true, ...(typeof answer === "string" ? { seen: answer } : answer) };
  } catch (error) {
    const { fix, details } =
      error instanceof CheckError ? error : { fix: "read make logs, then run make up", details: undefined };
    return { check: check.name, ok: false, seen: describe(error), fix, details };
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

function printTable(findings: readonly Finding[]): void {
  const table = new Table({
    head: ["check", "", "result"],
    style: { head: [], border: [] },
    wordWrap: true,
    colWidths: [16, 8, 90],
  });
  table.push(
    ...findings.map(({ check, ok, seen, fix }) => [
      check,
      ok ? "ok" : "FAILED",
      fix === undefined ? seen : `${seen}\n-> ${fix}`,
    ]),
  );
  console.log(table.toString());
  const failed = findings.filter(({ ok }) => !ok).length;
  console.log(failed === 0 ? "The lab works." : `${String(failed)} of ${String(findings.length)} checks failed.`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { json: { type: "boolean" }, patience: { type: "string" } } });
  const lab = JSON.parse(await text(process.stdin)) as LabOutputs;
  const patience = Number(values.patience ?? PATIENCE + SCRAPES * seconds(lab.scrapeInterval));
  if (!Array.isArray(lab.containers) || Number.isNaN(patience)) {
    throw new Error(`${USAGE}\nstandard input has no outputs of a lab; run make up first`);
  }
  // a dead app is reported by the checks
  const send = (paths: typeof FLASK_PATHS) => void sendTraffic(lab, paths).catch(() => undefined);
  send(FLASK_PATHS);
  // a rate is above 0 only with requests between two scrapes
  const traffic = setInterval(send, TRAFFIC_PAUSE_MS, QUICK_PATHS);
  const checks = [...CHECKS, ...swarmChecks(lab), ...remoteWriteChecks(lab), ...(await panelChecks(lab))];
  const findings = await Promise.all(checks.map((check) => examine(check, lab, patience)));
  clearInterval(traffic);
  if (values.json === true) {
    console.log(JSON.stringify({ ok: findings.every(({ ok }) => ok), checks: findings }, null, 2));
  } else {
    printTable(findings);
  }
  process.exitCode = findings.every(({ ok }) => ok) ? 0 : 1;
}

main().catch((error: unknown) => {
  console.error(describe(error));
  process.exitCode = 2;
});
