import { evaluateAlerts } from "../../tools/pull-request/evaluation/alerts";
import {
  evaluateAll,
  evaluationOf,
  asked,
  fakePrometheus,
  NOW,
  pass,
  Rule,
  rules,
  Sample,
  World,
} from "../support/fakePrometheus";

beforeEach(() => {
  asked.length = 0;
});

describe("which alerts are evaluated", () => {
  const alert = (name: string, more: Rule = {}): Rule => ({ alert: name, expr: "up == 0", ...more });
  const names = async (before: string | undefined, after: string | undefined): Promise<readonly string[]> =>
    (await evaluateAll({}, before, after)).map(({ name, before: old, after: now }) =>
      [name, ...(old === undefined ? ["new"] : []), ...(now === undefined ? ["gone"] : [])].join(" "),
    );

  it("are those that the change adds, changes or removes", async () => {
    const before = rules([alert("Same"), alert("Gone"), alert("Other")]);
    const after = rules([alert("New"), alert("Same"), alert("Other", { for: "1m" })]);
    await expect(names(before, after)).resolves.toStrictEqual(["New new", "Other", "Gone gone"]);
    await expect(names(before, undefined)).resolves.toStrictEqual(["Same gone", "Gone gone", "Other gone"]);
  });

  it("are all of a group whose labels or interval change, and none of a file that is only reformatted", async () => {
    const before = rules([alert("Same")]);
    await expect(names(before, rules([alert("Same")], { labels: { team: "x" } }))).resolves.toStrictEqual(["Same"]);
    await expect(names(before, rules([alert("Same")], { interval: "1m" }))).resolves.toStrictEqual(["Same"]);
    asked.length = 0;
    await expect(names(before, `# a comment\n${before}`)).resolves.toStrictEqual([]);
    expect(asked).toStrictEqual([]);
  });

  it("are not one of the same name before which another one comes or goes", async () => {
    const [warning, critical] = [
      alert("Full", { labels: { severity: "warning" } }),
      alert("Full", { labels: { severity: "critical" } }),
    ];
    await expect(names(rules([warning]), rules([critical, warning]))).resolves.toStrictEqual(["Full new"]);
    await expect(names(rules([critical, warning]), rules([warning]))).resolves.toStrictEqual(["Full 2 gone"]);
  });

  it("are none of a file of which one side is not YAML, and none of other files", async () => {
    await expect(names(rules([alert("Same")]), "groups: [")).resolves.toStrictEqual([]);
    const files = [{ name: "prometheus.yml", before: undefined, after: rules([alert("New")]) }];
    await expect(evaluateAlerts({ api: fakePrometheus({}), runTests: pass }, files, NOW)).resolves.toStrictEqual([]);
  });

  it("are matched across files", async () => {
    const files = [
      { name: "one.rules.yml", before: rules([alert("Moved")]), after: undefined },
      { name: "other.rules.yml", before: undefined, after: rules([alert("Moved")]) },
    ];
    await expect(evaluateAlerts({ api: fakePrometheus({}), runTests: pass }, files, NOW)).resolves.toStrictEqual([]);
  });
});

describe("the state of an alert", () => {
  const [a, b]: [Sample, Sample] = [
    [{ __name__: "up", instance: "a" }, "0"],
    [{ __name__: "up", instance: "b" }, "0"],
  ];

  it("is firing at once without a duration", async () => {
    await expect(evaluationOf({ results: { expr: [b, a] } })).resolves.toStrictEqual({
      state: "firing",
      forSeconds: 0,
      series: [
        { labels: { instance: "a" }, value: "0", state: "firing", metric: "up" },
        { labels: { instance: "b" }, value: "0", state: "firing", metric: "up" },
      ],
    });
    await expect(evaluationOf({ results: { expr: [] } })).resolves.toStrictEqual({
      state: "inactive",
      forSeconds: 0,
      series: [],
    });
  });

  it("is pending for a series that was not there at each evaluation of its duration", async () => {
    const points = (count: number): World => ({
      results: { expr: [a, b] },
      points: {
        expr: [
          [{ instance: "a" }, 1],
          [{ __name__: "up", instance: "b" }, count],
        ],
      },
    });
    await expect(evaluationOf(points(5), { for: "18s" })).resolves.toMatchObject({
      state: "firing",
      forSeconds: 18,
      series: [
        { labels: { instance: "b" }, state: "firing" },
        { labels: { instance: "a" }, state: "pending" },
      ],
    });
    expect(asked.find(({ path }) => path === "query_range")?.parameters).toStrictEqual({
      query: "expr",
      start: String(NOW - 20),
      end: String(NOW),
      step: "5",
    });
    await expect(evaluationOf(points(4), { for: "18s" })).resolves.toMatchObject({ state: "pending" });
    await expect(evaluationOf(points(2), { for: "18s" }, { interval: "20s" })).resolves.toMatchObject({
      state: "firing",
    });
  });

  it("takes a longer step where Prometheus would not give as many points", async () => {
    await evaluationOf({ results: { expr: [a] } }, { for: "1d" });
    expect(asked.find(({ path }) => path === "query_range")?.parameters).toMatchObject({ step: "9" });
  });

  it("is firing for a number, and an error for what is none", async () => {
    await expect(
      evaluationOf({ results: { expr: { resultType: "scalar", result: [NOW, "1"] } as never } }),
    ).resolves.toMatchObject({ state: "firing", series: [{ labels: {}, value: "1" }] });
    await expect(evaluationOf({ results: { expr: { resultType: "matrix" } } })).resolves.toMatchObject({
      state: "error",
      reason: "rule result is not a vector or scalar",
    });
  });

  it("is an error in Prometheus' words", async () => {
    await expect(
      evaluationOf({ results: { expr: "1:6: parse error: unexpected end of input" } }),
    ).resolves.toStrictEqual({
      state: "error",
      forSeconds: 0,
      series: [],
      reason: "1:6: parse error: unexpected end of input",
    });
  });

  it("is an error where its labels make all series the same", async () => {
    const reason = "vector contains metrics with the same labelset after applying alert labels";
    const same = { labels: { instance: "x" } };
    await expect(evaluationOf({ results: { expr: [a, b] } }, same)).resolves.toMatchObject({ state: "error", reason });
    const templated = { labels: { instance: "x", of: "{{ $labels.instance }}" } };
    await expect(evaluationOf({ results: { expr: [a, b] } }, templated)).resolves.toMatchObject({ state: "firing" });
  });
});
