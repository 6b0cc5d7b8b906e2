import { AlertEvaluation } from "../../tools/pull-request/evaluation/alerts";
import { ActiveSeries, RuleEvaluation } from "../../tools/pull-request/evaluation/evaluateRule";
import { RuleTests } from "../../tools/pull-request/evaluation/ruleTests";
import { alertLine, alertText } from "../../tools/pull-request/report/alertEvaluations";
import { cellsOf } from "../support/reports";

const NO_TESTS: RuleTests = { tests: [], untested: [], examples: new Map() };

const says = (state: RuleEvaluation["state"], more: Partial<RuleEvaluation> = {}): RuleEvaluation => ({
  state,
  series: [],
  forSeconds: 0,
  ...more,
});
const active = (
  labels: ActiveSeries["labels"],
  value = "1",
  state: ActiveSeries["state"] = "firing",
): ActiveSeries => ({
  labels,
  value,
  state,
});

const line = (before: RuleEvaluation | undefined, after: RuleEvaluation | undefined): string =>
  alertLine({ name: "Alert", before, after });

describe("a line of an alert", () => {
  const inactive = says("inactive");

  it.each<[string, RuleEvaluation, string]>([
    ["firing", says("firing", { series: [active({ a: "b" }, "0.123456")] }), '**firing** for `a="b"` (0.1235)'],
    [
      "firing without labels",
      says("firing", { series: [active({}, "1795786256.4")] }),
      "**firing** for the value 1795786256",
    ],
    ["firing for no number", says("firing", { series: [active({}, "NaN")] }), "**firing** for the value NaN"],
    [
      "firing for many",
      says("firing", { series: ["1", "2", "3", "4", "5"].map((a) => active({ a })) }),
      '**firing** for `a="1"` (1), `a="2"` (1), `a="3"` (1) and 2 more',
    ],
    [
      "with a long label, which comes last",
      says("firing", { series: [active({ id: "x".repeat(100), name: "n" })] }),
      `**firing** for \`name="n", id="${"x".repeat(85)}…\` (1)`,
    ],
    [
      "pending",
      says("pending", { series: [active({ a: "b" }, "1", "pending")], forSeconds: 5430 }),
      'pending for `a="b"` (1), fires after 1h30m30s',
    ],
    ["never", says("never", { missing: ["x"] }), "**cannot fire**: no series of `x` in the lab"],
    [
      "inactive for a reason",
      says("inactive", { missing: ["x", "y"], reason: "collector x is off" }),
      "inactive: no series of `x`, `y` in the lab: collector x is off",
    ],
    ["unknown", says("unknown", { reason: "x is new" }), "unknown before the update: x is new"],
    ["an error", says("error", { reason: "1:6: parse error" }), "**error**: 1:6: parse error"],
  ])("says that it is %s", (_, after, text) => {
    expect(line(inactive, after)).toBe(`inactive → ${text}`);
  });

  it("says what is new, gone or the same, whatever the values are", () => {
    expect(line(undefined, inactive)).toBe("is inactive");
    expect(line(inactive, undefined)).toBe("was inactive");
    const never = says("never", { missing: ["x"] });
    expect(line(undefined, never)).toBe("**cannot fire**: no series of `x` in the lab");
    expect(line(never, undefined)).toBe("cannot fire: no series of `x` in the lab");
    expect(line(inactive, inactive)).toBe("unchanged: inactive");
    const firing = (value: string): RuleEvaluation => says("firing", { series: [active({}, value)] });
    expect(line(firing("1"), firing("2"))).toBe("unchanged: **firing** for the value 2");
    const unknown = says("unknown", { reason: "x" });
    expect(line(unknown, unknown)).toMatch(/ → unknown before the update: x$/);
  });

  it("lets no word of somebody break out", () => {
    const words = "a|b`c <b>*d* @all\n| e";
    const all = [
      says("firing", { series: [active({ a: words }, words)] }),
      says("never", { missing: [words], reason: words }),
      says("error", { reason: words }),
    ].map((after) => line(undefined, after));
    for (const text of all) {
      expect(text).not.toContain("\n");
      expect(cellsOf(`| ${text} |`)).toHaveLength(1);
      // outside of code
      expect(text.replace(/`[^`]*`/g, "")).not.toMatch(/<b>|@all|\*d\*/);
    }
  });
});

describe("notes for a reviewer", () => {
  const broken: AlertEvaluation = { name: "Broken", after: says("error", { reason: "1:6: parse error" }) };
  const firing = says("firing", { series: [active({})] });
  const failed = { file: "tests/a.test.yml", ok: false, output: "got:[]" };
  const passed = { file: "tests/b.test.yml", ok: true, output: "" };

  it("is what is in error, fires at once or cannot fire by the change", () => {
    const evaluations: AlertEvaluation[] = [
      broken,
      { name: "Fires", before: says("pending"), after: firing },
      { name: "Fired", before: firing, after: firing },
      { name: "Gone", before: firing },
      { name: "Never", before: says("inactive"), after: says("never", { missing: ["x"] }) },
      { name: "Never had it", before: says("never", { missing: ["x"] }), after: says("never", { missing: ["x"] }) },
      {
        name: "Template",
        before: firing,
        after: firing,
        notification: { labels: {}, annotations: { summary: "<error expanding template: no>" } },
      },
    ];
    expect(alertText(evaluations, NO_TESTS).paragraphs).toStrictEqual([
      "**In error**: `Broken`.",
      "**A template fails**: `Template`.",
      "**Fires at once**: `Fires`.",
      "**Cannot fire**: `Never` (no series of `x` in the lab).",
    ]);
    expect(alertText(evaluations, NO_TESTS).problems).toStrictEqual(["1 alert in error"]);
  });

  it("is the result of the tests", () => {
    const tests = { ...NO_TESTS, tests: [failed, passed], untested: ["c.rules.yml"] };
    expect(alertText([], tests).paragraphs).toStrictEqual([
      "**Promtool tests fail**: `tests/a.test.yml`.",
      "Promtool tests pass: `tests/b.test.yml`.",
      "Without a promtool test: `c.rules.yml`.",
    ]);
    expect(alertText([], tests).problems).toStrictEqual(["promtool's tests in tests/a.test.yml fail"]);
    expect(alertText([], tests).folds).toStrictEqual([
      "<details open><summary>promtool's tests in tests/a.test.yml fail</summary>\n\n```\ngot:[]\n```\n\n</details>",
    ]);
  });
});

describe("a fold", () => {
  const notification = {
    labels: { severity: "warning" },
    annotations: { dashboard: "http://grafana", description: "d", summary: "s" },
  };
  const examples = new Map([["Alert", { labels: {}, annotations: { summary: "example" } }]]);
  const foldsOf = (response: Partial<AlertEvaluation>, more: Partial<RuleTests> = {}): unknown[] =>
    alertText([{ name: "Alert", after: says("firing"), ...response }], { ...NO_TESTS, ...more }).folds.map((fold) =>
      /^<details><summary>(.*)<\/summary>\n\n```\n(.*)\n```\n\n<\/details>$/s.exec(fold)?.slice(1),
    );

  it("has the notification on the lab's data, else on that of its test", () => {
    expect(foldsOf({ notification }, { examples })).toStrictEqual([
      [
        "Notification of Alert, on the lab's data",
        'summary: s\ndescription: d\ndashboard: http://grafana\nlabels: severity="warning"',
      ],
    ]);
    expect(foldsOf({}, { examples })).toStrictEqual([
      ["Notification of Alert, on its promtool test's data", "summary: example\nlabels: none"],
    ]);
    expect(foldsOf({})).toStrictEqual([]);
  });

  it("reports why a notification is missing", () => {
    expect(foldsOf({ notRendered: "a template queries Prometheus" })).toStrictEqual([
      ["Notification of Alert: not rendered", "a template queries Prometheus"],
    ]);
    expect(foldsOf({ after: says("error") }, { examples })).toStrictEqual([]);
    expect(foldsOf({ after: undefined }, { examples })).toStrictEqual([]);
  });
});
