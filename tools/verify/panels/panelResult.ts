import { writeDuration } from "../../../lib/shared/duration";
import { LabOutputs } from "../lab";
import { expandPanels } from "./expandPanels";
import { Datasource, findDatasource, GrafanaApi } from "./grafana";
import { interpolate } from "./interpolate";
import { MissingData } from "./missingData";
import { ExpandedPanel, Panel, StoredDashboard, Values } from "./model";
import { EXPRESSIONS, QueryFinding, rangeOf, runPanel } from "./queries";
import { intervalOf, TimeRange, timeRange } from "./range";
import { findRequest } from "./variableQuery";
import { resolveVariables } from "./variables";

/** A query without data is explained, missing, or an error if it asks for what no exporter has. */
export type State = "data" | "explained" | "missing" | "error";

export interface ProvenQuery extends Omit<QueryFinding, "state" | "frames"> {
  readonly state: State;
  /** Why there is no data, if that is expected. */
  readonly reason?: string;
}

/** A panel in one of the places where Grafana shows it, with its query results. */
export interface QueriedPanel {
  /** The panel as stored in the dashboard; it may be a reference to a library panel. */
  readonly declared: Panel;
  /** As it is shown: the one of the library then. */
  readonly panel: Panel;
  readonly title: string;
  readonly queries: readonly (ProvenQuery & Pick<QueryFinding, "frames">)[];
  /** Every query that was run, including those for expressions only. */
  readonly exprs: readonly string[];
}

/** Which panels of a dashboard to query, and when. */
export interface PanelRequest {
  readonly range: TimeRange;
  readonly sources: readonly Datasource[];
  /** The selected Swarm node. */
  readonly node?: string | undefined;
  /** The present of relative times. Default: when it is run. */
  readonly now?: Date;
  /** Which panels; all by default. */
  readonly includes?: (panel: Panel) => boolean;
}

export interface ProvenPanel {
  readonly title: string;
  readonly state: State;
  readonly queries: readonly ProvenQuery[];
}

/** What the panels of a dashboard show. */
export interface PanelResult {
  readonly uid: string;
  readonly title: string;
  /** Whether the dashboard is the project's own: then only a reason in the query itself excuses missing data. */
  readonly own: boolean;
  readonly panels: readonly ProvenPanel[];
}

const OWN_TAG = "observability-lab";
/** cAdvisor metrics that not every machine has. */
const LIMITS = /\bcontainer_spec_memory_\w*limit_bytes\b/;
const WRITES = /\bcontainer_fs_(usage_bytes|limit_bytes|inodes_free|inodes_total)\b/;

/** Runs every query of a dashboard as Grafana does when it is opened, with a node selected if one is given. */
export async function proveDashboard(api: GrafanaApi, uid: string, node?: string): Promise<PanelResult> {
  const [dashboard, sources] = await Promise.all([api.dashboard(uid), api.datasources()]);
  const panels = await queryPanels(api, dashboard, { range: timeRange(dashboard.time), sources, node });
  const proven = panels.map(({ title, queries }) => ({
    title,
    state: stateOf(queries),
    // the frames are not needed here, and long
    queries: queries.map(({ frames, ...query }) => query),
  }));
  return { uid, title: dashboard.title, own: isProjectDashboard(dashboard), panels: proven };
}

/** Whether a dashboard is the project's own. */
export function isProjectDashboard({ tags }: StoredDashboard): boolean {
  return tags?.includes(OWN_TAG) === true;
}

/** The panels of a dashboard as Grafana shows them, with the values of their variables. */
export async function findPanels(
  api: GrafanaApi,
  dashboard: StoredDashboard,
  { range, sources, node, includes = () => true }: PanelRequest,
): Promise<readonly (ExpandedPanel & Pick<QueriedPanel, "declared">)[]> {
  const values = await resolve(api, dashboard, sources, range, node);
  const places = expandPanels(dashboard, values).filter(({ panel }) => includes(panel));
  return Promise.all(places.map(async (it) => ({ ...(await withLibrary(api, it)), declared: it.panel })));
}

/** Runs the queries of a dashboard's panels as Grafana does; leaves out panels without queries. */
export async function queryPanels(
  api: GrafanaApi,
  dashboard: StoredDashboard,
  request: PanelRequest,
): Promise<readonly QueriedPanel[]> {
  const { range, sources, now = new Date() } = request;
  const shown = await findPanels(api, dashboard, request);
  const reasons = new Map(
    sources.map(({ uid: source, jsonData }) => {
      // https://grafana.com/docs/grafana/latest/datasources/prometheus/template-variables/#use-__rate_interval
      const rateInterval = 4 * intervalOf(jsonData?.timeInterval);
      return [source, new MissingData(api, source, range, rateInterval)];
    }),
  );
  const panels = await Promise.all(
    shown.map(async (panel) => {
      const own = rangeOf(panel, range, now);
      const findings = await runPanel(api, panel, own, sources);
      const shift = (range.to - own.to) / 1000;
      const explained = findings.map((finding) => explain(finding, reasons, shift, isProjectDashboard(dashboard)));
      const queries = explainExpressions(await Promise.all(explained)).filter(({ hidden }) => hidden !== true);
      const title = interpolate(panel.panel.title ?? "", panel.values, "text");
      const exprs = findings.filter(({ datasource }) => datasource !== EXPRESSIONS).map(({ expr }) => expr);
      return { declared: panel.declared, panel: panel.panel, title, queries, exprs };
    }),
  );
  return panels.filter(({ queries }) => queries.length > 0);
}

/** The queries that an expression names, as `$A` or `${A}`. */
function namesIn(expression: string): readonly string[] {
  return [...expression.matchAll(/\$(?:(\w+)|\{([^}]+)\})/g)].map(([, plain, braced]) => plain ?? braced ?? "");
}

/** An expression without data has the reason of the queries that it computes with. */
function explainExpressions(queries: QueriedPanel["queries"]): QueriedPanel["queries"] {
  const inputsOf = ({ expr, refId }: ProvenQuery): QueriedPanel["queries"] =>
    queries.filter((it) => it.refId !== refId && (expr === it.refId || namesIn(expr).includes(it.refId)));
  const reasonOf = (query: ProvenQuery, depth = 0): string | undefined => {
    if (query.datasource !== EXPRESSIONS || query.state !== "missing") {
      return query.reason;
    }
    const dark = depth > queries.length ? [] : inputsOf(query).filter(({ state }) => state !== "data");
    const reasons = dark.map((input) => reasonOf(input, depth + 1));
    return reasons.includes(undefined) ? undefined : reasons[0];
  };
  return queries.map((query) => {
    const reason = reasonOf(query);
    return query.state === "missing" && reason !== undefined ? { ...query, state: "explained", reason } : query;
  });
}

/** The same result, with reasons where cAdvisor lacks metrics on this machine. */
export function explainMachine(
  proof: PanelResult,
  { memoryLimit, unmeasuredStorage: driver }: Pick<LabOutputs, "memoryLimit" | "unmeasuredStorage">,
): PanelResult {
  const reasons: readonly (readonly [RegExp, string])[] = [
    ...(memoryLimit === false ? [[LIMITS, "Docker cannot limit memory on this machine"] as const] : []),
    ...(driver === undefined
      ? []
      : [[WRITES, `with Docker's storage driver ${driver} cAdvisor cannot measure writable layers`] as const]),
  ];
  const excused = (query: ProvenQuery): ProvenQuery => {
    const [, reason] = reasons.find(([metric]) => query.state === "missing" && metric.test(query.expr)) ?? [];
    return reason === undefined ? query : { ...query, state: "explained", reason };
  };
  const panels = proof.panels.map((panel) => {
    const queries = panel.queries.map(excused);
    return { ...panel, queries, state: stateOf(queries) };
  });
  return { ...proof, panels };
}

function resolve(
  api: GrafanaApi,
  dashboard: StoredDashboard,
  sources: readonly Datasource[],
  range: TimeRange,
  node: string | undefined,
): Promise<Values> {
  const [start, end] = [range.from, range.to].map((time) => String(time / 1000)) as [string, string];
  return resolveVariables(dashboard.templating?.list ?? [], {
    range,
    chosen: node,
    datasources: (type) =>
      sources.filter((source) => source.type === type).map(({ name, uid }) => ({ text: name, value: uid })),
    find: async ({ name, datasource }, query, values) => {
      const source = findDatasource(datasource, sources, (text) => interpolate(text, values, "raw"));
      if (source === undefined) {
        throw new Error(`the variable ${name} queries a datasource that Grafana does not have`);
      }
      const { path, parameters, read } = findRequest(fillBuiltIns(query, range, source));
      const data = await api
        .prometheus<never>(source.uid, path, { ...parameters, start, end })
        .catch((error: unknown) => {
          const reason = error instanceof Error ? error.message : String(error);
          throw new Error(`the variable ${name} cannot be queried: ${reason}`);
        });
      return read(data);
    },
  });
}

/** A variable's query as Grafana sends it: with its datasource's interval, and the dashboard's range. */
function fillBuiltIns(query: string, { from, to }: TimeRange, { jsonData }: Datasource): string {
  const interval = intervalOf(jsonData?.timeInterval);
  return query
    .replace(/\$\{__interval(_ms)?\}/g, (_, ms) => (ms ? String(interval * 1000) : writeDuration(interval)))
    .replace(/\$\{__range(_ms|_s)?\}/g, (_, unit?: string) => {
      const length = Math.round((to - from) / 1000);
      return unit === "_ms" ? String(to - from) : unit === "_s" ? String(length) : `${String(length)}s`;
    });
}

/** Resolves a library panel: current Grafana stores only a reference to it. */
async function withLibrary(api: GrafanaApi, { panel, values }: ExpandedPanel): Promise<ExpandedPanel> {
  if (panel.libraryPanel === undefined || panel.targets !== undefined) {
    return { panel, values };
  }
  const { title, gridPos } = panel;
  const model = await api.libraryPanel(panel.libraryPanel.uid);
  return { panel: { ...model, title: title ?? model.title, gridPos }, values };
}

/** Adds why a query has no data; in a dashboard of the project only a reason in the query itself counts. */
async function explain(
  finding: QueryFinding,
  reasons: ReadonlyMap<string, MissingData>,
  shift: number,
  own: boolean,
): Promise<QueriedPanel["queries"][number]> {
  const { state, ...query } = finding;
  if (state === "data" || state === "error") {
    return { ...query, state };
  }
  const explanation = await reasons.get(query.datasource)?.explain(query.expr, state, shift);
  if (explanation === undefined || (own && !("byQuery" in explanation))) {
    return { ...query, state: "missing" };
  }
  return "error" in explanation
    ? { ...query, state: "error", error: explanation.error }
    : { ...query, state: "explained", reason: explanation.reason };
}

/** An error decides first; otherwise a panel has data if one of its queries does. */
export function stateOf(queries: readonly Pick<ProvenQuery, "state">[]): State {
  const order: readonly State[] = ["error", "data", "missing", "explained"];
  return order.find((state) => queries.some((query) => query.state === state)) ?? "missing";
}
