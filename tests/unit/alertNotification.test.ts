import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { parse } from "yaml";
import { LabError } from "../../lib/shared/problems";
import { ActiveSeries } from "../../tools/pull-request/evaluation/evaluateRule";
import { Rendered, renderAlerts } from "../../tools/pull-request/evaluation/notification";
import { readOutputs, RunRuleTests } from "../../tools/pull-request/evaluation/promtool";
import { testRules } from "../../tools/pull-request/evaluation/ruleTests";
import { AlertRule } from "../../tools/pull-request/evaluation/rules";

const RULE: AlertRule = { alert: "New", expr: "up == 0", for: "1m", labels: {}, annotations: {} };
const SERIES: ActiveSeries = { labels: { job: "x" }, value: "1.5", state: "firing", metric: "up" };
const CONTEXT = { externalLabels: { grafana_url: "http://grafana" }, externalUrl: "http://prometheus" };

/** promtool's words of an alert that it got and did not expect. */
const got = (labels: string, annotations: string): string =>
  `    alertname: New, time: 0s, \n        exp:[], \n        got:[\n            0:\n` +
  `              Labels:{${labels}}\n              Annotations:{${annotations}}\n            ]`;

let given: ReadonlyMap<string, string>;

/** A promtool that prints the same for every test. */
function printing(output: string, ok = false): RunRuleTests {
  return (files, tests) => {
    given = files;
    return Promise.resolve(new Map(tests.map((file) => [file, { ok, output }])));
  };
}

async function render(
  run: RunRuleTests | undefined,
  rule: Partial<AlertRule> = {},
  series = SERIES,
): Promise<Rendered> {
  const [rendered] = await renderAlerts(run, [{ rule: { ...RULE, ...rule }, series }], CONTEXT);
  return rendered ?? {};
}

describe("a notification", () => {
  it("is read from what promtool prints, quoted as Go does", async () => {
    const annotations = String.raw`description="}, \"q\" \\ |\n\a\v\x01\u00a0\U0001f600 Annotations:{", summary="x"`;
    const rendered = await render(printing(got('alertname="New", job="a\\"b}", "my.label"="y"', annotations)));
    expect(rendered).toStrictEqual({
      notification: {
        labels: { job: 'a"b}', "my.label": "y" },
        annotations: { description: '}, "q" \\ |\n\u0007\u000b\u0001\u00a0😀 Annotations:{', summary: "x" },
      },
    });
  });

  it("is of the rule's own templates with its series as the result", async () => {
    const rule = { labels: { severity: "warning" }, annotations: { summary: "{{ $value }}" } };
    await render(printing("", true), rule);
    expect(parse(given.get("0.rules.yml") ?? "")).toStrictEqual({
      groups: [{ name: "rendered", rules: [{ alert: "New", expr: '{__name__="up"}', ...rule }] }],
    });
    expect(parse(given.get("0.test.yml") ?? "")).toStrictEqual({
      rule_files: ["0.rules.yml"],
      evaluation_interval: "1m",
      tests: [
        {
          external_labels: { grafana_url: "http://grafana" },
          external_url: "http://prometheus",
          input_series: [{ series: '{__name__="up",job="x"}', values: "1.5" }],
          alert_rule_test: [{ alertname: "New", eval_time: "0m", exp_alerts: [] }],
        },
      ],
    });
    // a result without a name keeps none
    await render(printing("", true), rule, { labels: { "my.label": 'a"' }, value: "NaN", state: "firing" });
    expect(given.get("0.rules.yml")).toContain(`expr: '{__name__="result"} + 0'`);
    expect(given.get("0.test.yml")).toContain(String.raw`{__name__="result","my.label"="a\""}`);
  });

  it("is none where Prometheus rejects a template, which makes the rule an error", async () => {
    const line = '0.rules.yml: group "rendered", rule 1, "New": annotation "summary": function "x" not defined';
    await expect(render(printing(line))).resolves.toStrictEqual({
      problem: "rejected",
      reason: 'annotation "summary": function "x" not defined',
    });
  });

  it.each(["{{ $labels.query }} is slow", '{{ printf "%s in query" .Value }}', "a query {{ .Value }}"])(
    "is there for the template %s, which only looks like a query",
    async (summary) => {
      const rendered = await render(printing(got("", "")), { annotations: { summary } });
      expect(rendered).toHaveProperty("notification");
    },
  );

  it("is missing if a template queries, or without promtool", async () => {
    const queries = { annotations: { summary: '{{ with query "up" }}{{ . }}{{ end }}' } };
    await expect(render(printing(got("", "")), queries)).resolves.toStrictEqual({
      problem: "unknown",
      reason: "a template queries Prometheus",
    });
    await expect(render(undefined)).resolves.toMatchObject({ problem: "unknown" });
    const failing = (): Promise<never> => Promise.reject(new LabError("no promtool"));
    await expect(render(failing)).resolves.toStrictEqual({ problem: "unknown", reason: "no promtool" });
    await expect(render(printing("something else"))).resolves.toStrictEqual({
      problem: "unknown",
      reason: "something else",
    });
  });
});

describe("the output of promtool", () => {
  const files = ["tests/a.test.yml", "tests/b.test.yml"];

  it("is distinguished by file", () => {
    const output = "  SUCCESS\n\n  FAILED:\n    name: a test,\n        got:[]\n\n\n";
    expect([...readOutputs(output, files, 1)]).toStrictEqual([
      ["tests/a.test.yml", { ok: true, output: "" }],
      ["tests/b.test.yml", { ok: false, output: "    name: a test,\n        got:[]" }],
    ]);
  });

  it("is shown whole where it cannot be assigned", () => {
    const output = "promtool: error: /lab/x\n";
    expect(readOutputs(output, files, 2).get("tests/b.test.yml")).toStrictEqual({
      ok: false,
      output: "promtool: error: x",
    });
  });
});

describe("the tests of changed rules", () => {
  let checkout: string;
  const changed = (...names: string[]): { name: string; before: string; after: string }[] =>
    names.map((name) => ({ name, before: "", after: "x" }));
  const test = (file: string, alert: string): string =>
    `rule_files: [../${file}]\ntests: [{ alert_rule_test: [{ alertname: ${alert}, exp_alerts: [` +
    `{ exp_labels: { job: x }, exp_annotations: { summary: first } }, { exp_annotations: { summary: second } }] }] }]\n`;

  beforeEach(() => {
    checkout = mkdtempSync(path.join(tmpdir(), "rules-"));
    mkdirSync(path.join(checkout, "assets/prometheus/tests"), { recursive: true });
    const write = (file: string, text: string): void => {
      writeFileSync(path.join(checkout, "assets/prometheus", file), text);
    };
    write("a.rules.yml", "a");
    write("b.rules.yml", "b");
    write("tests/a.test.yml", test("a.rules.yml", "A"));
    write("tests/b.test.yml", test("b.rules.yml", "B"));
  });

  afterEach(() => {
    rmSync(checkout, { recursive: true });
  });

  it("are those that name them, run beside the rules of the checkout", async () => {
    const tests = await testRules(
      checkout,
      printing("", true),
      changed("a.rules.yml", "c.rules.yml", "prometheus.yml"),
    );
    expect(tests).toStrictEqual({
      tests: [{ file: "tests/a.test.yml", ok: true, output: "" }],
      untested: ["c.rules.yml"],
      examples: new Map([["A", { labels: { job: "x" }, annotations: { summary: "first" } }]]),
    });
    expect(Object.fromEntries(given)).toMatchObject({ "a.rules.yml": "a", "b.rules.yml": "b" });
  });

  it.each([
    ["../*.rules.yml", "other.test.yaml"],
    ["../?.rules.yml", "other.test.yml"],
  ])("may name them by %s, in %s", async (pattern, file) => {
    const text = `rule_files: ["${pattern}"]\n`;
    writeFileSync(path.join(checkout, "assets/prometheus/tests", file), text);
    const { tests, untested } = await testRules(checkout, printing("", true), changed("c.rules.yml"));
    expect(tests.map((it) => it.file)).toStrictEqual([`tests/${file}`]);
    expect(untested).toStrictEqual([]);
  });

  it("load nothing by a pattern that is none", async () => {
    writeFileSync(path.join(checkout, "assets/prometheus/tests/c.test.yml"), 'rule_files: ["../[c.rules.yml"]\n');
    const { untested } = await testRules(checkout, printing("", true), changed("c.rules.yml"));
    expect(untested).toStrictEqual(["c.rules.yml"]);
  });

  it("give no example where they fail", async () => {
    const tests = await testRules(checkout, printing("no"), changed("a.rules.yml", "b.rules.yml"));
    expect(tests.tests.map(({ file, ok, output }) => [file, ok, output])).toStrictEqual([
      ["tests/a.test.yml", false, "no"],
      ["tests/b.test.yml", false, "no"],
    ]);
    expect(tests.examples.size).toBe(0);
  });

  it("are not run where there are none", async () => {
    const run = jest.fn<ReturnType<RunRuleTests>, Parameters<RunRuleTests>>();
    const removed = [{ name: "c.rules.yml", before: "x", after: undefined }];
    await expect(testRules(checkout, run, removed)).resolves.toStrictEqual({
      tests: [],
      untested: [],
      examples: new Map(),
    });
    expect(run).not.toHaveBeenCalled();
  });
});
