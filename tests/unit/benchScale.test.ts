import { Load, metric } from "../../tools/bench/onePrometheus";
import { extrapolate, loadTable } from "../../tools/bench/scaleTable";

/** A load that grows by the same for each node. */
function load(nodes: number, changes: Load["needs"] = {}): Load {
  const needs = { series: 1 + 600 * nodes, "MiB resident": 50 + nodes, ...changes };
  return { nodes, needs, rest: { "scrape, ms (p99)": "2 (13)", down: "0" } };
}

describe("the needs of further nodes", () => {
  it("are the difference between two sizes, per node", () => {
    const { nodes, needs } = load(1000);
    expect(extrapolate(load(10), load(100), nodes)).toEqual(needs);
  });

  it("are extrapolated to the last size from the two before it", () => {
    const { head, rows } = loadTable([load(1), load(10), load(100), load(1000, { "MiB resident": 2000 })]);
    expect(rows.map(([nodes]) => nodes)).toEqual(["1", "10", "100", "1000", "1000, from 10 and 100"]);
    const memory = head.indexOf("MiB resident");
    expect(rows.map((row) => row[memory])).toEqual(["51", "60", "150", "2000", "1050"]);
    expect(rows.every((row) => row.length === head.length)).toBe(true);
  });

  it("are not extrapolated from fewer than three sizes", () => {
    expect(loadTable([load(1, { series: 0.5 }), load(10)]).rows).toEqual([
      ["1", "0.5", "51", "2 (13)", "0"],
      ["10", "6001", "60", "2 (13)", "0"],
    ]);
  });
});

describe("metric", () => {
  const exposed = '# HELP a b\na 2\nab 5\nc{x="1"} 1.5e3\nc{x="2"} 1\n';

  it.each([
    ["a", 2],
    ["c", 1501],
    ['c{x="1"}', 1500],
    ["d", NaN],
  ])("is the sum of the samples of %s", (name, expected) => {
    expect(metric(exposed, name)).toBe(expected);
  });
});
