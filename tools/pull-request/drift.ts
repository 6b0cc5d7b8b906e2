// Reports whether the running lab differs from its code, in Markdown.
// usage: [REPORT=FILE] drift FOLDER      exit code 0: no drift, 2: drift, 1: unknown
import * as fs from "node:fs";
import * as path from "node:path";
import { hideCredentials, LabError } from "../../lib/shared/problems";
import { runMain } from "../../lib/shared/run";
import { Commands, Outcome } from "./commands";
import { readRun } from "./report/events";
import { renderReport, Report, summaryOf } from "./report/markdown";
import { describeSteps } from "./report/resources";

const MARKER = "<!-- observability-lab: drift -->";
const DRIFT = 2;

async function main(): Promise<void> {
  const [folder = ""] = process.argv.slice(2);
  const { REPORT = path.join(folder, "report.md") } = process.env;
  const commands = new Commands(process.env);
  commands.interruptOnSignals("interrupted");
  // a report of an earlier run must not pass for this one's
  fs.rmSync(REPORT, { force: true });
  const outputs = await commands.run("pulumi", ["stack", "output", "--json"]);
  if (!outputs.ok) {
    throw new LabError(`the outputs of the lab cannot be read: ${outputs.messages.trim()}`);
  }
  if (outputs.output.trim() === "{}") {
    throw new LabError("the lab is not up: run make up");
  }
  const start = Date.now();
  const { outcome, notes } = await preview(commands);
  const run = readRun(outcome.events);
  const report: Report = {
    marker: MARKER,
    title: "Drift of the lab",
    notes,
    run,
    changes: describeSteps(run.steps),
    policies: false,
    failure: outcome.ok ? [] : [...run.errors, hideCredentials(outcome.messages)],
    seconds: { preview: (Date.now() - start) / 1000 },
  };
  fs.mkdirSync(path.dirname(REPORT), { recursive: true });
  fs.writeFileSync(REPORT, renderReport(report));
  console.log(`${summaryOf(report)}; the report: ${REPORT}`);
  process.exitCode = !outcome.ok ? 1 : report.changes.changes.length > 0 ? DRIFT : 0;
}

/** Refreshes every resource, which fails if Grafana is down; the lab itself can still report that. */
async function preview(commands: Commands): Promise<{ outcome: Outcome; notes: readonly string[] }> {
  const notes = ["Changes that `make up` would make to the lab."];
  const outcome = await commands.run("pulumi", ["preview", "--refresh", "--json"]);
  return outcome.ok || commands.signal.aborted
    ? { outcome, notes }
    : {
        outcome: await commands.run("pulumi", ["preview", "--json"]),
        notes: [...notes, "The Pulumi engine could not refresh every resource; this report is from the lab itself."],
      };
}

runMain(main);
