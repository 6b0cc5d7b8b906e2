// Reports how this checkout would change the lab of another commit, in Markdown.
// usage: BASE=REF [APPLY=1] [REPORT=FILE] pr-preview STACK FOLDER
import * as fs from "node:fs";
import * as path from "node:path";
import { messageOf, runMain } from "../../lib/shared/run";
import { Finding } from "../verify/lab";
import { changedLines } from "./evaluation/causes";
import { PreviewEvaluation } from "./evaluation/previewEvaluation";
import { REPORT_MARKER } from "./foreignReport";
import { Base, checkOut, describeHead, findBase, toReadByHand } from "./git";
import { LabRun, OWN_POLICIES, PreviewLab } from "./previewLab";
import { escapeMarkdown } from "./report/format";
import { LabResults, fence, renderReport, Report, summaryOf } from "./report/markdown";
import { describeSteps } from "./report/resources";

const PROJECT = path.resolve(__dirname, "../..");

type Seconds = Record<string, number>;

/** Result of a preview. */
type Result = Omit<Report, "marker" | "title" | "seconds">;

async function main(): Promise<void> {
  const [stack = "", folder = ""] = process.argv.slice(2);
  const { BASE = "", APPLY = "", REPORT = path.join(folder, "report.md") } = process.env;
  const base = findBase(PROJECT, BASE);
  const checkout = path.join(folder, "base");
  // a report of an earlier run must not pass for this one's
  fs.rmSync(REPORT, { force: true });
  fs.rmSync(checkout, { recursive: true, force: true });
  const lab = await PreviewLab.create({ folder, stack });
  lab.commands.interruptOnSignals("interrupted: removing the preview's lab");

  const seconds: Seconds = {};
  let result: Result | undefined;
  let left: string[] = [];
  const evaluation = new PreviewEvaluation(lab);
  try {
    result = await compare(evaluation, lab, { base, checkout, apply: APPLY !== "" }, seconds);
  } finally {
    evaluation.end();
    left = await timed(seconds, "destroy", () => lab.remove()).then(() => [], paragraphs);
    if (result === undefined && left.length > 0) {
      console.error(left.join("\n")); // no report will have it
    }
    fs.rmSync(checkout, { recursive: true, force: true });
  }
  const failure = [...result.failure, ...(lab.commands.signal.aborted ? ["it was interrupted"] : []), ...left];
  const report: Report = { marker: REPORT_MARKER, title: "Lab preview", ...result, failure, seconds };
  fs.mkdirSync(path.dirname(REPORT), { recursive: true });
  fs.writeFileSync(REPORT, renderReport(report));
  console.log(`${summaryOf(report)}; the report: ${REPORT}`);
  const problems = [...failure, ...(result.results?.problems ?? [])];
  process.exitCode = problems.length > 0 || (result.verified ?? []).some(({ ok }) => !ok) ? 1 : 0;
}

interface Comparison {
  readonly base: Base | undefined;
  /** Folder for the base's files. */
  readonly checkout: string;
  readonly apply: boolean;
}

/** Brings up the base, previews this checkout against it and, if requested, applies and verifies it. */
async function compare(
  evaluation: PreviewEvaluation,
  lab: PreviewLab,
  { base, checkout, apply }: Comparison,
  seconds: Seconds,
): Promise<Result> {
  const head = describeHead(PROJECT);
  const missing = await timed(seconds, "base", () => bringUp(lab, base, checkout));
  const against =
    missing.length === 0 && base !== undefined
      ? [
          `Changes of \`${head}\` against a running lab of \`${base.commit.slice(0, 7)}\` (${escapeMarkdown(base.name)}).`,
        ]
      : [
          `**No lab of a base was up**, so this compares \`${head}\` with an empty state: everything is created.`,
          ...missing,
        ];
  const { policies, policiesOf } = findPolicies(base, checkout);
  const run = await timed(seconds, "preview", () => lab.preview(PROJECT, policies, { plan: apply }));
  const notes = [...against, ...(base === undefined ? [] : byHand(base))];
  const changes = describeSteps(run.steps);
  const result = { notes, run, changes, policies: true, policiesOf, failure: run.failure };
  const evaluates = run.ok && missing.length === 0 && base !== undefined && changes.changes.length > 0;
  const results = (): LabResults | undefined =>
    evaluates ? evaluation.results(changedLines(PROJECT, base.commit)) : undefined;
  if (evaluates && !lab.commands.signal.aborted) {
    await timed(seconds, "evaluation", () => evaluation.evaluate(run, PROJECT));
  }
  if (!apply || !run.ok || lab.commands.signal.aborted) {
    return { ...result, results: results() };
  }
  if (evaluates) {
    await timed(seconds, "baseline", () => evaluation.takeBaseline());
  }
  const applied = await timed(seconds, "apply", () => lab.up(PROJECT, policies, { plan: true }));
  if (!applied.ok) {
    return { ...result, results: results(), failure: ["the update failed:", ...applied.failure] };
  }
  const [verified] = await timed(seconds, "verify", () => Promise.all([verify(lab), evaluation.compareApplied()]));
  return { ...result, results: results(), ...verified };
}

/** The policies to check: those of the base, so that a change does not check itself; and their origin for the report. */
function findPolicies(base: Base | undefined, checkout: string): { policies: string; policiesOf: string } {
  const policies = path.join(checkout, "policy");
  if (base === undefined) {
    return { policies: OWN_POLICIES, policiesOf: "this change's own, as there is no base" };
  }
  if (!fs.existsSync(path.join(policies, "PulumiPolicy.yaml"))) {
    return { policies: OWN_POLICIES, policiesOf: "this change's own, as the base has no `policy/`" };
  }
  return fs.existsSync(path.join(checkout, "node_modules"))
    ? { policies, policiesOf: `those of the base \`${base.commit.slice(0, 7)}\`` }
    : { policies: OWN_POLICIES, policiesOf: "this change's own, as the packages of the base are not there" };
}

/** Files of a change that no policy can check. */
function byHand(base: Base): readonly string[] {
  const files = toReadByHand(PROJECT, base);
  return files.length === 0 ? [] : [["**No policy can check these files, so review them**:", "", ...files].join("\n")];
}

/** Brings up the lab of the base; returns notes for the report if that is not possible. */
async function bringUp(lab: PreviewLab, base: Base | undefined, checkout: string): Promise<string[]> {
  if (base === undefined) {
    return ["There is no base to compare with."];
  }
  const run = await upFrom(lab, base, checkout).catch((error: unknown) => ({ ok: false, failure: paragraphs(error) }));
  if (run.ok) {
    return [];
  }
  if (!lab.commands.signal.aborted) {
    await lab.remove();
    lab.prepare();
  }
  return [
    `The base \`${base.commit.slice(0, 7)}\` (${escapeMarkdown(base.name)}) cannot be brought up:`,
    fence(plain(run.failure.join("\n"), checkout)),
  ];
}

/** A program's message without paths and stack traces. */
function plain(text: string, checkout: string): string {
  return text
    .replaceAll(`${checkout}/`, "")
    .split("\n")
    .filter((line) => !/^\s+at /.test(line))
    .join("\n");
}

async function upFrom(lab: PreviewLab, base: Base, checkout: string): Promise<Pick<LabRun, "ok" | "failure">> {
  checkOut(PROJECT, base, checkout);
  return lab.up(checkout);
}

async function verify(lab: PreviewLab): Promise<Pick<Result, "verified"> & Partial<Pick<Result, "failure">>> {
  const { output, messages } = await lab.commands.run("verify", ["--json"]);
  try {
    const { checks } = JSON.parse(lab.standIns.restore(output)) as { checks: Finding[] };
    return { verified: checks };
  } catch {
    return { verified: undefined, failure: ["the update succeeded, but make verify failed to run:", messages] };
  }
}

function paragraphs(error: unknown): string[] {
  return messageOf(error).split("\n");
}

/** Runs a part of the work and records its time. */
async function timed<T>(seconds: Seconds, part: string, work: () => Promise<T>): Promise<T> {
  const start = Date.now();
  try {
    return await work();
  } finally {
    seconds[part] = (Date.now() - start) / 1000;
  }
}

runMain(main);
