import fc from "fast-check";
import { BenchResult, median, remarks, Rounds, tablesOf } from "../../tools/bench/report";
import { Round } from "../../tools/bench/round";

const REST = { command: 6, upAgain: 3, interval: 2, intervalCommand: 3, panel: 1, panelCommand: 2, destroy: 4 };
const PREVIEWS = { previewWithoutPolicies: 2.5, floor: 2 };
const COMPOSE: Round = { up: 8, ...REST, destroy: 1 };
const ROUNDS: Rounds = {
  lab: [
    { up: 12, preview: 2.5, ...PREVIEWS, ...REST },
    { up: 10, preview: 3.5, ...PREVIEWS, ...REST },
    { up: 20, preview: 3.1, ...PREVIEWS, ...REST },
  ],
  compose: [COMPOSE, COMPOSE],
};
const RESULT: BenchResult = {
  machine: { cores: 2 },
  load: 0.4,
  rounds: ROUNDS,
  idle: {
    seconds: 300,
    needs: [
      { part: "prometheus", cpu: 0.01, memory: 60 },
      { part: "grafana", cpu: 0.02, memory: 100 },
      { part: "flask app", cpu: 0.03, memory: 95 },
    ],
    series: 3000,
    samplesPerSecond: 599.6,
    bytesPerHour: 3 * 1024 * 1024,
  },
};

describe("median", () => {
  it.each([
    [[3], 3],
    [[5, 1, 3], 3],
    [[4, 1, 2, 9], 3],
    [[], NaN],
  ])("is computed for %j", (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it("is between the extremes, whatever the order", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.01, max: 1e6, noNaN: true }), { minLength: 1 }), (values) => {
        const middle = median(values);
        expect(Math.min(...values) <= middle && middle <= Math.max(...values)).toBe(true);
        expect(median([...values].reverse())).toBe(middle);
      }),
    );
  });
});

describe("the tables", () => {
  const [comparison, idle] = tablesOf(RESULT);

  it("compare both systems by median, extremes, ratio and goal", () => {
    expect(comparison?.rows[0]).toEqual([
      "up from nothing until verify is green",
      "12.0 (10.0–20.0)",
      "8.0 (8.0–8.0)",
      "1.50",
      "at most ratio 1.1: missed",
    ]);
    expect(comparison?.rows[5]?.slice(1)).toEqual(["3.0 (3.0–3.0)", "3.0 (3.0–3.0)", "1.00", "at most 3.5 s: met"]);
    expect(comparison?.rows[10]?.slice(3)).toEqual(["4.00", "at most ratio 1.5: missed"]);
  });

  it("compare a preview, which compose lacks, with that of another lab", () => {
    expect(comparison?.rows.slice(2, 5).map((row) => row.slice(1))).toEqual([
      ["3.1 (2.5–3.5)", "–", "1.24", "at most ratio 1.25 to the unchanged preview without policies: met"],
      [
        "2.5 (2.5–2.5)",
        "–",
        "1.25",
        "at most ratio 1.3 to the unchanged preview of one resource of each provider: met",
      ],
      ["2.0 (2.0–2.0)", "–", "–", ""],
    ]);
  });

  it("add up the needs of the idle lab, once without Grafana", () => {
    expect(idle?.rows.slice(-2)).toEqual([
      ["all", "6.0", "255", "at most 5 %: missed"],
      ["all but grafana", "", "155", "at most 150 MiB: missed"],
    ]);
  });
});

describe("the notes", () => {
  it("name the number of rounds and samples, and the noisy measurements", () => {
    expect(remarks(RESULT)).toEqual([
      "3 rounds, alternating: medians, with minimum and maximum. cores 2.",
      "Idle for 300 s: 3000 series, 600 samples per second, 3.0 MiB on disk per hour before compaction.",
      "Noisy: lab, up from nothing until verify is green: the rounds are 83 % of the median apart.",
      "Noisy: lab, unchanged preview: the rounds are 32 % of the median apart.",
    ]);
  });

  it("name other work on the machine, and omit differences too short to be measured", () => {
    const panel = { lab: [{ panel: 0.1 }, { panel: 0.2 }], compose: [] };
    expect(remarks({ ...RESULT, load: 1.5, rounds: panel }).filter((it) => it.startsWith("Noisy"))).toEqual([
      "Noisy: the load average was 1.50 at the start, on 2 cores.",
    ]);
  });
});
