import { prepareQueries, refIdOf } from "../../verify/panels/queries";
import { findPanels } from "../../verify/panels/panelResult";
import { timeRange } from "../../verify/panels/range";
import { namePanels } from "../report/dashboards";
import { AskedLab } from "./askedLab";
import { Found, Presence } from "./presence";

/** What asks Prometheus: a query of a panel, or a rule. */
export interface Asker {
  readonly kind: "panel" | "alert" | "recording rule";
  /** A panel's title, or the rule's name. */
  readonly name: string;
  /** Title of the panel's dashboard. */
  readonly dashboard?: string;
}

/** What everything in a lab that asks Prometheus found at one moment, by what asks. */
export type Snapshot = ReadonlyMap<string, { readonly asker: Asker; readonly found: Found }>;

interface Question {
  readonly asker: Asker;
  /** Its key in every snapshot; what a change declares otherwise is another one. */
  readonly key: string;
  readonly expr: string;
  readonly datasource: string;
}

/** Scrapes within which what is still scraped has a sample. */
export const FRESH_SCRAPES = 4;

interface Rule {
  readonly name: string;
  readonly query: string;
  readonly type: "alerting" | "recording";
}

/** When and what is asked. */
interface SnapshotOptions {
  /** Seconds since the epoch; without it, now. */
  readonly at?: number;
  /** What is not asked, as it is known. */
  readonly except?: Snapshot;
}

/**
 * Asks the queries of every panel and every rule of a lab.
 *
 * @param dashboards Their uids.
 */
export async function takeSnapshot(
  lab: AskedLab,
  dashboards: readonly string[],
  { at, except }: SnapshotOptions = {},
): Promise<Snapshot> {
  const all = await Promise.all([...dashboards.map((uid) => questionsOf(lab, uid)), rulesOf(lab)]);
  const questions = all.flat().filter(({ key }) => except?.has(key) !== true);
  const presence = new Map(
    lab.sources.map(({ uid }) => [uid, new Presence(lab.api, uid, FRESH_SCRAPES * lab.scrapeSeconds, at)]),
  );
  const answers = await Promise.all(
    questions.map(async ({ asker, key, expr, datasource }) => {
      // one in error is what verify reports
      const found = await presence
        .get(datasource)
        ?.find(expr)
        .catch(() => undefined);
      return found === undefined ? [] : [{ asker, key, found }];
    }),
  );
  const snapshot = new Map<string, { asker: Asker; found: Found }>();
  for (const { asker, key, found } of answers.flat()) {
    // a repeated panel asks once for each value of its variable
    const before = snapshot.get(key)?.found;
    snapshot.set(key, { asker, found: before === undefined ? found : together(before, found) });
  }
  return snapshot;
}

async function questionsOf(lab: AskedLab, uid: string): Promise<Question[]> {
  const dashboard = await lab.api.dashboard(uid);
  const range = timeRange(dashboard.time);
  const names = new Map([...namePanels({ ...dashboard })].map(([name, panel]) => [panel as object, name]));
  const panels = await findPanels(lab.api, dashboard, { range, sources: lab.sources });
  return panels.flatMap((panel) => {
    const name = names.get(panel.declared) ?? "";
    const asker = { kind: "panel", name, dashboard: dashboard.title } as const;
    // a variable may have other values later
    const declared = new Map((panel.panel.targets ?? []).map((target, index) => [refIdOf(target, index), target.expr]));
    return prepareQueries(panel, range, lab.sources).flatMap(({ refId, expr, datasource }): Question[] => {
      const key = JSON.stringify([uid, name, refId, declared.get(refId)]);
      return expr === undefined ? [] : [{ asker, key, expr, datasource: datasource.uid }];
    });
  });
}

async function rulesOf(lab: AskedLab): Promise<Question[]> {
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
      return { asker: { kind, name }, key: JSON.stringify([kind, name, query]), expr: query, datasource };
    });
}

function together(one: Found, other: Found): Found {
  return {
    absent: [...new Set([...one.absent, ...other.absent])],
    jobs: [...new Set([...one.jobs, ...other.jobs])],
    series: one.series + other.series,
    labels: [...new Set([...one.labels, ...other.labels])],
    filters: one.filters || other.filters,
  };
}
