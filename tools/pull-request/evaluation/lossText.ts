import { code, escapeMarkdown, list } from "../report/format";
import { details, fence } from "../report/markdown";
import { causeFinder, ChangedLine } from "./causes";
import { Loss } from "./losses";

const MAX_NAMES = 5;

/**
 * The panels and rules that lost data, with the likely causes in the change.
 *
 * @param lines The changed lines; undefined if there are too many.
 */
export function lossText(losses: readonly Loss[], lines: readonly ChangedLine[] | undefined): readonly string[] {
  const groups = new Map<string, { causes: readonly ChangedLine[]; losses: Loss[] }>();
  const findCauses = losses.length === 0 ? () => [] : causeFinder(lines ?? []);
  for (const loss of losses) {
    const causes = findCauses(loss);
    const key = JSON.stringify(causes);
    const group = groups.get(key) ?? { causes, losses: [] };
    group.losses.push(loss);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ causes, losses: some }) => {
    const names = some.map(({ kind, name }) => `${kind} ${code(name)}`);
    const heading = some.length === 1 ? "missing data" : `all ${String(some.length)} panels and rules`;
    const unknown =
      lines === undefined
        ? "The change is too long to find the lines that cause it."
        : "No line of the change names the missing data.";
    const cause = causes.length === 0 ? unknown : `Likely cause: ${list(causes.map(describeLine), causes.length)}.`;
    return [
      `**Data lost when the change is applied**: ${list(names, MAX_NAMES)}. ${cause}`,
      details(heading, fence(some.map(describeLoss).join("\n"))),
    ].join("\n\n");
  });
}

/** Summary of the losses that fail the check. */
export function lossProblems({ length }: readonly Loss[]): readonly string[] {
  const subject = length === 1 ? "1 panel or rule loses" : `${String(length)} panels and rules lose`;
  return length === 0 ? [] : [`${subject} data after the update`];
}

function describeLoss({ kind, name, dashboard, selectors, labels }: Loss): string {
  const losses = [
    ...(selectors.length > 0 ? [`no longer any series of ${selectors.join(", ")}`] : []),
    ...(labels.length > 0 ? [`its series no longer have the label ${labels.join(", ")}`] : []),
  ];
  const location = dashboard === undefined ? "" : ` (${dashboard})`;
  return `${kind} ${name}${location}: ${losses.length === 0 ? "its query no longer returns data" : losses.join("; ")}`;
}

function describeLine({ file, line, sign, text }: ChangedLine): string {
  return `${escapeMarkdown(file)}:${String(line)} ${code(`${sign} ${text}`)}`;
}
