import { ALERT_METRICS } from "../../verify/panels/alertSeries";
import { declaredTargets, prepareQueries, refIdOf } from "../../verify/panels/queries";
import { findPanels } from "../../verify/panels/panelResult";
import { timeRange } from "../../verify/panels/range";
import { namePanels } from "../report/dashboards";
import { LabAccess } from "./labAccess";
import { Presence, QueryResult, union } from "./presence";

/** Panel or rule with a query. */
export interface QueryOwner {
  readonly kind: "panel" | "alert" | "recording rule";
  /** A panel's title, or the rule's name. */
  readonly name: string;
  /** Title of the panel's dashboard. */
  readonly dashboard?: string;
}

/** Query results of all panels and rules of a lab at one time, by key. */
export type Snapshot = ReadonlyMap<string, { readonly owner: QueryOwner; readonly result: QueryResult }>;

interface OwnedQuery {
  readonly owner: QueryOwner;
  /** Key in every snapshot; a changed query has another key. */
  readonly key: string;
  readonly expr: string;
  readonly datasource: string;
}

/** Scrapes within which an active target has a sample. */
export const FRESH_SCRAPES = 4;
/** A query about the active alerts, whose series rightly end with the alerts. */
const ABOUT_ALERTS = new RegExp(`\\b(${ALERT_METRICS.join("|")})\\b`);

interface Rule {
  readonly name: string;
  readonly query: string;
  readonly type: "alerting" | "recording";
}

interface SnapshotOptions {
  /** Evaluation time in seconds since the epoch; by default now. */
  readonly at?: number;
  /** Results that are known and not queried again. */
  readonly except?: Snapshot;
}

/**
 * Runs the queries of every panel and every rule of a lab.
 *
 * @param dashboards uids of the dashboards.
 */
export async function takeSnapshot(
  lab: LabAccess,
  dashboards: readonly string[],
  { at, except }: SnapshotOptions = {},
): Promise<Snapshot> {
  const all = await Promise.all([...dashboards.map((uid) => panelQueries(lab, uid)), ruleQueries(lab)]);
  const queries = all.flat().filter(({ key, expr }) => except?.has(key) !== true && !ABOUT_ALERTS.test(expr));
  const presence = new Map(
    lab.sources.map(({ uid }) => [uid, new Presence(lab.api, uid, FRESH_SCRAPES * lab.scrapeSeconds, at)]),
  );
  const results = await Promise.all(
    queries.map(async ({ owner, key, expr, datasource }) => {
      // verify reports a failing query
      const result = await presence
        .get(datasource)
        ?.find(expr)
        .catch(() => undefined);
      return result === undefined ? [] : [{ owner, key, result }];
    }),
  );
  const snapshot = new Map<string, { owner: QueryOwner; result: QueryResult }>();
  for (const { owner, key, result } of results.flat()) {
    // a repeated panel has a query for each value of its variable
    const earlier = snapshot.get(key)?.result;
    snapshot.set(key, { owner, result: earlier === undefined ? result : mergeResults(earlier, result) });
  }
  return snapshot;
}

async function panelQueries(lab: LabAccess, uid: string): Promise<OwnedQuery[]> {
  const dashboard = await lab.api.dashboard(uid);
  const range = timeRange(dashboard.time);
  const names = new Map([...namePanels({ ...dashboard })].map(([name, panel]) => [panel as object, name]));
  // verify reports a variable that cannot be queried
  const panels = await findPanels(lab.api, dashboard, { range, sources: lab.sources }).catch(() => []);
  return panels.flatMap((panel) => {
    const name = names.get(panel.declared) ?? "";
    const owner = { kind: "panel", name, dashboard: dashboard.title } as const;
    // the key has the declared expression, as values of variables may change
    const declared = new Map(
      declaredTargets(panel.panel).map((target, index) => [refIdOf(target, index), target.expr]),
    );
    return prepareQueries(panel, range, lab.sources).flatMap(({ refId, expr, datasource }): OwnedQuery[] => {
      const key = JSON.stringify([uid, name, refId, declared.get(refId)]);
      return expr === undefined ? [] : [{ owner, key, expr, datasource: datasource.uid }];
    });
  });
}

async function ruleQueries(lab: LabAccess): Promise<OwnedQuery[]> {
  const datasource = lab.sources.find(({ isDefault }) => isDefault)?.uid ?? "";
  const { groups } = await lab.api.prometheus<{ groups: readonly { rules: readonly Rule[] }[] }>(
    datasource,
    "rules",
    {},
  );
  return groups
    .flatMap(({ rules }) => rules)
    .map(({ name, query, type }) => {
      const kind = type === "alerting" ? ("alert" as const) : ("recording rule" as const);
      return { owner: { kind, name }, key: JSON.stringify([kind, name, query]), expr: query, datasource };
    });
}

function mergeResults(one: QueryResult, other: QueryResult): QueryResult {
  return {
    ...union([one, other]),
    series: one.series + other.series,
    labels: [...new Set([...one.labels, ...other.labels])],
    filters: one.filters ?? other.filters,
  };
}
