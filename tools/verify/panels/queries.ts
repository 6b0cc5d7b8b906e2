import { WITHOUT_QUERIES } from "../../../dashboards/community/panelTypes";
import { isObject } from "../../../lib/shared/isObject";
import { Datasource, findDatasource, Frame, GrafanaApi, QueryResult } from "./grafana";
import { interpolate } from "./interpolate";
import { ExpandedPanel, Panel, Target, ValueMapping, Values } from "./model";
import { intervalOf, panelRange, stepOf, TimeRange } from "./range";

/** Width of a dashboard on a common screen, in pixels; a panel's width is in 24ths of it. */
const SCREEN = 1920;
const COLUMNS = 24;
const PROMETHEUS = "prometheus";
/** uid and type of Grafana's expressions, which compute with the results of queries. */
export const EXPRESSIONS = "__expr__";
/** A query of a panel and its result. */
export interface QueryFinding {
  readonly refId: string;
  readonly expr: string;
  /** uid of the queried datasource. */
  readonly datasource: string;
  /** "nan": rows without a single number. */
  readonly state: "data" | "empty" | "nan" | "error";
  readonly error?: string;
  readonly frames: readonly Frame[];
  /** Whether the data is newer than the last step of the range, so that only the next refresh draws it. */
  readonly tooNew?: boolean;
  /** Whether Grafana runs it for an expression only, and shows no result of its own. */
  readonly hidden?: boolean;
}

/** A query as it is sent to Grafana. */
export interface PreparedQuery extends Target {
  readonly refId: string;
  readonly intervalMs: number;
  readonly datasource: { readonly uid: string; readonly type: string };
}

/** The queries that Grafana sends for a panel; none if it has none, or is of a type without queries. */
export function prepareQueries(
  { panel, values }: ExpandedPanel,
  range: TimeRange,
  sources: readonly Datasource[],
): readonly PreparedQuery[] {
  const targets = WITHOUT_QUERIES.has(panel.type) ? [] : declaredTargets(panel);
  const replace = (text: string): string => interpolate(text, values, "raw");
  const typed = targets.map((target, index) => ({
    ...target,
    refId: refIdOf(target, index),
    datasource: sourceOf(target, panel, sources, replace),
  }));
  // an expression also uses hidden queries
  const computes = typed.some(({ datasource, hide }) => datasource?.type === EXPRESSIONS && hide !== true);
  return typed.flatMap(({ datasource, ...target }) => {
    if (datasource === undefined || (target.hide === true && !computes)) {
      return [];
    }
    const { uid, type } = datasource;
    return {
      ...target,
      ...(target.expr === undefined ? {} : { expr: interpolate(target.expr, values) }),
      interval: interpolate(String(target.interval ?? ""), values) || undefined,
      exemplar: false,
      datasource: { uid, type },
      ...pointsOf(panel, values, range, datasource),
    };
  });
}

/** The queries that a panel declares; Grafana does not validate the list. */
export function declaredTargets({ targets }: Panel): readonly Target[] {
  const listed: readonly unknown[] = Array.isArray(targets) ? targets : [];
  return listed.filter(isObject);
}

/** The name of a query, which Grafana gives to one that has none. */
export function refIdOf({ refId }: Target, index: number): string {
  return refId === undefined || refId === "" ? String.fromCharCode(65 + index) : refId;
}

/** The datasource of a query if it is Prometheus or an expression; undefined if the query need not run here. */
function sourceOf(
  { datasource, expr }: Target,
  panel: Panel,
  sources: readonly Datasource[],
  replace: (text: string) => string,
): Pick<Datasource, "uid" | "type" | "jsonData"> | undefined {
  const reference = datasource ?? panel.datasource;
  const named = typeof reference === "object" ? reference?.uid : reference;
  if (named === EXPRESSIONS) {
    return { uid: EXPRESSIONS, type: EXPRESSIONS };
  }
  // Grafana's Prometheus datasource drops an empty query (its filterQuery), but sends one of blanks
  if (!expr || named?.startsWith("-- ") === true) {
    return undefined;
  }
  return findDatasource(reference, sources, replace) ?? { uid: replace(named ?? ""), type: PROMETHEUS };
}

function pointsOf(
  panel: Panel,
  values: Values,
  range: TimeRange,
  { jsonData }: Pick<Datasource, "jsonData">,
): { intervalMs: number; maxDataPoints: number } {
  const width = Math.floor((SCREEN * (panel.gridPos?.w ?? COLUMNS)) / COLUMNS);
  const maxDataPoints = Number(panel.maxDataPoints ?? 0) || width;
  // `>10s` and `10s` mean the same
  const minimum = intervalOf(interpolate(String(panel.interval ?? ""), values) || jsonData?.timeInterval);
  return { intervalMs: stepOf(range, maxDataPoints, minimum * 1000), maxDataPoints };
}

/** The time range of a panel: its own, or that of its dashboard. */
export function rangeOf(
  { panel: { timeFrom, timeShift }, values }: ExpandedPanel,
  range: TimeRange,
  now: Date,
): TimeRange {
  const textOf = (value: unknown): string => (typeof value === "string" ? interpolate(value, values) : "");
  return panelRange(range, textOf(timeFrom), textOf(timeShift), now);
}

/** Results of a panel's queries over its time range. */
export async function runPanel(
  api: GrafanaApi,
  shown: ExpandedPanel,
  range: TimeRange,
  sources: readonly Datasource[],
): Promise<readonly QueryFinding[]> {
  const queries = prepareQueries(shown, range, sources);
  if (queries.length === 0) {
    return [];
  }
  const findings = await runQueries(api, shown.panel, queries, range);
  if (!findings.some(lacks)) {
    return findings;
  }
  // a range ends at a multiple of the step, two minutes for a day: all samples of a new lab are later
  const newest = { from: range.to - 2 * Math.max(...queries.map(({ intervalMs }) => intervalMs)), to: range.to };
  const now = prepareQueries(shown, newest, sources).map((query) => ({ ...query, instant: true, range: false }));
  const again = await runQueries(api, shown.panel, now, newest);
  return findings.map((finding, index) => {
    const late = again[index];
    return lacks(finding) && late?.state === "data" ? { ...late, tooNew: true } : finding;
  });
}

function lacks({ state }: QueryFinding): boolean {
  return state === "empty" || state === "nan";
}

/** Runs the queries of one panel in one request, as Grafana does. */
async function runQueries(
  api: GrafanaApi,
  panel: Panel,
  queries: readonly PreparedQuery[],
  range: TimeRange,
): Promise<readonly QueryFinding[]> {
  // Grafana returns no result of a hidden query, on which the reason for an expression without data depends
  const sent = queries.map(({ hide, ...query }) => query);
  const body = { from: String(range.from), to: String(range.to), queries: sent };
  const results: Readonly<Record<string, QueryResult>> = await api.query(body).catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    return Object.fromEntries(queries.map(({ refId }) => [refId, { error: message }]));
  });
  return queries.map(({ refId, expr, expression = "", datasource, hide }) => {
    const { error, frames = [] } = results[refId] ?? { error: "no result for this query" };
    return {
      refId,
      expr: expr ?? String(expression),
      datasource: datasource.uid,
      state: error !== undefined ? "error" : dataIn(frames, namesNothing(panel)),
      frames,
      ...(error === undefined ? {} : { error }),
      ...(hide === true ? { hidden: true } : {}),
    };
  });
}

/** Whether there is a value to draw; a NaN counts only if the panel maps it to a text. */
function dataIn(frames: readonly Frame[], nanIsShown: boolean): "data" | "empty" | "nan" {
  const columns = frames.flatMap(({ schema, data }) =>
    (schema?.fields ?? []).flatMap(({ type }, column) =>
      type === "time" ? [] : [{ values: data?.values?.[column] ?? [], entities: data?.entities?.[column] }],
    ),
  );
  if (columns.every(({ values }) => values.length === 0)) {
    return "empty";
  }
  const drawn = columns.some(
    ({ values, entities }) =>
      values.some((value) => value !== null) || (entities?.Inf ?? []).length + (entities?.NegInf ?? []).length > 0,
  );
  return drawn || nanIsShown ? "data" : "nan";
}

/** Whether the panel shows a text such as "N/A" instead of no value. */
function namesNothing({ fieldConfig }: Panel): boolean {
  const mappings = fieldConfig?.defaults?.mappings;
  return (Array.isArray(mappings) ? (mappings as readonly ValueMapping[]) : [])
    .filter(isObject)
    .some(({ type, options }: ValueMapping) => type === "special" && /null|nan/.test(options?.match ?? ""));
}
