import { urlSegment } from "../../../lib/shared/foreignNames";
import { Observation, Check, CheckError, LabOutputs } from "../lab";
import { reachedNodes } from "../swarm";
import { grafanaApi } from "./grafana";
import { explainMachine, isProjectDashboard, PanelResult, proveDashboard, ProvenQuery, State } from "./panelResult";
import { checkPlugins } from "./plugins";

/** Maximum number of failing queries in the table; `--json` has all of them. */
const NAMED = 5;
/** Maximum number of Swarm nodes for which each panel is queried, to bound the time. */
const NODES = 10;

/** A check per dashboard: whether its panels show data. */
export async function panelChecks(lab: LabOutputs, api = grafanaApi(lab)): Promise<readonly Check[]> {
  const prove = async (uid: string, node?: string): Promise<PanelResult> =>
    explainMachine(await proveDashboard(api, uid, node), lab);
  return Promise.all(
    lab.dashboards.map(async (uid) => {
      // without Grafana there is no title; the check itself reports the reason
      const title = await api.dashboard(uid).then(
        (dashboard) => dashboard.title,
        () => uid,
      );
      return {
        name: `panels: ${title}`,
        run: async () => {
          const dashboard = await api.dashboard(uid);
          await checkPlugins(lab, dashboard);
          const url = `${lab.grafanaUrl}/d/${urlSegment(uid)}`;
          // the lab's own dashboards show every node at once
          const nodes = isProjectDashboard(dashboard) ? [] : await reachedNodes(lab);
          if (nodes.length === 0) {
            return toResult(await prove(uid), url);
          }
          const queried = nodes.slice(0, NODES);
          const observations = await Promise.all(queried.map((node) => judgeNode(() => prove(uid, node), url, node)));
          return together(observations, nodes.length - queried.length);
        },
      };
    }),
  );
}

/** Result of a dashboard with a node selected. */
async function judgeNode(prove: () => Promise<PanelResult>, url: string, node: string): Promise<Observation> {
  try {
    const { seen, details } = toResult(await prove(), url);
    return { seen: `${node}: ${seen}`, details };
  } catch (error) {
    throw error instanceof CheckError ? new CheckError(`${node}: ${error.message}`, error.fix, error.details) : error;
  }
}

function together(observations: readonly Observation[], others: number): Observation {
  const rest = others === 0 ? [] : [`${String(others)} more ${others === 1 ? "node was" : "nodes were"} not queried`];
  return {
    seen: [...observations.map(({ seen }) => seen), ...rest].join("\n"),
    details: observations.map(({ details }) => details),
  };
}

/** Result of a dashboard; throws if a query fails, or lacks data without a reason. */
export function toResult(proof: PanelResult, url: string): Observation {
  const queries = proof.panels.flatMap(({ title, queries: all }) => all.map((query) => ({ title, ...query })));
  const counts = `${countOf(proof.panels)} panels, ${countOf(queries)} queries`;
  const failing = queries.filter(({ state }) => state === "error" || state === "missing");
  if (failing.length > 0) {
    const list = failing.slice(0, NAMED).map(describe);
    const rest = failing.length > NAMED ? [`and ${String(failing.length - NAMED)} more, see ARGS=--json`] : [];
    throw new CheckError(
      [`${counts} with data`, ...list, ...rest].join("\n"),
      `check the panels on ${url}: their metrics or labels may have other names here`,
      proof,
    );
  }
  return { seen: `${counts}${notYetDrawn(proof)}${reasonsOf(proof)}`, details: proof };
}

function countOf(all: readonly { readonly state: State }[]): string {
  return `${String(all.filter(({ state }) => state === "data").length)} of ${String(all.length)}`;
}

function describe({ title, expr, error }: ProvenQuery & { readonly title: string }): string {
  return `"${title}": ${expr}${error === undefined ? "" : ` (${error})`}`;
}

/** Number of panels that the page of a new lab still shows empty although there is data. */
function notYetDrawn({ panels }: PanelResult): string {
  const late = panels.filter(({ queries }) => queries.some(({ tooNew }) => tooNew === true)).length;
  return late === 0 ? "" : `; ${String(late)} will show data at the next refresh`;
}

/** Why panels have no data at all. */
function reasonsOf({ panels }: PanelResult): string {
  const dark = panels.filter(({ state }) => state === "explained");
  const reasons = new Set(dark.map(({ queries }) => queries.find(({ reason }) => reason !== undefined)?.reason));
  return dark.length === 0 ? "" : `; ${String(dark.length)} without data: ${[...reasons].join(", ")}`;
}
