import Table from "cli-table3";
import { Idle, MIB } from "./idle";
import { Goal, Measure, MEASURES, Round } from "./round";

/** The rounds of both systems. */
export interface Rounds {
  readonly lab: readonly Round[];
  readonly compose: readonly Round[];
}

/** Results of a run. */
export interface BenchResult {
  readonly machine: Readonly<Record<string, string | number>>;
  /** Load average of the last minute, at the start. */
  readonly load: number;
  readonly rounds: Rounds;
  readonly idle: Idle;
}

/** A table: headings and rows. */
export interface Cells {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** CPU as a share of one core; memory in MiB without Grafana. */
const IDLE_GOALS = { cpu: 0.05, memory: 150 };
/** Spread between rounds, as a share of the median, above which a measure is reported as noisy. */
const SPREAD_LIMIT = 0.25;
/** Ignored difference in seconds, as polling takes place every 50 ms. */
const RESOLUTION = 0.2;
/** Maximum load by other work at the start, as a share of the cores. */
const LOAD_LIMIT = 0.25;
const GOALS = Object.entries(MEASURES) as readonly (readonly [Measure, Goal])[];

/** All tables of a run. */
export function tablesOf({ rounds, idle }: BenchResult): readonly Cells[] {
  return [comparison(rounds), idleTable(idle)];
}

/** Both systems side by side, with the goals. */
function comparison(rounds: Rounds): Cells {
  return {
    head: ["seconds", "lab", "compose and curl", "ratio", "goal"],
    rows: GOALS.map(([measure, goal]) => {
      const ratio = ratioOf(rounds, measure);
      const limit = goal.to === undefined ? "" : ` to the ${MEASURES[goal.to as Measure].title}`;
      return [
        goal.title,
        secondsCell(valuesOf(rounds.lab, measure)),
        secondsCell(valuesOf(rounds.compose, measure)),
        Number.isNaN(ratio) ? "–" : ratio.toFixed(2),
        goal.seconds === undefined
          ? goalCell(ratio, goal.ratio, `ratio ${String(goal.ratio)}${limit}`)
          : goalCell(medianOf(rounds.lab, measure), goal.seconds, `${String(goal.seconds)} s`),
      ];
    }),
  };
}

/** Resource usage of the idle lab, by part. */
function idleTable({ needs }: Idle): Cells {
  const total = (key: "cpu" | "memory", parts = needs): number => parts.reduce((sum, need) => sum + need[key], 0);
  const others = needs.filter(({ part }) => part !== "grafana");
  const memory = total("memory", others);
  return {
    head: ["idle", "% of one core", "MiB", "goal"],
    rows: [
      ...needs.map((need) => [need.part, percent(need.cpu), need.memory.toFixed(0), ""]),
      ["all", percent(total("cpu")), total("memory").toFixed(0), goalCell(total("cpu"), IDLE_GOALS.cpu, "5 %")],
      ["all but grafana", "", memory.toFixed(0), goalCell(memory, IDLE_GOALS.memory, "150 MiB")],
    ],
  };
}

/** Remarks about the tables, one line each. */
export function remarks({ machine, load, rounds, idle }: BenchResult): readonly string[] {
  const about = Object.entries(machine).map(([key, value]) => `${key} ${String(value)}`);
  const busy = `the load average was ${load.toFixed(2)} at the start, on ${String(machine.cores)} cores`;
  return [
    `${String(rounds.lab.length)} rounds, alternating: medians, with minimum and maximum. ${about.join(", ")}.`,
    `Idle for ${idle.seconds.toFixed(0)} s: ${String(idle.series)} series, ${idle.samplesPerSecond.toFixed(0)} samples ` +
      `per second, ${(idle.bytesPerHour / MIB).toFixed(1)} MiB on disk per hour before compaction.`,
    ...[...(load > LOAD_LIMIT * Number(machine.cores) ? [busy] : []), ...noise(rounds)].map(
      (reason) => `Noisy: ${reason}.`,
    ),
  ];
}

/** Measures with a large spread between rounds. */
function noise(rounds: Rounds): readonly string[] {
  return GOALS.flatMap(([measure, { title }]) =>
    (["lab", "compose"] as const).flatMap((name) => {
      const values = valuesOf(rounds[name], measure);
      const spread = Math.max(...values) - Math.min(...values);
      const share = spread / median(values);
      return share > SPREAD_LIMIT && spread > RESOLUTION
        ? `${name}, ${title}: the rounds are ${(share * 100).toFixed(0)} % of the median apart`
        : [];
    }),
  );
}

/** The lab's median relative to that of compose or of the goal's other measure; NaN if there is none. */
function ratioOf({ lab, compose }: Rounds, measure: Measure): number {
  const { to }: Goal = MEASURES[measure];
  return medianOf(lab, measure) / (to === undefined ? medianOf(compose, measure) : medianOf(lab, to as Measure));
}

function valuesOf(rounds: readonly Round[], measure: Measure): readonly number[] {
  return rounds.flatMap((round) => round[measure] ?? []);
}

function medianOf(rounds: readonly Round[], measure: Measure): number {
  return median(valuesOf(rounds, measure));
}

/** NaN for an empty list. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2;
}

/** Median with minimum and maximum. */
function secondsCell(values: readonly number[]): string {
  const [middle, min, max] = [median(values), Math.min(...values), Math.max(...values)].map((it) => it.toFixed(1));
  return values.length === 0 ? "–" : `${String(middle)} (${String(min)}–${String(max)})`;
}

function goalCell(value: number, limit: number | undefined, text: string): string {
  return limit === undefined ? "" : `at most ${text}: ${value <= limit ? "met" : "missed"}`;
}

function percent(share: number): string {
  return (share * 100).toFixed(1);
}

export function print({ head, rows }: Cells): void {
  const table = new Table({ head: [...head], style: { head: [], border: [] } });
  table.push(...rows.map((row) => [...row]));
  console.log(table.toString());
}
