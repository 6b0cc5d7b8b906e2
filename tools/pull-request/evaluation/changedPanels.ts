import { isDeepStrictEqual } from "node:util";
import { Panel, StoredDashboard, Variable } from "../../verify/panels/model";
import { declaredTargets } from "../../verify/panels/queries";
import { OPERATIONS } from "../report/changes";
import { nameBoth, showing } from "../report/dashboards";
import { matchByName, nameEach } from "../report/differences";
import { Properties, Step } from "../report/events";
import { modelOf } from "../report/labels";

/** A panel as a commit declares it. */
export interface DeclaredPanel {
  readonly dashboard: StoredDashboard;
  readonly panel: Panel;
}

/** A panel whose data a change may affect. */
export interface PanelChange {
  /** Its title; duplicates are numbered, as in `Up 2`. */
  readonly name: string;
  readonly dashboard: string;
  readonly before: DeclaredPanel | undefined;
  readonly after: DeclaredPanel | undefined;
  /** Cause of a change outside the panel's own declaration, such as `its variable instance`. */
  readonly by?: string;
}

const FINAL_OPERATIONS: ReadonlySet<string> = new Set(["same", ...OPERATIONS]);
const DASHBOARD = "grafana:oss/dashboard:Dashboard";
const DATASOURCE = "grafana:oss/dataSource:DataSource";

/** Every panel that a change adds, changes or removes, and those whose variables it changes. */
export function findPanelChanges(steps: readonly Step[]): readonly PanelChange[] {
  // a refresh precedes the final step of a resource, and the deletion of a replaced one follows it
  const last = new Map(steps.filter(({ op }) => FINAL_OPERATIONS.has(op)).map((step) => [step.urn, step]));
  return [...last.values()]
    .filter(({ type }) => type === DASHBOARD)
    .flatMap(({ op, old, new: now }) => {
      const before = op === "create" ? undefined : dashboardIn(old?.inputs);
      return changesOf(before, op === "delete" ? undefined : dashboardIn(now?.inputs));
    });
}

/** Whether a change makes a datasource another one, with which nothing can be asked before it is applied. */
export function changesDatasource(steps: readonly Step[]): boolean {
  return steps.some(({ type, op }) => type === DATASOURCE && !["same", "refresh"].includes(op));
}

function changesOf(before: StoredDashboard | undefined, after: StoredDashboard | undefined): PanelChange[] {
  const [old, now] = panelsOf(before, after);
  const variables = changedVariables(before, after);
  return [...new Set([...now.keys(), ...old.keys()])].flatMap((name): PanelChange[] => {
    const [one, other] = [old.get(name), now.get(name)];
    const change = {
      name,
      dashboard: (after ?? before)?.title ?? "",
      before: declared(before, one),
      after: declared(after, other),
    };
    if (one === undefined || other === undefined || !isDeepStrictEqual(showing(one), showing(other))) {
      return [change];
    }
    const variable = variables.find((it) => mentions(other, it));
    return variable === undefined ? [] : [{ ...change, by: `its variable ${variable}` }];
  });
}

function dashboardIn(inputs: Properties | undefined): StoredDashboard | undefined {
  return modelOf(inputs ?? {}) as StoredDashboard | undefined;
}

/** The panels with queries, before and after. */
function panelsOf(
  before: StoredDashboard | undefined,
  after: StoredDashboard | undefined,
): readonly [ReadonlyMap<string, Panel>, ReadonlyMap<string, Panel>] {
  const [old, now] = nameBoth({ ...before }, { ...after }) as unknown as readonly ReadonlyMap<string, Panel>[];
  const withQueries = (panels: ReadonlyMap<string, Panel> = new Map()): ReadonlyMap<string, Panel> =>
    new Map([...panels].filter(([, panel]) => declaredTargets(panel).length > 0 || panel.libraryPanel !== undefined));
  return [withQueries(old), withQueries(now)];
}

function declared(dashboard: StoredDashboard | undefined, panel: Panel | undefined): DeclaredPanel | undefined {
  return dashboard === undefined || panel === undefined ? undefined : { dashboard, panel };
}

/** Names of the changed variables, and of variables that depend on them. */
function changedVariables(before: StoredDashboard | undefined, after: StoredDashboard | undefined): readonly string[] {
  const [old, now] = [variablesOf(before), variablesOf(after)];
  const changed = new Set(matchByName(old, now).map(({ name }) => name));
  let size;
  do {
    size = changed.size;
    for (const [name, variable] of now) {
      if ([...changed].some((other) => mentions(variable, other))) {
        changed.add(name);
      }
    }
  } while (changed.size > size);
  return [...changed];
}

function variablesOf(dashboard: StoredDashboard | undefined): ReadonlyMap<string, Variable> {
  return nameEach(dashboard?.templating?.list ?? [], ({ name }) => name);
}

/** Whether a part of a dashboard uses a variable, as `$name`, `${name}` or `[[name]]`, or is repeated by it. */
function mentions(part: object, name: string): boolean {
  const escaped = name.replace(/[^\w]/g, "\\$&");
  return new RegExp(`\\$\\{?${escaped}\\b|\\[\\[${escaped}\\b|"repeat":"${escaped}"`).test(JSON.stringify(part));
}
