import { parse } from "yaml";
import { Machine } from "../../lib/docker/machine";
import { hasImage } from "../../lib/docker/pull";
import { putFiles, runToEnd, withTemporaryContainer } from "../../lib/docker/temporaryContainer";
import { RECORD } from "../../lib/drift/files";
import { ObservedLab } from "../../lib/drift/observe";
import { OWN_JOBS } from "../../lib/settings/services";
import { Settings } from "../../lib/settings/settings";
import { RULES } from "../../lib/shared/alertRules";
import { labName } from "../../lib/shared/names";
import { LabError, Problem } from "../../lib/shared/problems";
import { CONFIG_FOLDER, ConfigFile } from "../container/spec";
import { passwordPrograms, WEB_FILES } from "../container/webPassword";
import { ALERTMANAGER_CONFIG, alertmanagerFiles, alertmanagerTarget } from "./alertmanager";
import { PROMETHEUS_CONFIG, prometheusFiles } from "./prometheus";
import { findSyntaxErrors } from "./ruleSyntax";

/** A program with files that a tool in its image can check. */
interface CheckedProgram {
  readonly name: string;
  readonly container: string;
  readonly image: string;
  readonly files: readonly ConfigFile[];
  /** Tool with its arguments. */
  readonly check: readonly string[];
  /** Whether it already runs with exactly these files. */
  readonly loaded: boolean;
}

/** Lines of promtool and amtool without a reason: progress, or that a file failed. */
const PROGRESS = /^(Checking [^:]*$|\s*SUCCESS|time=|amtool: error|\s*$)/;
const FAILED = /^(Checking '[^']*')?\s*FAILED:\s*/;

/**
 * Files that Prometheus or Alertmanager would reject, according to `promtool` and `amtool` in their own images. Files
 * in use are not checked again; before the image is pulled, only rule files are parsed.
 */
export async function findRejectedConfig(
  settings: Settings,
  machine: Machine,
  observed: ObservedLab,
): Promise<readonly Problem[]> {
  const changed = checkedPrograms(settings, machine, observed).filter(
    (program) => !(program.loaded && isWritten(program, observed)),
  );
  const problems = await Promise.all(
    changed.map(async (program) =>
      (await hasImage(program.image)) ? checkInImage(program, labName(settings.namePrefix)) : parseAll(program.files),
    ),
  );
  return problems.flat();
}

function checkedPrograms(settings: Settings, machine: Machine, { loaded }: ObservedLab): readonly CheckedProgram[] {
  const { namePrefix, alertWebhook, prometheus, alertmanager } = settings;
  const programs = passwordPrograms(settings);
  const target = alertWebhook === undefined ? undefined : alertmanagerTarget(settings, alertWebhook, machine);
  return [
    {
      name: "Prometheus",
      container: `${namePrefix}prometheus`,
      image: prometheus.image,
      files: prometheusFiles(settings, target, programs),
      check: ["promtool", "check", "config", `${CONFIG_FOLDER}/${PROMETHEUS_CONFIG}`],
      loaded: loaded === undefined,
    },
    ...(alertWebhook === undefined
      ? []
      : [
          {
            name: "Alertmanager",
            container: `${namePrefix}alertmanager`,
            image: alertmanager.image,
            files: alertmanagerFiles(alertWebhook, machine),
            check: ["amtool", "check-config", `${CONFIG_FOLDER}/${ALERTMANAGER_CONFIG}`],
            loaded: true,
          },
        ]),
  ];
}

/** Whether its container has this image and these files; those with credentials are not compared. */
function isWritten({ container, image, files }: CheckedProgram, { containers }: ObservedLab): boolean {
  const found = containers.get(container);
  const present = found?.files;
  const named = new Set([RECORD, ...WEB_FILES, ...files.map(({ file }) => file)]);
  return (
    present !== undefined &&
    found?.Config.Image === image &&
    files.every(({ file, content }) => typeof content !== "string" || present.get(file) === content) &&
    [...present.keys()].every((file) => named.has(file))
  );
}

async function checkInImage({ name, image, files, check }: CheckedProgram, lab: string): Promise<readonly Problem[]> {
  // the content of a credentials file has no syntax
  const contents = files.map(({ file, content }) => [file, typeof content === "string" ? content : "-"] as const);
  const { code, output } = await withTemporaryContainer({ image, lab, entrypoint: check }, async (id) => {
    await putFiles(id, new Map(contents));
    return runToEnd(id);
  }).catch((error: unknown) => {
    // an image may lack the tool
    if (error instanceof LabError && error.message.includes("executable file not found")) {
      return { code: undefined, output: "" };
    }
    throw error;
  });
  if (code === undefined) {
    return parseAll(files);
  }
  const problems = code === 0 ? [] : readProblems(output);
  return code !== 0 && problems.length === 0
    ? [rejected(name, output.trim(), files)]
    : problems.map((line) => rejected(name, line, files));
}

async function parseAll(files: readonly ConfigFile[]): Promise<readonly Problem[]> {
  return (await Promise.all(files.map(parseRules))).flat();
}

/** The problems in the output of promtool or amtool, one line each. */
export function readProblems(output: string): readonly string[] {
  const lines = output.split("\n").filter((line) => !PROGRESS.test(line));
  const problems: string[] = [];
  for (const line of lines.map((it) => it.replace(FAILED, "")).filter((it) => it !== "")) {
    // Go's YAML errors continue on indented lines
    if (line.startsWith("  ") && problems.length > 0) {
      problems.push(`${problems.pop() ?? ""} ${line.trim()}`);
    } else {
      problems.push(line.trim());
    }
  }
  return [...new Set(problems)];
}

/** A problem in a tool's words, mostly `FILE: LINE:COLUMN: …`; attributed to the first file if it names none. */
export function rejected(name: string, line: string, files: readonly ConfigFile[]): Problem {
  const found = files.find((it) => line.includes(`${CONFIG_FOLDER}/${it.file}`)) ?? files[0];
  const { file = "", content = "" } = found ?? {};
  const place = `${CONFIG_FOLDER}/${file}: `;
  const problem = `${name} would reject it: ${line.replace(`parsing YAML file ${place}`, "").replace(place, "")}`;
  if (isRules(file)) {
    return { setting: sourceOf(file), problem, fix: "correct that rule" };
  }
  const job = jobOf(line, content);
  return job === undefined || OWN_JOBS.includes(job)
    ? { setting: file, problem, fix: "correct the setting that this part is rendered from" }
    : { setting: `extraScrapeTargets, job ${job}`, problem, fix: "correct that entry" };
}

/** The scrape job that a problem in prometheus.yml is about, if it has a name or a line of it. */
function jobOf(problem: string, content: ConfigFile["content"]): string | undefined {
  const name = /job name "([^"]+)"/.exec(problem)?.[1];
  const line = Number(/\bline (\d+):/.exec(problem)?.[1]);
  if (name !== undefined || typeof content !== "string" || !(line > 0)) {
    return name;
  }
  const above = content.split("\n").slice(0, line).reverse();
  const inJobs = above.find((it) => /^\w/.test(it)) === "scrape_configs:";
  const [, quoted] = above.map((it) => /^ {2}- job_name: (.+)/.exec(it)).find((it) => it !== null) ?? [];
  return inJobs && quoted !== undefined ? String(parse(quoted)) : undefined;
}

/** Problems of a rule file that can be found without Prometheus. */
async function parseRules({ file, content }: ConfigFile): Promise<readonly Problem[]> {
  if (!isRules(file) || typeof content !== "string") {
    return [];
  }
  const errors = await findSyntaxErrors(content);
  return errors.map((problem) => ({ setting: sourceOf(file), problem, fix: "correct that line" }));
}

function isRules(file: string): boolean {
  return file.endsWith(RULES);
}

function sourceOf(file: string): string {
  return `assets/prometheus/${file}`;
}
