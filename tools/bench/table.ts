import { Idle } from "./idle";
import { BenchResult, Goal, GOALS, Growth, IDLE_GOALS, Row, SlowestStart, TITLES } from "./results";
import { Summary } from "./statistics";

/** Cells under a head. */
export interface Cells {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const MIB = 1024 * 1024;

/** Median with minimum and maximum. */
export function secondsCell({ median, min, max }: Summary): string {
  return `${median.toFixed(1)} (${min.toFixed(1)}–${max.toFixed(1)})`;
}

/** Both contenders side by side, with the goals. */
export function comparison(rows: readonly Row[]): Cells {
  return {
    head: ["seconds", "lab", "compose and curl", "ratio", "goal"],
    rows: rows.map(({ measure, lab, compose, ratio }) => [
      TITLES[measure],
      secondsCell(lab),
      compose === undefined ? "–" : secondsCell(compose),
      ratio === undefined ? "–" : ratio.toFixed(2),
      goalCell(GOALS[measure], lab.median, ratio),
    ]),
  };
}

/** What the idle lab needs, part by part. */
export function idleTable({ needs }: Idle): Cells {
  const withoutGrafana = needs.filter(({ part }) => part !== "grafana");
  const sum = (values: readonly number[]): number => values.reduce((one, other) => one + other, 0);
  const cpu = sum(needs.map((need) => need.cpu));
  const memory = sum(withoutGrafana.map((need) => need.memory));
  return {
    head: ["idle", "% of one core", "MiB", "goal"],
    rows: [
      ...needs.map((need) => [need.part, percent(need.cpu), need.memory.toFixed(0), ""]),
      ["all", percent(cpu), sum(needs.map((need) => need.memory)).toFixed(0), judge(cpu, IDLE_GOALS.cpu, "5 %")],
      ["all but grafana", "", memory.toFixed(0), judge(memory, IDLE_GOALS.memory, "150 MiB")],
    ],
  };
}

/** How the measures of the lab grow with what is in it. */
export function growthTables({ sizes, proportions }: Growth): readonly Cells[] {
  const measures = sizes[0]?.rows.map(({ measure }) => TITLES[measure]) ?? [];
  const cell = ({ lab, compose }: Row): string =>
    compose === undefined ? lab.median.toFixed(1) : `${lab.median.toFixed(1)} / ${compose.median.toFixed(1)}`;
  return [
    { head: ["lab / compose, seconds", ...measures], rows: sizes.map(({ size, rows }) => [size, ...rows.map(cell)]) },
    {
      head: ["in proportion", "ratio", "goal"],
      rows: proportions.map(({ what, ratio, goal }) => [what, ratio.toFixed(2), judge(ratio, goal, String(goal))]),
    },
  ];
}

/** What no table holds, a line each. */
export function remarks({ machine, rounds, rows, slowest, idle, growth, noise }: BenchResult): readonly string[] {
  const { seconds, series, samplesPerSecond, bytesPerHour } = idle;
  const start = (name: string, part: SlowestStart | undefined): string[] =>
    part === undefined
      ? []
      : [
          `Of the up of ${name}, ${percent(part.share)} % is the start of ${part.container} (${part.seconds.toFixed(1)} s).`,
        ];
  return [
    `${String(rounds)} rounds, alternating: medians, with minimum and maximum. ${Object.entries(machine)
      .map(([what, value]) => `${what} ${String(value)}`)
      .join(", ")}.`,
    ...start("the lab", slowest.lab),
    ...start("compose", slowest.compose),
    ...barriers(rows),
    `Idle for ${seconds.toFixed(0)} s: ${String(series)} series, ${samplesPerSecond.toFixed(0)} samples per second, ` +
      `${(bytesPerHour / MIB).toFixed(1)} MiB on disk per hour before compaction.`,
    ...(growth === undefined ? [] : [`${String(growth.rounds)} rounds of labs with more in them: medians.`]),
    ...noise.map((reason) => `Noisy: ${reason}.`),
  ];
}

/** What forbids the goals of a change that are missed: each starts all that an unchanged up starts. */
function barriers(rows: readonly Row[]): string[] {
  const start = rows.find(({ measure }) => measure === "upAgain")?.lab.median ?? NaN;
  return rows
    .filter(
      ({ measure, ratio = NaN }) => ["interval", "panel"].includes(measure) && ratio > (GOALS[measure].ratio ?? NaN),
    )
    .map(
      ({ measure, lab: { median } }) =>
        `Of ${TITLES[measure]}, ${percent(start / median)} % is what an unchanged up takes (${start.toFixed(1)} s): ` +
        "the start of Pulumi, of the program and of its providers.",
    );
}

function goalCell(goal: Goal, seconds: number, ratio: number | undefined): string {
  if (goal.seconds !== undefined) {
    return judge(seconds, goal.seconds, `${String(goal.seconds)} s`);
  }
  const to = goal.to === undefined ? "" : ` to the ${TITLES[goal.to]}`;
  return goal.ratio === undefined ? "" : judge(ratio ?? NaN, goal.ratio, `ratio ${String(goal.ratio)}${to}`);
}

function judge(value: number, limit: number, text: string): string {
  return `at most ${text}: ${value <= limit ? "met" : "missed"}`;
}

function percent(share: number): string {
  return (share * 100).toFixed(1);
}
