import { setTimeout } from "node:timers/promises";
import { seconds } from "../../verify/duration";
import { LabOutputs } from "../../verify/lab";
import { grafanaApi } from "../../verify/panels/grafana";
import { LabRun, PreviewLab } from "../previewLab";
import { escapeMarkdown } from "../report/format";
import { Answers } from "../report/markdown";
import { ChangedLine } from "./causes";
import { findPanelChanges } from "./changedPanels";
import { Load } from "./load";
import { findLosses, Loss } from "./losses";
import { lossText } from "./lossText";
import { answerPanels, AskedLab, isDark, PanelAnswer } from "./panelAnswers";
import { panelText } from "./panelText";
import { Snapshot, takeSnapshot } from "./snapshot";

/** Scrapes after which a rate exists: Grafana's `$__rate_interval` is four intervals, and the first scrape comes before. */
const RATE_SCRAPES = 5;
/** Scrapes after which Prometheus has marked the series of a target that went away as stale. */
const STALE_SCRAPES = 3;
/** How much longer what has no data yet is waited for, in milliseconds. */
const PATIENCE_MS = 10_000;
const MOST_ERROR = 500;

/** Asks the lab of a preview what the panels and alerts say that a change touches, and what it costs the others. */
export class Inquiry {
  private readonly load: Load;
  private lab: AskedLab | undefined;
  private outputs: LabOutputs | undefined;
  private panels: readonly PanelAnswer[] = [];
  private before: Snapshot | undefined;
  private losses: readonly Loss[] = [];
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

  /** Asks what the panels say that a previewed change touches. */
  async ask(run: LabRun): Promise<void> {
    await this.trying(async () => {
      const lab = await this.connect();
      const changes = findPanelChanges(run.asked);
      if (changes.length > 0) {
        await until(lab.since + RATE_SCRAPES * lab.scrapeSeconds * 1000);
        this.panels = await answerPanels(lab, changes, Date.now() + PATIENCE_MS);
      }
    });
  }

  /** Notes what every panel and rule finds, before the change is applied. */
  async note(): Promise<void> {
    await this.trying(async () => {
      this.before = await takeSnapshot(await this.connect(), this.outputs?.dashboards ?? []);
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
      const lab = await this.connect();
      const { dashboards } = await this.preview.outputs();
      await until(applied + STALE_SCRAPES * lab.scrapeSeconds * 1000);
      const last = applied + RATE_SCRAPES * lab.scrapeSeconds * 1000 + PATIENCE_MS;
      this.losses = await findLosses(before, () => takeSnapshot(lab, dashboards), last);
    });
  }

  /**
   * What the report says of it.
   *
   * @param lines In which the change differs from its base.
   */
  answers(lines: readonly ChangedLine[]): Answers {
    const { failure } = this;
    const restored = this.losses.map((loss) => ({ ...loss, selectors: loss.selectors.map(this.restore) }));
    // a panel that the change itself declares otherwise is in the table
    const others = restored.filter(
      ({ name, dashboard }) => !this.panels.some((it) => isDark(it) && it.name === name && it.dashboard === dashboard),
    );
    const text = panelText(this.panels, this.restore(this.outputs?.grafanaUrl ?? ""));
    return {
      ...text,
      paragraphs: [
        ...text.paragraphs,
        ...lossText(others, lines),
        ...(failure === undefined ? [] : [`**The lab could not be asked**: ${escapeMarkdown(failure, MOST_ERROR)}`]),
      ],
      problems: [
        ...text.problems,
        ...(others.length === 0 ? [] : [`${String(others.length)} without data once it is applied`]),
        ...(failure === undefined ? [] : ["the lab could not be asked"]),
      ],
    };
  }

  private readonly restore = (text: string): string => this.preview.standIns.restore(text);

  private async connect(): Promise<AskedLab> {
    this.outputs ??= await this.preview.outputs();
    const api = grafanaApi(this.outputs);
    this.lab ??= {
      api,
      sources: await api.datasources(),
      since: this.load.since ?? Date.now(),
      scrapeSeconds: seconds(this.outputs.scrapeInterval),
      restore: this.restore,
    };
    return this.lab;
  }

  private async trying(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.failure ??= this.restore(error instanceof Error ? error.message : String(error));
    }
  }
}

/** Waits for a moment, in milliseconds since the epoch. */
async function until(moment: number): Promise<void> {
  await setTimeout(Math.max(0, moment - Date.now()));
}
