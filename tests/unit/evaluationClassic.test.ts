import { displayOf } from "../../tools/pull-request/evaluation/display";
import { Panel } from "../../tools/verify/panels/model";

const FIELD = { name: "cpu", refId: "A" };

describe("a panel of before Grafana 7", () => {
  const old = (panel: object): Panel => panel as Panel;

  it("is a graph with the format of its left axis, and of its right one for the series there", () => {
    const panel = old({
      type: "graph",
      fieldConfig: { defaults: { custom: {} }, overrides: [] },
      yaxes: [{ format: "bytes", decimals: 2 }, { format: "percent" }],
      seriesOverrides: [
        { alias: "/^c/", yaxis: 2, decimals: null },
        { alias: "swap", yaxis: 2 },
        { alias: "x", fill: 0 },
      ],
    });
    const read = (name: string): string => displayOf(panel, { name, refId: "A" }, 1536).text;
    expect(["mem", "x", "cpu", "swap"].map(read)).toStrictEqual(["1.50 KiB", "1.50 KiB", "1536.00%", "1536.00%"]);
    expect(displayOf(old({ type: "graph" }), FIELD, 1536)).toStrictEqual({ text: "1536" });
  });

  const SINGLE = {
    type: "singlestat",
    format: "s",
    decimals: 1,
    nullText: "none",
    valueMaps: [{ op: "=", value: "1", text: "one" }],
    rangeMaps: [{ from: "2", to: "3", text: "few" }],
    thresholds: "5, 10",
    colors: ["green", "orange", "red"],
    colorValue: true,
  };

  it("is a single number with its format, mappings and colours", () => {
    const read = (value: number | null): object => displayOf(old(SINGLE), FIELD, value);
    expect([1, 2, 5, 90, null].map(read)).toStrictEqual([
      { text: "one", state: "green" },
      { text: "2.0 s", state: "green" },
      { text: "5.0 s", state: "orange" },
      { text: "1.5 mins", state: "red" },
      { text: "none" },
    ]);
    expect(displayOf(old({ ...SINGLE, mappingType: 2 }), FIELD, 2)).toStrictEqual({ text: "few", state: "green" });
    expect(displayOf(old({ ...SINGLE, colorValue: false }), FIELD, 90)).toStrictEqual({ text: "1.5 mins" });
    expect(displayOf(old({ type: "singlestat" }), FIELD, 90)).toStrictEqual({ text: "90" });
  });
});
