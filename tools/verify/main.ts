import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { CHECKS, FLASK_PATHS, QUICK_PATHS, sendTraffic } from "./checks";
import { messageOf, runMain } from "../../lib/shared/run";
import { Check, CheckError, Finding, LabOutputs, patienceOf } from "./lab";
import { panelChecks } from "./panels/checks";
import { grafanaApi } from "./panels/grafana";
import { Session } from "./panels/session";
import { remoteWriteChecks } from "./remoteWrite";
import { swarmChecks } from "./swarm";
import { printResults } from "./table";

const USAGE = "usage: scripts/pulumi stack output --json --show-secrets | verify [--json] [--patience SECONDS]";
/** Pause between two rounds of requests to the app: at least one round lies between any two scrapes. */
const TRAFFIC_PAUSE_MS = 1000;
/** Pause before a failed check is retried. */
const RETRY_PAUSE_MS = 500;

/** Retries a check until it passes or the patience ends: a new lab is first scraped after a moment. */
async function examine(check: Check, lab: LabOutputs, patience: number): Promise<Finding> {
  const end = Date.now() + patience * 1000;
  for (;;) {
    try {
      const observed = await check.run(lab);
      return { check: check.name, ok: true, ...(typeof observed === "string" ? { seen: observed } : observed) };
    } catch (error) {
      if (Date.now() + RETRY_PAUSE_MS > end) {
        const { fix, details } =
          error instanceof CheckError ? error : { fix: "read make logs, then run make up", details: undefined };
        return { check: check.name, ok: false, seen: messageOf(error), fix, details };
      }
    }
    await setTimeout(RETRY_PAUSE_MS);
  }
}

function printTable(findings: readonly Finding[]): void {
  printResults(
    findings.map(({ check, ok, seen, fix }) => [check, ok ? "ok" : "FAILED", seen, fix]),
    [16, 8, 90],
  );
  const failed = findings.filter(({ ok }) => !ok).length;
  console.log(failed === 0 ? "The lab works." : `${String(failed)} of ${String(findings.length)} checks failed.`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { json: { type: "boolean" }, patience: { type: "string" } } });
  const chosen = values.patience;
  if (chosen !== undefined && !/^\d+(\.\d+)?$/.test(chosen)) {
    throw new Error(`${USAGE}\n--patience = ${chosen}: must be a number of seconds, 0 or more`);
  }
  const lab = JSON.parse(await text(process.stdin)) as LabOutputs;
  if (!Array.isArray(lab.containers)) {
    throw new Error(`${USAGE}\nstandard input has no outputs of a lab; run make up first`);
  }
  const patience = chosen === undefined ? patienceOf(lab) : Number(chosen);
  // a dead app is reported by the checks
  const send = (paths: typeof FLASK_PATHS) => void sendTraffic(lab, paths).catch(() => undefined);
  send(FLASK_PATHS);
  // a rate is above 0 only with requests between two scrapes
  const traffic = setInterval(send, TRAFFIC_PAUSE_MS, QUICK_PATHS);
  const session = new Session(lab);
  const api = grafanaApi(lab, session);
  const checks = [...CHECKS, ...swarmChecks(lab), ...remoteWriteChecks(lab), ...(await panelChecks(lab, api))];
  const findings = await Promise.all(checks.map((check) => examine(check, lab, patience)));
  await session.end();
  clearInterval(traffic);
  if (values.json === true) {
    console.log(JSON.stringify({ ok: findings.every(({ ok }) => ok), checks: findings }, null, 2));
  } else {
    printTable(findings);
  }
  process.exitCode = findings.every(({ ok }) => ok) ? 0 : 1;
}

runMain(main, 2);
