import { Growth, Rounds, Row, rowsOf } from "./results";
import { measureUp, RoundResult } from "./round";
import { summarize } from "./statistics";
import { allEnded, System } from "./system";
import { PLAIN, Size } from "./workspace";

const SIZES: readonly (readonly [name: string, size: Size])[] = [
  ["4 extra targets", { targets: 4 }],
  ["100 extra targets", { targets: 100 }],
  ["1000 extra targets", { targets: 1000 }],
  ["4 dashboards", { targets: 0, dashboards: 4 }],
  ["10 dashboards", { targets: 0, dashboards: 10 }],
  ["100 dashboards", { targets: 0, dashboards: 100 }],
];

/** Measures labs with more in them, and two labs at once. */
export async function measureGrowth(
  rounds: number,
  labs: readonly [System, System],
  compare: (size: Size, name: string) => Promise<Record<System["name"], RoundResult>>,
): Promise<Growth> {
  const measured: readonly Sized[] = SIZES.map(([name, size]) => ({ name, size, lab: [], compose: [] }));
  const [one, two]: [number[], number[]] = [[], []];
  for (let round = 1; round <= rounds; round++) {
    for (const { name, size, lab, compose } of measured) {
      const results = await compare(size, `growth, round ${String(round)}, ${name}`);
      lab.push(results.lab);
      compose.push(results.compose);
    }
    one.push(await upTogether(labs.slice(0, 1)));
    two.push(await upTogether(labs));
    console.log(
      `growth, round ${String(round)}: one lab up ${String(one.at(-1))} s, two at once ${String(two.at(-1))} s`,
    );
  }
  const sizes = measured.map(({ name, lab, compose }) => ({ size: name, rows: rowsOf({ lab, compose }) }));
  const median = (size: string, measure: Row["measure"]): number =>
    sizes.find((it) => it.size === size)?.rows.find((row) => row.measure === measure)?.lab.median ?? NaN;
  const proportions = [
    {
      what: "unchanged preview with 1000 extra targets, to the one with 4",
      ratio: median("1000 extra targets", "preview") / median("4 extra targets", "preview"),
      goal: 1.2,
    },
    {
      what: "up with 100 dashboards, to the one with 4",
      ratio: median("100 dashboards", "up") / median("4 dashboards", "up"),
      goal: 2.5,
    },
    { what: "two labs up at once, to one", ratio: summarize(two).median / summarize(one).median, goal: 2.1 },
  ];
  return { rounds, sizes, proportions };
}

type Sized = { readonly name: string; readonly size: Size } & { readonly [K in keyof Rounds]: RoundResult[] };

/** Seconds until each of the labs is up and verified; they are destroyed again. */
async function upTogether(labs: readonly System[]): Promise<number> {
  await Promise.all(labs.map((lab) => lab.prepare(PLAIN)));
  const ups = await allEnded(labs.map((lab) => measureUp(lab)));
  for (const lab of labs) {
    await lab.destroy();
  }
  return Math.max(...ups.map(({ up }) => up));
}
