import { setTimeout } from "node:timers/promises";
import { seconds } from "../../../lib/shared/duration";
import { LabOutputs } from "../../verify/lab";
import { grafanaApi } from "../../verify/panels/grafana";
import { RULES } from "../../../lib/shared/alertRules";
import { LabRun, PreviewLab } from "../previewLab";
import { alertText } from "../report/alertEvaluations";
import { findChanges } from "../report/changes";
import { filesOf } from "../report/configuration";
import { escapeMarkdown, TextPair } from "../report/format";
import { LabResults } from "../report/markdown";
import { AlertEvaluation, evaluateAlerts } from "./alerts";
import { LabAccess } from "./labAccess";
import { ChangedLine } from "./causes";
import { changesDatasource, findPanelChanges } from "./changedPanels";
import { Load } from "./load";
import { findLosses, Loss } from "./losses";
import { lossProblems, lossText } from "./lossText";
import { evaluateApplied, evaluatePanels, FindRecording, isFailing, PanelEvaluation } from "./panelEvaluation";
import { panelText } from "./panelText";
import { prometheusApi } from "./prometheusApi";
import { findPromtool } from "./promtool";
import { findChangedRecordings, findDependency } from "./recordings";
import { restoreText } from "./restore";
import { readRuleFiles } from "./rules";
import { NO_TESTS, testRules } from "./ruleTests";
import { FRESH_SCRAPES, Snapshot, takeSnapshot } from "./snapshot";

/** Scrapes needed for rates: Grafana's `$__rate_interval` is four intervals. */
const RATE_SCRAPES = 4;
/** Additional wait for queries without data, in milliseconds. */
const DATA_TIMEOUT_MS = 10_000;
const MAX_ERROR_LENGTH = 500;
const DATASOURCE_CHANGES =
  "**The datasource changes**: the data of its panels is known only after the change is applied (`APPLY=1`).";

/** Evaluates the panels and alerts that a change affects in the preview's lab, and finds the data that others lose. */
export class PreviewEvaluation {
  private readonly load: Load;
  private lab: (LabAccess & { readonly outputs: LabOutputs }) | undefined;
  private panels: readonly PanelEvaluation[] = [];
  private baseline: Snapshot | undefined;
  /** Time of the baseline, in seconds since the epoch. */
  private baselineTime = 0;
  private losses: readonly Loss[] = [];
  private alerts: readonly AlertEvaluation[] = [];
  private tests = NO_TESTS;
  private datasourceChanges = false;
  /** The first error. */
  private failure: string | undefined;

  /** Starts a load on the lab's app. */
  constructor(private readonly preview: PreviewLab) {
    this.load = new Load(() => preview.flaskUrl);
  }

  end(): void {
    this.load.stop();
  }

  /**
   * Evaluates the panels and alerts that a previewed change affects, and runs their promtool tests.
   *
   * @param checkout Checkout of the change.
   */
  async evaluate(run: LabRun, checkout: string): Promise<void> {
    await this.catchFailure(async () => {
      const panels = findPanelChanges(run.asked);
      this.datasourceChanges = changesDatasource(run.asked);
      [this.panels, this.alerts, this.tests, this.losses] = [[], [], NO_TESTS, []];
      const files = findChanges(run.asked)
        .filter(({ name }) => name.endsWith("-config-files"))
        .flatMap(filesOf);
      if (panels.length === 0 && !files.some(({ name }) => name.endsWith(RULES))) {
        return;
      }
      const lab = await this.connect();
      const api = prometheusApi(lab.outputs);
      const { before, after } = readRuleFiles(files);
      const recordings = await findChangedRecordings(api, before, after);
      const findRecording: FindRecording = (expr) => findDependency(api, expr, recordings);
      await lab.pause(lab.since + RATE_SCRAPES * lab.scrapeSeconds * 1000 - Date.now());
      [this.panels] = await Promise.all([
        evaluatePanels(lab, panels, Date.now() + DATA_TIMEOUT_MS, findRecording),
        this.evaluateAlerts(lab.outputs, files, checkout),
      ]);
    });
  }

  private async evaluateAlerts(outputs: LabOutputs, files: readonly TextPair[], checkout: string): Promise<void> {
    if (!files.some(({ name }) => name.endsWith(RULES))) {
      return;
    }
    const promtool = await findPromtool(outputs);
    const sources = { api: prometheusApi(outputs), runTests: promtool };
    this.alerts = mapTexts(await evaluateAlerts(sources, files, Date.now() / 1000), this.restore);
    if (promtool !== undefined) {
      this.tests = await testRules(checkout, promtool, files);
    }
  }

  /** Records the query results of every panel and rule before the change is applied. */
  async takeBaseline(): Promise<void> {
    await this.catchFailure(async () => {
      const lab = await this.connect();
      this.baselineTime = Date.now() / 1000;
      this.baseline = await takeSnapshot(lab, lab.outputs.dashboards);
    });
  }

  /** Compares with the baseline just after the change is applied. */
  async compareApplied(): Promise<void> {
    const { baseline } = this;
    if (baseline === undefined) {
      return;
    }
    await this.catchFailure(async () => {
      const applied = Date.now();
      // the change may have changed Grafana's port or password
      const lab = await this.access();
      const { dashboards } = lab.outputs;
      // by then the last sample of a removed target is stale
      const first = applied + FRESH_SCRAPES * lab.scrapeSeconds * 1000 + 1000;
      await lab.pause(first - Date.now());
      // the baseline of a changed query is its result at the baseline's time
      const declared = await takeSnapshot(lab, dashboards, { at: this.baselineTime, except: baseline });
      const until = first + DATA_TIMEOUT_MS;
      [this.losses, this.panels] = await Promise.all([
        findLosses(new Map([...baseline, ...declared]), () => takeSnapshot(lab, dashboards), until, lab.pause),
        evaluateApplied(lab, this.panels, until),
      ]);
    });
  }

  /**
   * The results for the report.
   *
   * @param lines The changed lines; undefined if there are too many.
   */
  results(lines: readonly ChangedLine[] | undefined): LabResults {
    const { failure } = this;
    const restored = mapTexts(this.losses, this.restore);
    // failing panels that the change itself declares are in the table
    const otherLosses = restored.filter(
      ({ name, dashboard }) =>
        !this.panels.some((it) => isFailing(it) && it.name === name && it.dashboard === dashboard),
    );
    const panels = panelText(this.panels, this.restore(this.lab?.outputs.grafanaUrl ?? ""));
    const alerts = alertText(this.alerts, this.tests);
    return {
      shown: new Map([...panels.shown, ...alerts.shown]),
      rows: [...panels.rows, ...alerts.rows],
      first: new Set([...panels.first, ...alerts.first]),
      folds: [...panels.folds, ...alerts.folds],
      paragraphs: [
        ...panels.paragraphs,
        ...alerts.paragraphs,
        ...(this.datasourceChanges ? [DATASOURCE_CHANGES] : []),
        ...lossText(otherLosses, lines),
        ...(failure === undefined
          ? []
          : [`**The lab could not be queried**: ${escapeMarkdown(failure, MAX_ERROR_LENGTH)}`]),
      ],
      problems: [
        ...panels.problems,
        ...alerts.problems,
        ...lossProblems(otherLosses),
        ...(failure === undefined ? [] : ["the lab could not be queried"]),
      ],
    };
  }

  private readonly restore = (text: string): string => restoreText(text, this.preview.standIns);

  private async connect(): Promise<NonNullable<typeof this.lab>> {
    return (this.lab ??= await this.access());
  }

  private async access(): Promise<NonNullable<typeof this.lab>> {
    const outputs = await this.preview.outputs();
    const api = grafanaApi(outputs);
    const { signal } = this.preview.commands;
    return {
      outputs,
      api,
      sources: await api.datasources(),
      since: this.load.since ?? Date.now(),
      scrapeSeconds: seconds(outputs.scrapeInterval),
      restore: this.restore,
      pause: (milliseconds) => setTimeout(Math.max(0, milliseconds), undefined, { signal }),
    };
  }

  private async catchFailure(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      this.failure ??= this.restore(error instanceof Error ? error.message : String(error));
    }
  }
}

/** A copy of a value with `change` applied to every string in it. */
function mapTexts<T>(value: T, change: (text: string) => string): T {
  return JSON.parse(JSON.stringify(value), (_, part: unknown) => (typeof part === "string" ? change(part) : part)) as T;
}
