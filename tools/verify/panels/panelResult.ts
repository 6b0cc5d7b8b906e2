import { seconds } from "../duration";
import { LabOutputs } from "../lab";
import { expandPanels } from "./expandPanels";
import { Datasource, findDatasource, GrafanaApi } from "./grafana";
import { interpolate } from "./interpolate";
import { MissingData } from "./missingData";
import { ExpandedPanel, StoredDashboard, Values } from "./model";
import { QueryFinding, runPanel } from "./queries";
import { TimeRange, timeRange } from "./range";
import { findRequest } from "./variableQuery";
import { resolveVariables } from "./variables";

/** A query without data is explained, in error where it asks for what no exporter has, or missing. */
export type State = "data" | "explained" | "missing" | "error";

export interface ProvenQuery extends Omit<QueryFinding, "state"> {
  readonly state: State;
  /** Why there is no data, if that is expected. */
  readonly reason?: string;
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
  /** Whether the project makes it itself, so that no reason excuses a panel without data. */
  readonly own: boolean;
  readonly panels: readonly ProvenPanel[];
}

const OWN_TAG = "observability-lab";
/** Metrics of cAdvisor that not every machine has. */
const LIMITS = /\bcontainer_spec_memory_\w*limit_bytes\b/;
const WRITES = /\bcontainer_fs_(usage_bytes|limit_bytes|inodes_free|inodes_total)\b/;

/** Runs every query of a dashboard as Grafana would when somebody opens it, and chooses a node where one is given. */
export async function proveDashboard(api: GrafanaApi, uid: string, node?: string): Promise<PanelResult> {
  const [dashboard, sources] = await Promise.all([api.dashboard(uid), api.datasources()]);
  const own = dashboard.tags?.includes(OWN_TAG) === true;
  const range = timeRange(dashboard.time);
  const values = await resolve(api, dashboard, sources, range, node);
  const shown = await Promise.all(expandPanels(dashboard, values).map((panel) => withLibrary(api, panel)));
  const reasons = new Map(
    sources.map(({ uid: source, jsonData }) => {
      // https://grafana.com/docs/grafana/latest/datasources/prometheus/template-variables/#use-__rate_interval
      const rateInterval = 4 * (seconds(jsonData?.timeInterval ?? "15s") || 15);
      return [source, new MissingData(api, source, range, rateInterval)];
    }),
  );
  const panels = await Promise.all(
    shown.map(async (panel) => {
      const findings = await runPanel(api, panel, range, sources);
      const proven = await Promise.all(findings.map((finding) => explain(finding, own ? new Map() : reasons)));
      return { title: interpolate(panel.panel.title ?? "", panel.values, "text"), queries: proven };
    }),
  );
  const counted = panels.filter(({ queries }) => queries.length > 0);
  return {
    uid,
    title: dashboard.title,
    own,
    panels: counted.map((panel) => ({ ...panel, state: stateOf(panel.queries) })),
  };
}

/** The same where the machine explains that cAdvisor lacks metrics. */
export function explainMachine(
  proof: PanelResult,
  { memoryLimit, unmeasuredStorage: driver }: Pick<LabOutputs, "memoryLimit" | "unmeasuredStorage">,
): PanelResult {
  const reasons: readonly (readonly [RegExp, string])[] = [
    ...(memoryLimit === false ? [[LIMITS, "Docker cannot limit memory on this machine"] as const] : []),
    ...(driver === undefined
      ? []
      : [[WRITES, `with Docker's storage driver ${driver} cAdvisor does not see what a container writes`] as const]),
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
        throw new Error(`the variable ${name} asks a datasource that Grafana does not have`);
      }
      const { path, parameters, read } = findRequest(query);
      return read(await api.prometheus<never>(source.uid, path, { ...parameters, start, end }));
    },
  });
}

/** A panel of the library is stored as a reference by new versions of Grafana. */
async function withLibrary(api: GrafanaApi, { panel, values }: ExpandedPanel): Promise<ExpandedPanel> {
  if (panel.libraryPanel === undefined || panel.targets !== undefined) {
    return { panel, values };
  }
  const { title, gridPos } = panel;
  const model = await api.libraryPanel(panel.libraryPanel.uid);
  return { panel: { ...model, title: title ?? model.title, gridPos }, values };
}

async function explain(finding: QueryFinding, reasons: ReadonlyMap<string, MissingData>): Promise<ProvenQuery> {
  const { state, ...query } = finding;
  if (state === "data" || state === "error") {
    return { ...query, state };
  }
  const explanation = await reasons.get(query.datasource)?.explain(query.expr, state);
  if (explanation === undefined) {
    return { ...query, state: "missing" };
  }
  return { ...query, state: "error" in explanation ? "error" : "explained", ...explanation };
}

/** A panel shows data when one of its queries does, but an error first of all. */
function stateOf(queries: readonly ProvenQuery[]): State {
  const order: readonly State[] = ["error", "data", "missing", "explained"];
  return order.find((state) => queries.some((query) => query.state === state)) ?? "missing";
}
