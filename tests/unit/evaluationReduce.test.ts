import { upgradePanel } from "../../tools/pull-request/evaluation/classic";
import { reduceSeries } from "../../tools/pull-request/evaluation/reduce";
import { Panel } from "../../tools/verify/panels/model";
import { board, reportOn, stat, update } from "../support/panelReports";
import { frame } from "../support/panels";

const panelOf = (reduceOptions: NonNullable<Panel["options"]>["reduceOptions"], type = "stat"): Panel => ({
  type,
  options: { reduceOptions },
});

describe("the value of a series", () => {
  const VALUES = [null, 95, 96, 10, null];

  it.each([
    [[], 10],
    [["lastNotNull"], 10],
    [["last"], undefined],
    [["first"], undefined],
    [["firstNotNull"], 95],
    [["max"], 96],
    [["min"], 10],
    [["sum", "max"], 201],
    [["mean"], 67],
    [["range"], 86],
    [["diff"], -85],
  ])("by %j is %p", (calcs, value) => {
    expect(reduceSeries(panelOf({ calcs }), VALUES)).toStrictEqual({ value, other: false });
  });

  it("is the last one where only Grafana's page calculates another, or shows all", () => {
    expect(reduceSeries(panelOf({ calcs: ["stdDev"] }), VALUES)).toStrictEqual({ value: 10, other: true });
    expect(reduceSeries(panelOf({ values: true }), VALUES)).toStrictEqual({ value: 10, other: true });
    expect(reduceSeries(panelOf({ values: true }), [10])).toStrictEqual({ value: 10, other: false });
  });

  it.each([null, ["toString"], "max"])("is the last one where its calculations are %j", (calcs) => {
    const { value } = reduceSeries(panelOf({ calcs } as never), VALUES);
    expect(value).toBe(10);
  });

  it("is the last one in a panel that reduces nothing, and none without a value", () => {
    expect(reduceSeries(panelOf({ calcs: ["max"] }, "timeseries"), VALUES)).toStrictEqual({ value: 10, other: false });
    expect(reduceSeries(panelOf({ calcs: ["max"] }), [null])).toStrictEqual({ value: undefined, other: false });
  });

  it.each([
    [undefined, 67],
    ["avg", 67],
    ["current", 10],
    ["total", 201],
    ["max", 96],
  ])("of a singlestat is %s", (valueName, value) => {
    const panel = upgradePanel({ type: "singlestat", valueName } as Panel);
    expect(reduceSeries(panel, VALUES)).toStrictEqual({ value, other: false });
  });
});

it("shows in the report what another calculation changes", async () => {
  const limits = {
    defaults: {
      thresholds: {
        steps: [
          { value: null, color: "green" },
          { value: 80, color: "red" },
        ],
      },
    },
  };
  const shown = (calc: string): object =>
    stat("Load", "load", { fieldConfig: limits, options: { reduceOptions: { calcs: [calc] } } });
  const reportOf = async (from: string, to: string): Promise<string> =>
    (await reportOn([update(board([shown(from)]), board([shown(to)]))], { load: { frames: [frame(95, 96, 10)] } }))
      .report;
  expect(await reportOf("lastNotNull", "max")).toMatch(/reads `10 \(green\)` .* → `96 \(red\)`/);
  const other = await reportOf("lastNotNull", "stdDev");
  expect(other).toContain("→ `10 (last value)`");
  expect(other).not.toContain("identical");
});
