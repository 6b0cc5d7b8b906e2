import { parseArgs } from "node:util";
import { readStackFiles } from "../../lib/settings/stackFiles";
import { LabError } from "../../lib/shared/problems";
import { runMain } from "../../lib/shared/run";
import { printResults } from "../verify/table";
import { examine } from "./checks";
import { Finding } from "./finding";

const USAGE = "usage: doctor [--json] FILE...      settings files of a stack, the later ones win";

function printTable(findings: readonly Finding[]): void {
  printResults(
    findings.map(({ check, state, seen, fix }) => [check, state === "problem" ? "PROBLEM" : state, seen, fix]),
    [14, 9, 92],
  );
  const count = (state: Finding["state"]): number => findings.filter((it) => it.state === state).length;
  const warnings = countOf(count("warning"), "warning");
  const problems = countOf(count("problem"), "problem");
  console.log(
    count("problem") === 0
      ? `This machine can run the lab${count("warning") === 0 ? "" : `, with ${warnings}`}.`
      : `The lab cannot run on this machine: ${problems}, ${warnings}.`,
  );
}

function countOf(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? "" : "s"}`;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: { json: { type: "boolean" } }, allowPositionals: true });
  if (positionals.length === 0) {
    throw new LabError(USAGE);
  }
  const findings = await examine(readStackFiles(positionals));
  const ok = findings.every(({ state }) => state !== "problem");
  if (values.json === true) {
    console.log(JSON.stringify({ ok, checks: findings }, null, 2));
  } else {
    printTable(findings);
  }
  process.exitCode = ok ? 0 : 1;
}

runMain(main, 2);
