import { isDeepStrictEqual } from "node:util";
import { stringify } from "yaml";
import { Change } from "./changes";
import { isObject } from "../../../lib/shared/isObject";
import { matchByName, nameAlike, nameEach, objectsIn, Pair, without } from "./differences";
import { code, describeDifferences, Details, escapeMarkdown, foldOf, formatChange, list } from "./format";
import { modelOf, titleOf } from "./labels";
import { itemRows, Row } from "./rows";

type Json = Readonly<Record<string, unknown>>;

interface Panel extends Json {
  readonly title?: unknown;
  readonly type?: unknown;
}

/** Fields for the position of a panel. */
const PLACE = ["id", "gridPos"];
/** Fields with rows of their own. */
const PARTS = ["panels", "templating"];
const NONE: Json = {};
const QUERIES = ["expr", "legendFormat", "refId"];

/** The changed panels, variables and other fields of a dashboard, a row each. */
export function dashboardRows({ before, after }: Pick<Change, "before" | "after">): readonly Row[] {
  const [old, now] = modelsOf({ before, after });
  const title = titleOf(after) || titleOf(before);
  const rows = [
    ...itemRows("panel", panelPairs(old, now), panelDetail, queriesOf),
    ...itemRows("variable", variablePairs(old, now), describeDifferences, () => ""),
  ];
  return rows.map((row) => ({ ...row, name: `${row.name} (${title})` }));
}

/** Other changed fields of a dashboard, as text. */
export function dashboardDetail({ before, after }: Pick<Change, "before" | "after">): string {
  const [old, now] = modelsOf({ before, after });
  if (old === NONE) {
    return describeDifferences({ configJson: before.configJson }, { configJson: after.configJson });
  }
  return describeDifferences(without(old, PARTS), without(now, PARTS));
}

/** A diff for each changed panel. */
export function dashboardFolds({ before, after }: Pick<Change, "before" | "after">): readonly Details[] {
  const title = titleOf(after) || titleOf(before);
  return panelPairs(...modelsOf({ before, after })).flatMap(({ name, before: one, after: other }) => {
    const text = (panel: Panel | undefined): string | undefined => (panel === undefined ? undefined : textOf(panel));
    return foldOf({ name: `panel ${name} (${title})`, before: text(one), after: text(other) }) ?? [];
  });
}

/** Both models, or neither if one cannot be read: otherwise all of the other would look added or removed. */
function modelsOf({ before, after }: Pick<Change, "before" | "after">): [Json, Json] {
  const [old, now] = [modelOf(before), modelOf(after)];
  return old === undefined || now === undefined ? [NONE, NONE] : [old, now];
}

function panelPairs(before: Json, after: Json): readonly Pair<Panel>[] {
  const shown = (panels: ReadonlyMap<string, Panel>): ReadonlyMap<string, Panel> =>
    new Map([...panels].map(([name, panel]) => [name, showing(panel)]));
  const [old, now] = nameBoth(before, after);
  return matchByName(shown(old), shown(now));
}

/** The panels by their titles: an id is the number of a place. */
export function namePanels(model: Json): ReadonlyMap<string, Panel> {
  return nameEach(panelsIn(model), nameOf);
}

/**
 * The panels before and after by their names. Of several with one title those have the same name that show the same, else
 * those with the same id, else those that come in the same order.
 */
export function nameBoth(before: Json, after: Json): [ReadonlyMap<string, Panel>, ReadonlyMap<string, Panel>] {
  return nameAlike(panelsIn(before), panelsIn(after), nameOf, [
    (one, other) => isDeepStrictEqual(showing(one), showing(other)),
    ({ id: one }, { id: other }) => one !== undefined && one === other,
    () => true,
  ]);
}

/** All of them, those of rows too. */
function panelsIn({ panels, rows }: Json): readonly Panel[] {
  const inRows = objectsIn(rows).flatMap((row) => objectsIn(row.panels));
  return [...objectsIn(panels), ...inRows].flatMap((it): Panel[] => [it, ...objectsIn(it.panels)]);
}

function nameOf({ title, type }: Panel): string {
  return textOr(title, `a ${textOr(type, "panel")}`);
}

/** A panel without its position. */
export function showing(panel: object): Panel {
  return without(panel as Json, [...PLACE, "panels"]);
}

function variablePairs(before: Json, after: Json): readonly Pair<Json>[] {
  const read = ({ templating }: Json): ReadonlyMap<string, Json> =>
    nameEach(objectsIn(isObject(templating) ? templating.list : []), ({ name }) => textOr(name, "unnamed"));
  return matchByName(read(before), read(after));
}

function panelDetail(before: Panel, after: Panel): string {
  const queries = matchByName(targetsOf(before), targetsOf(after)).map(({ name, before: old, after: now }) =>
    old?.expr !== now?.expr || old === undefined || now === undefined
      ? `query ${escapeMarkdown(name)}: ${formatChange(queryIn(old), queryIn(now))}`
      : `query ${escapeMarkdown(name)}: ${describeDifferences(old, now)}`,
  );
  const rest = describeDifferences(without(before, ["targets"]), without(after, ["targets"]));
  return list([...queries, ...(rest === "" ? [] : [rest])], 3);
}

function queriesOf(panel: Panel): string {
  const queries = [...targetsOf(panel).values()].map((target) => code(queryIn(target)));
  return list(queries, 3);
}

/** The text of a query; of one that is not PromQL, its expression or all of it. */
function queryIn(target: Json | undefined): unknown {
  return target === undefined ? undefined : (target.expr ?? target.expression ?? target);
}

function targetsOf({ targets }: Panel): ReadonlyMap<string, Json> {
  return nameEach(objectsIn(targets), ({ refId }) => textOr(refId, "unnamed"));
}

/** Text of a panel for a diff: title and queries first. */
function textOf({ title, type, targets, ...more }: Panel): string {
  const queries = objectsIn(targets).map(
    (it) => Object.assign({}, ...QUERIES.filter((key) => key in it).map((key) => ({ [key]: it[key] })), it) as Json,
  );
  return stringify({ title, type, queries, ...more }, { lineWidth: 0 });
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === "string" && value !== "" ? value : otherwise;
}
