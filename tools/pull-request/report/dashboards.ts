import { isDeepStrictEqual } from "node:util";
import { stringify } from "yaml";
import { Change } from "./changes";
import { findDifferences, isObject, matchByName, nameEach, without } from "./differences";
import { Properties } from "./events";
import { code, describeDifference, Details, escapeMarkdown, foldOf, formatChange, list } from "./format";
import { titleOf } from "./labels";
import { operationOf, Row } from "./rows";

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
  return [
    ...panelPairs(old, now).map(({ name, before: one, after: other }) => ({
      operation: operationOf(one, other),
      kind: "panel",
      name: `${name} (${title})`,
      detail: one !== undefined && other !== undefined ? panelDetail(one, other) : queriesOf(one ?? other ?? {}),
    })),
    ...variablePairs(old, now).map(({ name, before: one, after: other }) => ({
      operation: operationOf(one, other),
      kind: "variable",
      name: `${name} (${title})`,
      detail: one !== undefined && other !== undefined ? detail(one, other) : "",
    })),
  ];
}

/** Other changed fields of a dashboard, as text. */
export function dashboardDetail({ before, after }: Pick<Change, "before" | "after">): string {
  const [old, now] = modelsOf({ before, after });
  if (old === NONE) {
    return detail({ configJson: before.configJson }, { configJson: after.configJson });
  }
  return detail(without(old, PARTS), without(now, PARTS));
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

/** The model of a dashboard resource; undefined if its inputs have none. */
export function modelOf({ configJson }: Properties): Json | undefined {
  try {
    const model: unknown = JSON.parse(String(configJson));
    return isObject(model) ? model : undefined;
  } catch {
    return undefined;
  }
}

function panelPairs(before: Json, after: Json): ReturnType<typeof matchByName<Panel>> {
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
 * those with the same id, else those that come in the same order: one more before them makes no others of them.
 */
export function nameBoth(before: Json, after: Json): [ReadonlyMap<string, Panel>, ReadonlyMap<string, Panel>] {
  const now = namePanels(after);
  const free = new Map(now);
  const names = new Map<Panel, string>();
  const all = panelsIn(before);
  const fits: ((one: Panel, other: Panel) => boolean)[] = [
    (one, other) => isDeepStrictEqual(showing(one), showing(other)),
    ({ id: one }, { id: other }) => one !== undefined && one === other,
    () => true,
  ];
  for (const fit of fits) {
    for (const panel of all.filter((it) => !names.has(it))) {
      const [name] = [...free].find(([, it]) => nameOf(it) === nameOf(panel) && fit(panel, it)) ?? [];
      if (name !== undefined) {
        names.set(panel, name);
        free.delete(name);
      }
    }
  }
  const gone = all.filter((it) => !names.has(it));
  nameEach([...now.values(), ...gone], nameOf).forEach((panel, name) => {
    if (gone.includes(panel)) {
      names.set(panel, name);
    }
  });
  return [new Map(all.map((panel) => [names.get(panel) ?? nameOf(panel), panel])), now];
}

/** All of them, those of rows too. */
function panelsIn({ panels, rows }: Json): readonly Panel[] {
  const inRows = objects(rows).flatMap((row) => objects(row.panels));
  return [...objects(panels), ...inRows].flatMap((it): Panel[] => [it, ...objects(it.panels)]);
}

function nameOf({ title, type }: Panel): string {
  return textOr(title, `a ${textOr(type, "panel")}`);
}

/** A panel without its position. */
export function showing(panel: object): Panel {
  return without(panel as Json, [...PLACE, "panels"]);
}

function variablePairs(before: Json, after: Json): ReturnType<typeof matchByName<Json>> {
  const read = ({ templating }: Json): ReadonlyMap<string, Json> =>
    nameEach(objects(isObject(templating) ? templating.list : []), ({ name }) => textOr(name, "unnamed"));
  return matchByName(read(before), read(after));
}

function panelDetail(before: Panel, after: Panel): string {
  const queries = matchByName(targetsOf(before), targetsOf(after)).map(({ name, before: old, after: now }) =>
    old?.expr !== now?.expr || old === undefined || now === undefined
      ? `query ${escapeMarkdown(name)}: ${formatChange(old?.expr, now?.expr)}`
      : `query ${escapeMarkdown(name)}: ${detail(old, now)}`,
  );
  const rest = detail(without(before, ["targets"]), without(after, ["targets"]));
  return list([...queries, ...(rest === "" ? [] : [rest])], 3);
}

function queriesOf(panel: Panel): string {
  return list(
    [...targetsOf(panel).values()].map(({ expr }) => code(expr)),
    3,
  );
}

function targetsOf({ targets }: Panel): ReadonlyMap<string, Json> {
  return nameEach(objects(targets), ({ refId }) => textOr(refId, "unnamed"));
}

function detail(before: Json, after: Json): string {
  return list(
    findDifferences(before, after).map((difference) => describeDifference(difference)),
    3,
  );
}

/** Text of a panel for a diff: title and queries first. */
function textOf({ title, type, targets, ...more }: Panel): string {
  const queries = objects(targets).map(
    (it) => Object.assign({}, ...QUERIES.filter((key) => key in it).map((key) => ({ [key]: it[key] })), it) as Json,
  );
  return stringify({ title, type, queries, ...more }, { lineWidth: 0 });
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === "string" && value !== "" ? value : otherwise;
}

function objects(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
