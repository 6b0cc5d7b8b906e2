import { Idle } from "./idle";
import { Measure, MEASURES, RoundResult } from "./round";
import { noise, summarize, Summary } from "./statistics";
import { System } from "./system";

/** What must hold, of the lab alone or in proportion to compose or to another measure of the lab. */
export interface Goal {
  readonly ratio?: number;
  readonly to?: Measure;
  readonly seconds?: number;
}

/** A measure of both contenders; compose has no preview. */
export interface Row {
  readonly measure: Measure;
  readonly lab: Summary;
  readonly compose?: Summary;
  /** The lab's median, that of compose or of the goal's other measure being 1. */
  readonly ratio?: number;
}

/** The container whose own start was the slowest, and what of the whole up that is. */
export interface SlowestStart {
  readonly container: string;
  readonly seconds: number;
  readonly share: number;
}

/** The rows of a lab with more in it than it has by itself. */
export interface GrowthRows {
  readonly size: string;
  readonly rows: readonly Row[];
}

/** What one thing costs, in proportion to another of the same run. */
export interface Proportion {
  readonly what: string;
  readonly ratio: number;
  readonly goal: number;
}

export interface Growth {
  readonly rounds: number;
  readonly sizes: readonly GrowthRows[];
  readonly proportions: readonly Proportion[];
}

export interface BenchResult {
  readonly machine: Readonly<Record<string, string | number>>;
  readonly rounds: number;
  /** Load average of the last minute, at the start. */
  readonly load: number;
  readonly noise: readonly string[];
  readonly rows: readonly Row[];
  readonly slowest: Partial<Record<System["name"], SlowestStart>>;
  readonly idle: Idle;
  readonly growth?: Growth;
}

export const TITLES: Readonly<Record<Measure, string>> = {
  up: "up from nothing until verify is green",
  command: "of that, the command before verify",
  preview: "unchanged preview",
  previewWithoutRules: "unchanged preview without the rules",
  floor: "unchanged preview of one resource of each provider",
  upAgain: "unchanged up",
  interval: "changed scrape interval until Prometheus scrapes by it",
  intervalCommand: "the same until its command has ended",
  panel: "changed panel until Grafana serves it",
  panelCommand: "the same until its command has ended",
  destroy: "destroy until nothing is left",
};

export const GOALS: Readonly<Record<Measure, Goal>> = {
  up: { ratio: 1.1 },
  command: {}, // how long the checks wait for samples is the same for both
  preview: { ratio: 1.25, to: "previewWithoutRules" },
  previewWithoutRules: { ratio: 1.3, to: "floor" },
  floor: {},
  upAgain: { seconds: 3.5 },
  interval: { ratio: 1 },
  intervalCommand: {}, // the effect counts; this is how long a prompt waits
  panel: { ratio: 1 },
  panelCommand: {},
  destroy: { ratio: 1.5 },
};

/** Of one core, and in MiB without Grafana. */
export const IDLE_GOALS = { cpu: 0.05, memory: 150 };

/** Results of the rounds, by contender. */
export type Rounds = Readonly<Record<System["name"], readonly RoundResult[]>>;

/** A row for each measure. */
export function rowsOf({ lab, compose }: Rounds): readonly Row[] {
  const summary = (rounds: readonly RoundResult[], measure: Measure): Summary | undefined => {
    const values = rounds.flatMap(({ seconds }) => seconds[measure] ?? []);
    return values.length === 0 ? undefined : summarize(values);
  };
  return MEASURES.map((measure): Row => {
    const [own, theirs, { to }] = [summary(lab, measure) ?? summarize([]), summary(compose, measure), GOALS[measure]];
    const one = to === undefined ? theirs : summary(lab, to);
    return {
      measure,
      lab: own,
      ...(theirs === undefined ? {} : { compose: theirs }),
      ...(one === undefined ? {} : { ratio: own.median / one.median }),
    };
  });
}

/** The slowest start of the round whose up is in the middle. */
export function slowestOf(rounds: readonly RoundResult[]): SlowestStart | undefined {
  const sorted = [...rounds].sort((one, other) => (one.seconds.up ?? 0) - (other.seconds.up ?? 0));
  const round = sorted[Math.floor((sorted.length - 1) / 2)];
  return round?.slowest === undefined
    ? undefined
    : { ...round.slowest, share: round.slowest.seconds / (round.seconds.up ?? NaN) };
}

/** Why the rows say little. */
export function noiseOf(load: number, cores: number, rows: readonly Row[]): readonly string[] {
  const named = rows.flatMap(({ measure, lab, compose }): (readonly [string, Summary])[] => [
    [`lab, ${TITLES[measure]}`, lab],
    ...(compose === undefined ? [] : ([[`compose, ${TITLES[measure]}`, compose]] as const)),
  ]);
  return noise(load, cores, named);
}
