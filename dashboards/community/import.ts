import { objectsWithin } from "../../lib/shared/isObject";
import { CatalogueEntry } from "./entry";
import { WITHOUT_QUERIES } from "./panelTypes";
import { labUid } from "./uid";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type JsonObject = Record<string, Json>;

/** An exported dashboard, and how to resolve its references. */
interface Export {
  /** The dashboard with library panels replaced by their models. */
  readonly model: JsonObject;
  /** Datasource type of each input and each datasource variable. */
  readonly inputTypes: ReadonlyMap<string, string>;
  readonly variableTypes: ReadonlyMap<string, string>;
  /** Values of constant inputs. */
  readonly constants: ReadonlyMap<string, string>;
  /** Library panels that the export refers to but does not include. */
  readonly missing: readonly string[];
}

const PROMETHEUS = "prometheus";
/** Name of the lab's datasource, by which alert lists select it. */
export const DATASOURCE_NAME = "Prometheus";
/** Grafana's built-in datasources, by uid and type: annotations, mixed queries, another panel's result, expressions. */
const OWN = /^(--.*--|grafana|__expr__)$/;
const OWN_TYPES = new Set(["datasource", "grafana", "mixed", "dashboard", "__expr__"]);
/** Fields for the import page, or specific to the exporting Grafana. */
const NOT_IMPORTED = ["__inputs", "__requires", "__elements", "id"];

/**
 * The dashboard with every input, datasource variable and foreign datasource set to this one: an import through the
 * API does not ask for them as Grafana's import page does.
 */
export function importDashboard(entry: CatalogueEntry, datasourceUid: string): JsonObject & { uid: string } {
  const exported = readExport(entry.json);
  const ours = { type: PROMETHEUS, uid: datasourceUid };
  const texts = new Map(exported.constants);
  for (const [name, type] of exported.inputTypes) {
    texts.set(name, ownUid(type) ?? datasourceUid);
  }
  const fill = (text: string): string =>
    text.replace(/\$\{([^{}]+)\}/g, (whole, name: string) => texts.get(name) ?? whole);

  const bindReference = (value: Json, owner: string): Json => {
    if (owner === "options" && !isObject(value)) {
      // a list of alerts selects those of one datasource by its name; without one it shows all
      return OWN.test(textOf(value)) ? value : textOf(value) === "" ? null : DATASOURCE_NAME;
    }
    if (value === null) {
      // a query without a datasource uses the panel's, anything else the default one
      return owner === "targets" ? null : ours;
    }
    const text = textOf(isObject(value) ? value.uid : value);
    const uid = fill(text);
    const stays = OWN.test(uid) || exported.variableTypes.has(variableOf(uid) ?? "") || hasOwnType(value);
    return stays ? bind(value, owner) : ours;
  };
  const bind = (value: Json, owner: string): Json => {
    if (typeof value === "string") {
      return fill(value);
    }
    if (Array.isArray(value)) {
      return value.map((item) => bind(item, owner));
    }
    return isObject(value)
      ? mapObject(value, (item, key) => (isReference(key, item) ? bindReference(item, owner) : bind(item, key)))
      : value;
  };

  const model = bind(exported.model, "") as JsonObject;
  for (const variable of variablesOf(model)) {
    if (variable.type === "datasource") {
      variable.current = { selected: true, text: DATASOURCE_NAME, value: datasourceUid };
      // a filter by name could exclude ours
      variable.regex = "";
    }
  }
  return { ...model, uid: labUid(entry) };
}

/** Types of datasource besides Prometheus that the dashboard uses. */
export function otherDatasourceTypes(json: string): readonly string[] {
  const { model, inputTypes, variableTypes } = readExport(json);
  const known = (uid: string): boolean =>
    variableTypes.has(variableOf(uid) ?? "") || inputTypes.has(/^\$\{([^{}]+)\}$/.exec(uid)?.[1] ?? "");
  // the type of an input or variable counts: the item's own may be of an earlier datasource
  const typesIn = (value: Json): string[] =>
    (objectsWithin(value) as JsonObject[]).flatMap(({ datasource = null }) =>
      isObject(datasource) && !known(textOf(datasource.uid)) ? [textOf(datasource.type)] : [],
    );
  // an annotation that is switched off asks nothing
  const annotations = objects(isObject(model.annotations) ? model.annotations.list : undefined);
  const asking = withoutIdle({ ...model, annotations: annotations.filter(({ enable }) => enable !== false) });
  // an export for sharing has an input for what asks nothing, too
  const [all, asked] = [JSON.stringify(model), JSON.stringify(asking)];
  const inputs = [...inputTypes].filter(([name]) => !all.includes(`\${${name}}`) || asked.includes(`\${${name}}`));
  const types = [...inputs.map(([, type]) => type), ...variableTypes.values(), ...typesIn(asking)];
  return [...new Set(types)].filter((type) => type !== "" && type !== PROMETHEUS && !OWN_TYPES.has(type)).sort();
}

/** A part of a dashboard without what was left in panels for which Grafana sends no query. */
function withoutIdle(value: Json): Json {
  if (Array.isArray(value)) {
    return value.map(withoutIdle);
  }
  if (!isObject(value)) {
    return value;
  }
  const idle: JsonObject = WITHOUT_QUERIES.has(textOf(value.type)) ? { datasource: null, targets: [] } : {};
  return mapObject({ ...value, ...idle }, withoutIdle);
}

/** Whether its panels have queries, but none in PromQL: an old export names its datasources, and not their types. */
export function hasForeignQueriesOnly(json: string): boolean {
  const queriesIn = (value: Json): JsonObject[] =>
    (objectsWithin(value) as JsonObject[])
      .filter(({ type }) => !WITHOUT_QUERIES.has(textOf(type)))
      .flatMap(({ datasource = null, targets }) =>
        objects(targets).map((target) => ({ ...target, datasource: target.datasource ?? datasource })),
      );
  const { model, inputTypes, variableTypes } = readExport(json);
  const isForeign = ({ datasource = null }: JsonObject): boolean => {
    const uid = textOf(isObject(datasource) ? datasource.uid : datasource);
    const type = variableTypes.get(variableOf(uid) ?? "") ?? inputTypes.get(variableOf(uid) ?? "");
    const own = isObject(datasource) ? textOf(datasource.type) : "";
    return !hasOwnType(datasource) && !OWN.test(uid) && (type ?? own) !== PROMETHEUS;
  };
  const queries = queriesIn(model).filter(isForeign);
  return queries.length > 0 && queries.every(({ expr }) => textOf(expr).trim() === "");
}

/** Names of the library panels that only the Grafana of the dashboard's authors has. */
export function missingLibraryPanels(json: string): readonly string[] {
  return [...new Set(readExport(json).missing)];
}

function readExport(json: string): Export {
  const exported = JSON.parse(json) as JsonObject;
  const inputs = objects(exported.__inputs);
  const ofDatasources = inputs.filter(({ type }) => type === "datasource");
  const elements = new Map(objects(exported.__elements).map((element) => [textOf(element.uid), element.model]));
  const missing: string[] = [];
  const kept = Object.fromEntries(Object.entries(exported).filter(([field]) => !NOT_IMPORTED.includes(field)));
  const model = inlineElements(kept, elements, missing) as JsonObject;
  return {
    model,
    missing,
    inputTypes: new Map(ofDatasources.map(({ name, pluginId }) => [textOf(name), textOf(pluginId)])),
    constants: new Map(
      inputs
        .filter((input) => !ofDatasources.includes(input))
        .map(({ name, value }) => [textOf(name), typeof value === "number" ? String(value) : textOf(value)]),
    ),
    variableTypes: new Map(
      variablesOf(model)
        .filter(({ type }) => type === "datasource")
        .map(({ name, query }) => [textOf(name), textOf(query)]),
    ),
  };
}

/**
 * Replaces each reference to a library panel by the panel's model, as Grafana shows it. Library panels in Grafana are
 * shared by uid, so two exports with different versions of one would conflict.
 */
function inlineElements(value: Json, elements: ReadonlyMap<string, Json | undefined>, missing: string[]): Json {
  if (Array.isArray(value)) {
    return value.map((item) => inlineElements(item, elements, missing));
  }
  if (!isObject(value)) {
    return value;
  }
  const { libraryPanel, ...panel } = mapObject(value, (item) => inlineElements(item, elements, missing));
  if (!isObject(libraryPanel)) {
    return libraryPanel === undefined ? panel : { ...panel, libraryPanel };
  }
  const model = elements.get(textOf(libraryPanel.uid));
  if (!isObject(model)) {
    // the API of Grafana 8 includes the model in the panel itself
    if (textOf(panel.type) !== "" && (isObject(panel.options) || Array.isArray(panel.targets))) {
      return panel;
    }
    missing.push(textOf(libraryPanel.name) || textOf(libraryPanel.uid));
    return panel;
  }
  const { id, gridPos } = panel;
  // the position in this dashboard overrides the one in the library
  return { ...panel, ...model, ...(id === undefined ? {} : { id }), ...(gridPos === undefined ? {} : { gridPos }) };
}

function isReference(key: string, value: Json): boolean {
  return key === "datasource" && (value === null || typeof value === "string" || isObject(value));
}

/** Name of the variable, if the reference is a single one. */
function variableOf(reference: string): string | undefined {
  const [, plain, braced] = /^\$(?:(\w+)|\{(\w+)\})$/.exec(reference) ?? [];
  return plain ?? braced;
}

function hasOwnType(value: Json): boolean {
  return isObject(value) && OWN_TYPES.has(textOf(value.type));
}

/** The value of an input for a built-in type: exports list expressions as an input, too. */
function ownUid(type: string): string | undefined {
  return type === "__expr__" ? type : OWN_TYPES.has(type) ? "-- Grafana --" : undefined;
}

function variablesOf(model: JsonObject): JsonObject[] {
  return isObject(model.templating) ? objects(model.templating.list) : [];
}

function mapObject(value: JsonObject, change: (item: Json, key: string) => Json): JsonObject {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, change(item, key)]));
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The objects in a list or object: exports store library panels as either. */
function objects(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : isObject(value) ? Object.values(value).filter(isObject) : [];
}
