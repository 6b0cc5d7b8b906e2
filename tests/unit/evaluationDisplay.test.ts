import { displayOf } from "../../tools/pull-request/evaluation/display";
import { FieldConfig, FieldOverride, Panel } from "../../tools/verify/panels/model";

const FIELD = { name: "cpu", refId: "A", labels: { job: "linux" } };
const steps = (...colors: [number | null, string][]): FieldConfig["thresholds"] => ({
  steps: colors.map(([value, color]) => ({ value, color })),
});
const LEVELS = steps([null, "green"], [80, "orange"], [90, "red"]);

function stat(defaults: FieldConfig, overrides: readonly FieldOverride[] = [], type = "stat"): Panel {
  return { type, fieldConfig: { defaults, overrides } };
}

describe("a value in a panel", () => {
  it.each<[FieldConfig, number | string | null | undefined, string]>([
    [{ unit: "bytes" }, 123456789, "118 MiB"],
    [{ unit: "s", decimals: 1 }, 0.0123, "12.3 ms"],
    [{ unit: "s" }, "0.0123", "12.3 ms"],
    [{}, 1.23456, "1.23"],
    [{}, "1.23456", "1.23456"],
    [{ unit: "string" }, 1.23456, "1.23456"],
    [{ unit: "s" }, "up", "up"],
    [{ unit: "s" }, NaN, "NaN"],
    [{ unit: "s", noValue: "-" }, NaN, "NaN"],
    [{ unit: "s", noValue: "-" }, null, "-"],
    [{ unit: "s", noValue: "-" }, "", "-"],
    [{ unit: "s" }, "", ""],
    [{ unit: "s" }, null, "No data"],
    [{}, undefined, "No data"],
  ])("with %j: %j is %s", (config, value, text) => {
    expect(displayOf(stat(config), FIELD, value)).toStrictEqual({ text });
  });
});

describe("mappings", () => {
  const mappings = [
    { type: "value", options: { "0": { text: "Down", color: "red" }, "1": { text: "Up" }, "2": { color: "blue" } } },
    { type: "range", options: { from: 10, to: 20, result: { text: "some" } } },
    { type: "range", options: { from: 100, to: null, result: { text: "many" } } },
    { type: "regex", options: { pattern: "/^job-(.*)/i", result: { text: "the $1" } } },
    { type: "regex", options: { pattern: "linux.*", result: { text: "Linux" } } },
    { type: "regex", options: { pattern: "/(/", result: { text: "never" } } },
    { type: "special", options: { match: "null", result: { text: "nothing" } } },
    { type: "special", options: { match: "nan", result: { text: "no number" } } },
    { type: "special", options: { match: "empty", result: { text: "no text" } } },
    { type: "special", options: { match: "true", result: { text: "yes" } } },
    { type: "special", options: { match: "false", result: { text: "no" } } },
    { type: "unheard-of" },
  ] as FieldConfig["mappings"];

  const rows: readonly [value: number | string | null | undefined, text: string, state?: string][] = [
    [0, "Down", "red"],
    ["0", "Down", "red"],
    [1, "Up"],
    [2, "2 s", "blue"],
    [3, "3 s"],
    [10, "some"],
    [20, "some"],
    ["12 of them", "some"],
    [20.5, "20.5 s"],
    [1e6, "many"],
    ["JOB-1", "the 1"],
    ["linux-2", "Linux"],
    ["a linux", "a linux"],
    [null, "nothing"],
    [undefined, "nothing"],
    [NaN, "no number"],
    ["", "no text"],
    ["true", "yes"],
    ["false", "no"],
    ["toString", "toString"],
  ];
  it.each(rows.map((row) => ({ row })))("make of $row", ({ row: [value, text, state] }) => {
    const expected = state === undefined ? { text } : { text, state };
    expect(displayOf(stat({ unit: "s", mappings }), FIELD, value)).toStrictEqual(expected);
  });

  it("for null and NaN together", () => {
    const both = [{ type: "special", options: { match: "null+nan", result: { text: "no requests" } } }];
    expect([null, NaN, 0].map((value) => displayOf(stat({ mappings: both }), FIELD, value).text)).toStrictEqual([
      "no requests",
      "no requests",
      "0",
    ]);
  });

  it("are read as Grafana 7 stores them", () => {
    const old = [
      { id: 0, type: 1, value: "1", text: "Up" },
      { id: 1, type: 2, from: "5", to: "9", text: "some" },
      { id: 2, type: 1, value: "null", text: "N/A" },
    ] as unknown as FieldConfig["mappings"];
    const read = (value: number | null): string => displayOf(stat({ mappings: old }), FIELD, value).text;
    expect([1, 7, null, 3].map(read)).toStrictEqual(["Up", "some", "N/A", "3"]);
  });
});

describe("overrides", () => {
  const MATCHING: readonly FieldOverride["matcher"][] = [
    { id: "byName", options: "cpu" },
    { id: "byName", options: "Value" },
    { id: "byNames", options: { names: ["cpu", "mem"] } },
    { id: "byNames", options: { mode: "exclude", names: ["mem"] } },
    { id: "byRegexp", options: "/C/i" },
    { id: "byRegexp", options: "c.*" },
    { id: "byFrameRefID", options: "A" },
    { id: "byType", options: "number" },
    { id: "numeric" },
  ];
  const OTHERS: readonly FieldOverride["matcher"][] = [
    { id: "byName", options: "mem" },
    { id: "byNames", options: { mode: "exclude", names: ["cpu"] } },
    { id: "byNames" },
    { id: "byRegexp", options: "p" },
    { id: "byRegexp", options: "/(/" },
    { id: "byRegexp", options: "" },
    { id: "byFrameRefID", options: "B" },
    { id: "byType", options: "string" },
    { id: "unheard-of", options: "cpu" },
  ];
  const percent = (matcher: FieldOverride["matcher"]): string =>
    displayOf(stat({}, [{ matcher, properties: [{ id: "unit", value: "percent" }] }]), FIELD, 5).text;

  it.each(MATCHING)("by %j match", (matcher) => {
    expect(percent(matcher)).toBe("5%");
  });

  it.each(OTHERS)("by %j do not match", (matcher) => {
    expect(percent(matcher)).toBe("5");
  });

  it("replace what is before them, but for mappings, which come first", () => {
    const matcher = { id: "byName", options: "cpu" };
    const panel = stat(
      {
        unit: "s",
        decimals: 2,
        mappings: [{ type: "value", options: { "1": { text: "a" }, "2": { text: "b" } } as object }],
      },
      [
        {
          matcher,
          properties: [
            { id: "unit", value: "ms" },
            { id: "decimals", value: null },
          ],
        },
        { matcher, properties: [{ id: "unit", value: "bytes" }] },
        { matcher, properties: [{ id: "mappings", value: [{ type: "value", options: { "2": { text: "c" } } }] }] },
      ],
    );
    expect([1, 2, 5].map((value) => displayOf(panel, FIELD, value).text)).toStrictEqual(["a", "c", "5 B"]);
  });

  it("colour one column of a table", () => {
    const panel = stat(
      {},
      [
        {
          matcher: { id: "byName", options: "State" },
          properties: [
            { id: "thresholds", value: LEVELS },
            { id: "custom.cellOptions", value: { type: "color-background" } },
          ],
        },
      ],
      "table",
    );
    expect(displayOf(panel, { name: "State", refId: "A" }, 85)).toStrictEqual({ text: "85", state: "orange" });
    expect(displayOf(panel, { name: "Age", refId: "B" }, 85)).toStrictEqual({ text: "85" });
  });
});

describe("the state of a value", () => {
  const stateOf = (panel: Panel, value: number | string | null): string | undefined =>
    displayOf(panel, FIELD, value).state;

  it.each<[number | string | null, string | undefined]>([
    [-5, "green"],
    [79.9, "green"],
    [80, "orange"],
    [90, "red"],
    [Infinity, "red"],
    ["85", undefined],
    [NaN, undefined],
    [null, undefined],
  ])("of %j is the colour of the threshold that it reaches: %s", (value, state) => {
    expect(stateOf(stat({ thresholds: LEVELS }), value)).toBe(state);
  });

  it("is relative to the scale where thresholds are percentages", () => {
    const thresholds = { ...LEVELS, mode: "percentage" };
    expect([0, 0.85, 1].map((value) => stateOf(stat({ thresholds, min: 0, max: 1 }), value))).toStrictEqual([
      "green",
      "orange",
      "red",
    ]);
    expect(stateOf(stat({ thresholds, min: 0 }), 1)).toBeUndefined();
  });

  it("is not said where it never changes, or the panel does not show it", () => {
    const shown = (config: FieldConfig, panel: Partial<Panel> = {}): string | undefined =>
      stateOf({ ...stat({ thresholds: LEVELS, ...config }), ...panel }, 95);
    expect(shown({ thresholds: steps([null, "blue"]) })).toBeUndefined();
    expect(shown({ thresholds: undefined })).toBeUndefined();
    expect(shown({ color: { mode: "palette-classic" } })).toBeUndefined();
    expect(shown({}, { options: { colorMode: "none" } })).toBeUndefined();
    expect(shown({}, { type: "timeseries" })).toBeUndefined();
    expect(shown({}, { type: "table" })).toBeUndefined();
    expect(shown({ color: { mode: "thresholds" } }, { type: "timeseries" })).toBe("red");
    const drawn = { custom: { thresholdsStyle: { mode: "dashed" } }, color: { mode: "palette-classic" } };
    expect(shown(drawn, { type: "timeseries" })).toBe("red");
    expect(shown({ custom: { displayMode: "color-text" } }, { type: "table" })).toBe("red");
    expect(shown({}, { type: "gauge" })).toBe("red");
  });
});
