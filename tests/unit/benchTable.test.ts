import { noiseOf, Rounds, rowsOf, slowestOf } from "../../tools/bench/results";
import { Round, RoundResult } from "../../tools/bench/round";
import { comparison, growthTables, idleTable, remarks } from "../../tools/bench/table";

const round = (seconds: Round, slowest?: RoundResult["slowest"]): RoundResult => ({ seconds, slowest, inspected: "" });
const REST = { command: 6, upAgain: 3, interval: 2, intervalCommand: 3, panel: 1, panelCommand: 2, destroy: 4 };
const PREVIEWS = { previewWithoutRules: 2.5, floor: 2 };
const ROUNDS: Rounds = {
  lab: [
    round({ up: 12, preview: 2.5, ...PREVIEWS, ...REST }, { container: "grafana", seconds: 3 }),
    round({ up: 10, preview: 3.5, ...PREVIEWS, ...REST }, { container: "cadvisor", seconds: 9 }),
    round({ up: 20, preview: 3.1, ...PREVIEWS, ...REST }, { container: "grafana", seconds: 9 }),
  ],
  compose: [round({ up: 8, ...REST, destroy: 1 }), round({ up: 8, ...REST, destroy: 1 })],
};
const IDLE = {
  seconds: 300,
  needs: [
    { part: "prometheus", cpu: 0.01, memory: 60 },
    { part: "grafana", cpu: 0.02, memory: 100 },
    { part: "flask app", cpu: 0.03, memory: 95 },
  ],
  series: 3000,
  samplesPerSecond: 599.6,
  bytesPerHour: 3 * 1024 * 1024,
};

describe("comparison", () => {
  const rows = comparison(rowsOf(ROUNDS)).rows;

  it("has medians with extremes, the ratio and the goal", () => {
    expect(rows[0]).toEqual([
      "up from nothing until verify is green",
      "12.0 (10.0–20.0)",
      "8.0 (8.0–8.0)",
      "1.50",
      "at most ratio 1.1: missed",
    ]);
    expect(rows[10]?.slice(3)).toEqual(["4.00", "at most ratio 1.5: missed"]);
  });

  it("holds a preview, which compose has not, against another one of the lab", () => {
    expect(rows.slice(2, 5).map((row) => row.slice(1))).toEqual([
      ["3.1 (2.5–3.5)", "–", "1.24", "at most ratio 1.25 to the unchanged preview without the rules: met"],
      [
        "2.5 (2.5–2.5)",
        "–",
        "1.25",
        "at most ratio 1.3 to the unchanged preview of one resource of each provider: met",
      ],
      ["2.0 (2.0–2.0)", "–", "–", ""],
    ]);
  });
});

describe("idleTable", () => {
  it("adds up, once without Grafana", () => {
    expect(idleTable(IDLE).rows.slice(-2)).toEqual([
      ["all", "6.0", "255", "at most 5 %: missed"],
      ["all but grafana", "", "155", "at most 150 MiB: missed"],
    ]);
  });
});

describe("growthTables", () => {
  it("has a row for each size and each proportion", () => {
    const proportions = [{ what: "two labs", ratio: 1.5, goal: 2.1 }];
    const grown = [{ size: "4 dashboards", rows: rowsOf(ROUNDS) }];
    const [sizes, ratios] = growthTables({ rounds: 3, sizes: grown, proportions });
    expect(sizes?.rows).toEqual([
      [
        "4 dashboards",
        "12.0 / 8.0",
        "6.0 / 6.0",
        "3.1",
        "2.5",
        "2.0",
        "3.0 / 3.0",
        "2.0 / 2.0",
        "3.0 / 3.0",
        "1.0 / 1.0",
        "2.0 / 2.0",
        "4.0 / 1.0",
      ],
    ]);
    expect(ratios?.rows).toEqual([["two labs", "1.50", "at most 2.1: met"]]);
  });
});

describe("remarks", () => {
  it("name the container that limits the up, the samples and what was noisy", () => {
    const rows = rowsOf(ROUNDS);
    const said = remarks({
      machine: { cores: 2 },
      rounds: 3,
      load: 0,
      noise: noiseOf(0, 2, rows),
      rows,
      slowest: { lab: slowestOf(ROUNDS.lab) },
      idle: IDLE,
    });
    expect(said).toEqual([
      "3 rounds, alternating: medians, with minimum and maximum. cores 2.",
      "Of the up of the lab, 25.0 % is the start of grafana (3.0 s).",
      "Idle for 300 s: 3000 series, 600 samples per second, 3.0 MiB on disk per hour before compaction.",
      "Noisy: lab, up from nothing until verify is green: the rounds are 83 % of the median apart.",
      "Noisy: lab, unchanged preview: the rounds are 32 % of the median apart.",
    ]);
  });

  it("name what forbids a change that takes longer than compose's", () => {
    const rows = rowsOf({ ...ROUNDS, compose: [round({ up: 8, ...REST, interval: 1 })] });
    const said = remarks({ machine: {}, rounds: 3, load: 0, noise: [], rows, slowest: {}, idle: IDLE });
    expect(said).toContain(
      "Of changed scrape interval until Prometheus scrapes by it, 150.0 % is what an unchanged up takes (3.0 s): " +
        "the start of Pulumi, of the program and of its providers.",
    );
  });
});
