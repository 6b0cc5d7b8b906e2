import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import retry from "async-retry";
import Table from "cli-table3";
import { CHECKS, sendTraffic } from "./checks";
import { Check, CheckError, LabOutputs } from "./lab";

/** What a check found. */
interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly seen: string;
  /** What to do about a failure. */
  readonly fix?: string;
}

const USAGE = "usage: pulumi stack output --json --show-secrets | verify [--json] [--patience SECONDS]";
/** Seconds that a fresh lab needs besides its first scrapes. */
const PATIENCE = 25;
/** A target is scraped within one interval of being known; a second one is for a scrape that failed. */
const SCRAPES = 2;

/** Asks again until the answer is right or the patience is over: a fresh lab is scraped only after a moment. */
async function examine(check: Check, lab: LabOutputs, patience: number): Promise<Finding> {
  try {
    const seen = await retry(() => check.ask(lab), {
      retries: patience,
      factor: 1,
      minTimeout: 1000,
      maxRetryTime: patience * 1000,
    });
    return { check: check.name, ok: true, seen };
  } catch (error) {
    const fix = error instanceof CheckError ? error.fix : "look whether it runs: make logs, then make up";
    return { check: check.name, ok: false, seen: describe(error), fix };
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

const UNITS: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
  y: 31_536_000,
};

/** Seconds of a Prometheus duration such as `1m30s`. */
function seconds(duration: string): number {
  return [...duration.matchAll(/(\d+)(ms|[smhdwy])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ""] ?? 0),
    0,
  );
}

function printTable(findings: readonly Finding[]): void {
  const table = new Table({
    head: ["check", "", "seen"],
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
    throw new Error(`${USAGE}\nthe outputs on standard input are not a lab's: is it up?`);
  }
  // a dead app is told by the checks themselves
  await sendTraffic(lab).catch(() => undefined);
  const findings = await Promise.all(CHECKS.map((check) => examine(check, lab, patience)));
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
