import { Load, Needs } from "../../tools/bench/onePrometheus";
import { blockTable, extrapolate, loadTable } from "../../tools/bench/scaleTable";

/** A load that grows by the same for each node. */
function load(nodes: number, changes: Partial<Needs> = {}): Load {
  const needs = {
    series: 1 + 600 * nodes,
    samplesPerSecond: 120 * nodes,
    cpu: 0.01 + 0.0001 * nodes,
    memory: 50 + nodes,
    peakMemory: 60 + 2 * nodes,
    logPerHour: 0.5 * nodes,
    ...changes,
  };
  return { nodes, seconds: 60, needs, scrape: { median: 0.0021, p99: 0.0132 }, intervalP99: 5.004, down: 0 };
}

describe("what more nodes need", () => {
  it("grows by what each needed between two sizes", () => {
    const { nodes, needs } = load(1000);
    const expected = extrapolate(load(10), load(100), nodes);
    for (const need of Object.keys(needs) as (keyof Needs)[]) {
      expect(expected[need]).toBeCloseTo(needs[need]);
    }
  });

  it("is in the table for the last size, from the two before it", () => {
    const { head, rows } = loadTable([load(1), load(10), load(100), load(1000, { memory: 2000 })]);
    expect(rows.map(([nodes]) => nodes)).toEqual(["1", "10", "100", "1000", "1000, from 10 and 100"]);
    const memory = head.indexOf("MiB resident");
    expect(rows.map((row) => row[memory])).toEqual(["51", "60", "150", "2000", "1050"]);
    expect(rows.every((row) => row.length === head.length)).toBe(true);
  });

  it("is not in the table of fewer than three sizes", () => {
    expect(loadTable([load(1), load(10)]).rows).toEqual([
      ["1", "601", "120", "1.0", "51", "62", "0.5", "2 (13)", "5.00", "0"],
      ["10", "6001", "1200", "1.1", "60", "80", "5.0", "2 (13)", "5.00", "0"],
    ]);
  });
});

describe("a block", () => {
  it("is told by sample and by series", () => {
    const block = { series: 6000, samples: 720_000, bytesPerSample: 1.314, indexBytesPerSeries: 90.6 };
    expect(blockTable(block).rows).toEqual([["", "6000", "720000", "1.31", "91"]]);
  });
});
