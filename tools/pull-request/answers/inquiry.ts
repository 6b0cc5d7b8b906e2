import { setTimeout } from "node:timers/promises";
import { seconds } from "../../verify/duration";
import { LabOutputs } from "../../verify/lab";
import { grafanaApi } from "../../verify/panels/grafana";
import { RULES } from "../../../lib/shared/alertRules";
import { LabRun, PreviewLab } from "../previewLab";
import { Change, findChanges } from "../report/changes";
import { filesOf } from "../report/configuration";
import { isObject } from "../report/differences";
import { escapeMarkdown, TextPair } from "../report/format";
import { Answers } from "../report/markdown";
import { AlertAnswer, answerAlerts } from "./alerts";
import { alertText } from "./alertText";
import { AskedLab } from "./askedLab";
import { ChangedLine } from "./causes";
import { changesDatasource, findPanelChanges } from "./changedPanels";
import { Load } from "./load";
import { findLosses, Loss } from "./losses";
import { lossProblems, lossText } from "./lossText";
import { answerApplied, answerPanels, isDark, PanelAnswer } from "./panelAnswers";
import { panelText } from "./panelText";
import { findPromtool } from "./promtool";
import { restoreAnswer } from "./restore";
import { RuleTests, testRules } from "./ruleTests";
import { FRESH_SCRAPES, Snapshot, takeSnapshot } from "./snapshot";

/** Scrapes after which there are rates: Grafana's `$__rate_interval` is four intervals. */
const RATE_SCRAPES = 4;
/** How much longer what has no data yet is waited for, in milliseconds. */
const PATIENCE_MS = 10_000;
const MOST_ERROR = 500;
const OTHER_DATASOURCE =
  "**The datasource changes**: what panels read with it is known once it is applied (`APPLY=1`).";
const NO_TESTS: RuleTests = { tests: [], untested: [], examples: new Map() };

/** Asks the lab of a preview what the panels and alerts say that a change touches, and what it costs the others. */
export class Inquiry {
  private readonly load: Load;
  private lab: AskedLab | undefined;
  private outputs: LabOutputs | undefined;
  private panels: readonly PanelAnswer[] = [];
  private before: Snapshot | undefined;
  /** When it was taken, in seconds since the epoch. */
  private noted = 0;
  private losses: readonly Loss[] = [];
  private alerts: readonly AlertAnswer[] = [];
  private tests = NO_TESTS;
  private otherDatasource = false;
  /** Why there is no answer. */
  private failure: string | undefined;

  /** Sends a load to the lab's app as soon as that answers. */
  constructor(private readonly preview: PreviewLab) {
    this.load = new Load(() => preview.flaskUrl);
  }

  /** Ends the load. */
  end(): void {
    this.load.stop();
  }

  /**
   * Asks what the panels and alerts say that a previewed change touches, and runs the promtool tests about them.
   *
   * @param checkout Of the change.
   */
  async ask(run: LabRun, checkout: string): Promise<void> {
    await this.trying(async () => {
      const panels = findPanelChanges(run.asked);
      this.otherDatasource = changesDatasource(run.asked);
      [this.panels, this.alerts, this.tests, this.losses] = [[], [], NO_TESTS, []];
      const files = findChanges(run.asked).filter(isConfiguration).flatMap(filesOf);
      if (panels.length === 0 && !files.some(({ name }) => name.endsWith(RULES))) {
        return;
      }
      const lab = await this.connect();
      await lab.pause(lab.since + RATE_SCRAPES * lab.scrapeSeconds * 1000 - Date.now());
      [this.panels] = await Promise.all([
        answerPanels(lab, panels, Date.now() + PATIENCE_MS),
        this.askAlerts(files, checkout),
      ]);
    });
  }

  private async askAlerts(files: readonly TextPair[], checkout: string): Promise<void> {
    const { outputs } = this;
    if (outputs === undefined || !files.some(({ name }) => name.endsWith(RULES))) {
      return;
    }
    this.alerts = mapTexts(await answerAlerts(outputs, files, Date.now() / 1000), this.restore);
    const promtool = await findPromtool(outputs);
    if (promtool !== undefined) {
      this.tests = await testRules(checkout, promtool, files);
    }
  }

  /** Notes what every panel and rule finds, before the change is applied. */
  async note(): Promise<void> {
    await this.trying(async () => {
      const lab = await this.connect();
      this.noted = Date.now() / 1000;
      this.before = await takeSnapshot(lab, this.outputs?.dashboards ?? []);
    });
  }

  /** Looks what panels and rules have lost by the change, which has just been applied. */
  async compare(): Promise<void> {
    const { before } = this;
    if (before === undefined) {
      return;
    }
    await this.trying(async () => {
      const applied = Date.now();
      // Grafana may have another port or password by now
      const outputs = await this.preview.outputs();
      const lab = await this.labOf(outputs);
      // by then the last sample of what is no longer scraped is too old
      const first = applied + FRESH_SCRAPES * lab.scrapeSeconds * 1000 + 1000;
      await lab.pause(first - Date.now());
      // what the change declares otherwise finds at that moment what it would have found
      const declared = await takeSnapshot(lab, outputs.dashboards, { at: this.noted, except: before });
      const until = first + PATIENCE_MS;
      [this.losses, this.panels] = await Promise.all([
        findLosses(new Map([...before, ...declared]), () => takeSnapshot(lab, outputs.dashboards), until, lab.pause),
        answerApplied(lab, this.panels, until),
      ]);
    });
  }

  /**
   * What the report says of it.
   *
   * @param lines In which the change differs from its base; undefined where they are too many.
   */
  answers(lines: readonly ChangedLine[] | undefined): Answers {
    const { failure } = this;
    const restored = this.losses.map((loss) => ({ ...loss, selectors: loss.selectors.map(this.restore) }));
    // a panel that the change itself declares otherwise is in the table
    const others = restored.filter(
      ({ name, dashboard }) => !this.panels.some((it) => isDark(it) && it.name === name && it.dashboard === dashboard),
    );
    const panels = panelText(this.panels, this.restore(this.outputs?.grafanaUrl ?? ""));
    const alerts = alertText(this.alerts, this.tests);
    return {
      shown: new Map([...panels.shown, ...alerts.shown]),
      rows: [...panels.rows, ...alerts.rows],
      first: new Set([...panels.first, ...alerts.first]),
      folds: [...panels.folds, ...alerts.folds],
      paragraphs: [
        ...panels.paragraphs,
        ...alerts.paragraphs,
        ...(this.otherDatasource ? [OTHER_DATASOURCE] : []),
        ...lossText(others, lines),
        ...(failure === undefined ? [] : [`**The lab could not be asked**: ${escapeMarkdown(failure, MOST_ERROR)}`]),
      ],
      problems: [
        ...panels.problems,
        ...alerts.problems,
        ...lossProblems(others),
        ...(failure === undefined ? [] : ["the lab could not be asked"]),
      ],
    };
  }

  private readonly restore = (text: string): string => restoreAnswer(text, this.preview.standIns);

  private async connect(): Promise<AskedLab> {
    this.outputs ??= await this.preview.outputs();
    this.lab ??= await this.labOf(this.outputs);
    return this.lab;
  }

  private async labOf(outputs: LabOutputs): Promise<AskedLab> {
    const api = grafanaApi(outputs);
    const { signal } = this.preview.commands;
    return {
      api,
      sources: await api.datasources(),
      since: this.load.since ?? Date.now(),
      scrapeSeconds: seconds(outputs.scrapeInterval),
      restore: this.restore,
      pause: (milliseconds) => setTimeout(Math.max(0, milliseconds), undefined, { signal }),
    };
  }

  private async trying(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.failure ??= this.restore(error instanceof Error ? error.message : String(error));
    }
  }
}

function isConfiguration({ name }: Pick<Change, "name">): boolean {
  return name.endsWith("-config-files");
}

/** A value with every text in it changed. */
function mapTexts<T>(value: T, change: (text: string) => string): T {
  const map = (part: unknown): unknown => {
    if (typeof part === "string") {
      return change(part);
    }
    if (Array.isArray(part)) {
      return part.map(map);
    }
    return isObject(part) ? Object.fromEntries(Object.entries(part).map(([key, item]) => [key, map(item)])) : part;
  };
  return map(value) as T;
}
