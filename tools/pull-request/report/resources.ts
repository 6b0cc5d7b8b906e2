import { Change, findChanges, OPERATIONS } from "./changes";
import { configurationRows, filesOf } from "./configuration";
import { dashboardDetail, dashboardFolds, dashboardRows } from "./dashboards";
import { isObject } from "../../../lib/shared/isObject";
import { findDifferences, without } from "./differences";
import { Properties, Step } from "./events";
import { describeDifference, Details, escapeMarkdown, foldOf, formatChange, list, TextPair } from "./format";
import { partOf } from "./labels";
import { Row } from "./rows";

/** The planned or executed changes of a run. */
export interface Changes {
  readonly changes: readonly Change[];
  /** A row for each resource, followed by its changed jobs, alerts and panels. */
  readonly rows: readonly Row[];
  /** Diffs of the files and dashboards in them. */
  readonly folds: readonly Details[];
}

/** By importance to a reader; others follow. */
const KINDS = "volume network container service reload configuration app playbook datasource folder dashboard".split(
  " ",
);

const CONFIGURATION = "its configuration";
/** Why a resource is replaced. */
const DRIFT = "drift";

/** Labels of a container by their name in the report; undefined if another input already shows the change. */
const LABELS: ReadonlyMap<string, string | undefined> = new Map([
  ["observability-lab.memory", undefined],
  ["observability-lab.config", CONFIGURATION],
  ["observability-lab.overlay", "its overlay network"],
  ["observability-lab.reason", DRIFT],
]);

/** Texts in commands, by resource name and path of the input. */
const COMMAND_TEXTS: readonly (readonly [RegExp, string, string])[] = [
  [/^flask-process$/, "stdin", "app.py"],
  [/^ansible-run$/, "stdin", "monitor_playbook.yml"],
  [/-environment$/, "stdin", "requirements.txt"],
  [/./, "environment.CREATE", "create script"],
  [/./, "environment.DELETE", "delete script"],
  [/./, "environment.SCRIPT", "script"],
];

/** Describes the Pulumi engine's steps in terms of the lab. */
export function describeSteps(steps: readonly Step[]): Changes {
  const changes = [...findChanges(steps)].sort((one, other) => weightOf(one) - weightOf(other));
  const described = changes.map(describe);
  return {
    changes,
    rows: described.flatMap(({ rows }) => rows),
    folds: described.flatMap(({ folds }) => folds),
  };
}

/** Losses first, then by kind. */
function weightOf(change: Change): number {
  const kind = KINDS.indexOf(partOf(change).kind);
  return OPERATIONS.indexOf(change.operation) * 100 + (kind < 0 ? KINDS.length : kind);
}

function describe(change: Change): { rows: readonly Row[]; folds: readonly Details[] } {
  const { operation } = change;
  const row = (detail: string): Row => ({ operation, ...partOf(change), detail });
  const whole = operation === "create" || operation === "delete";
  if (change.type === "grafana:oss/dashboard:Dashboard") {
    const parts = whole ? [] : dashboardRows(change);
    const detail = whole ? "" : list([reasonOf(change), dashboardDetail(change)].filter(Boolean));
    return { rows: [row(detail), ...parts], folds: whole ? [] : dashboardFolds(change) };
  }
  if (whole) {
    return { rows: [row("")], folds: [] };
  }
  const files = change.name.endsWith("-config-files") ? filesOf(change) : textsOf(change);
  const folds = files.flatMap((pair) => foldOf(pair) ?? []);
  const details = [...folds.map(({ title }) => escapeMarkdown(title)), ...differencesOf(change, files)];
  const { kind, name } = partOf(change);
  return {
    rows: [row(list(details)), ...configurationRows(files)],
    // two resources may have files with the same name
    folds: folds.map(({ title, diff }) => ({ title: `${kind} ${name}: ${title}`, diff })),
  };
}

/** Other inputs that differ; if none do, what the provider found different, or a changed secret. */
function differencesOf(change: Change, files: readonly TextPair[]): string[] {
  const [before, after] = [readable(change, change.before), readable(change, change.after)];
  const details = findDifferences(before, after)
    // a replaced resource drops the reason of an earlier repair
    .filter(({ path, after: now }) => !(path.endsWith(DRIFT) && now === "declared"))
    .map((difference) =>
      difference.path.endsWith(CONFIGURATION)
        ? CONFIGURATION
        : describeDifference(difference, isCause(change, difference.path) ? " (replaces)" : ""),
    );
  if (details.length > 0 || files.length > 0) {
    return details;
  }
  return change.properties.map((property) =>
    JSON.stringify(change.after[property] ?? "").includes("[secret]")
      ? `${change.name.endsWith("-config-files") ? "files" : property}: \`[secret]\` (changed)`
      : `${property} differs from its declaration`,
  );
}

function isCause({ causes }: Change, path: string): boolean {
  return causes.includes(path.split(/[.[ ]/)[0] ?? "");
}

/** Inputs for a reader: without checksums, copies of other inputs, and texts. */
function readable({ type, name }: Change, inputs: Properties): Properties {
  const { labels, envs, triggers, databaseName } = inputs;
  const more = without(inputs, ["labels", "envs", "triggers", "databaseName"]);
  if (name.endsWith("-reload")) {
    return { [CONFIGURATION]: textAt(inputs, "environment.CONFIG"), [DRIFT]: textAt(inputs, "environment.REASON") };
  }
  if (type === "command:local:Command") {
    return { ...withoutTexts(name, more), ...reasonIn(triggers) };
  }
  return {
    ...more,
    ...(databaseName === undefined ? {} : { [DRIFT]: databaseName }),
    ...(Array.isArray(labels) ? { labels: readLabels(labels) } : {}),
    ...(Array.isArray(envs) ? { envs: readPairs(envs) } : {}),
  };
}

/** The last trigger that is a text is the reason for another run; the others are checksums or files. */
function reasonIn(triggers: unknown): Properties {
  const texts = Array.isArray(triggers) ? triggers.filter((it) => typeof it === "string") : [];
  return texts.length === 0 ? {} : { [DRIFT]: texts.at(-1) };
}

/** Why a dashboard is saved again. */
function reasonOf({ before: { message: before }, after: { message: after } }: Change): string {
  return before === after || after === "declared" ? "" : `${DRIFT}: ${formatChange(before, after)}`;
}

function readLabels(labels: readonly unknown[]): Properties {
  return Object.fromEntries(
    labels.filter(isObject).flatMap(({ label, value }) => {
      const name = String(label);
      return LABELS.has(name) && LABELS.get(name) === undefined ? [] : [[LABELS.get(name) ?? name, value]];
    }),
  );
}

function readPairs(pairs: readonly unknown[]): Properties {
  return Object.fromEntries(
    pairs.map(String).map((pair) => {
      const [name = "", ...value] = pair.split("=");
      return [name, value.join("=")];
    }),
  );
}

function textsOf({ type, name, before, after }: Change): readonly TextPair[] {
  if (type !== "command:local:Command") {
    return [];
  }
  return COMMAND_TEXTS.filter(([pattern]) => pattern.test(name)).flatMap(([, path, title]) => {
    const pair = { name: title, before: textAt(before, path), after: textAt(after, path) };
    return pair.before === pair.after ? [] : [pair];
  });
}

function textAt(inputs: Properties, path: string): string | undefined {
  const [top = "", key] = path.split(".");
  const value = key === undefined ? inputs[top] : isObject(inputs[top]) ? inputs[top][key] : undefined;
  return typeof value === "string" ? value : undefined;
}

function withoutTexts(name: string, inputs: Properties): Properties {
  const paths = COMMAND_TEXTS.filter(([pattern]) => pattern.test(name)).map(([, path]) => path);
  const names = paths.map((path) => path.replace("environment.", ""));
  const environment = isObject(inputs.environment) ? without(inputs.environment, names) : inputs.environment;
  return without({ ...inputs, environment }, paths);
}
