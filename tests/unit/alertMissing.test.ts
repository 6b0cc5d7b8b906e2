import { evaluateAll, evaluationOf, Rule, rules, World } from "../support/fakePrometheus";

const matcher = (name: string, value: string, type = "="): object => ({ name, type, value });
const selector = (name: string, ...more: object[]): object => ({
  type: "vectorSelector",
  matchers: [...more, matcher("__name__", name)],
});
const binary = (op: string, lhs: object, rhs: object): object => ({ type: "binaryExpr", op, lhs, rhs });
const call = (name: string, ...args: object[]): object => ({ type: "call", func: { name }, args });

describe("an alert without the metric that it needs", () => {
  const shop = selector("shop_orders");
  const up = selector("up");
  const there = ["up"];
  const never = { state: "never", missing: ["shop_orders"] };
  const inactive = { state: "inactive" };

  it.each<[string, object, object]>([
    ["alone", shop, never],
    ["beside one that is there", binary("/", up, shop), never],
    ["by its part", selector("shop_orders", matcher("of", "x")), never],
    ["in a function", binary(">", call("rate", { ...shop, type: "matrixSelector" }), { type: "numberLiteral" }), never],
    ["on both sides of an `or`", binary("or", shop, selector("shop_visits")), { state: "never" }],
  ])("cannot fire: %s", async (_, tree, expected) => {
    await expect(evaluationOf({ trees: { expr: tree }, series: there })).resolves.toMatchObject(expected);
  });

  it.each<[string, object]>([
    ["as it asks for its absence", binary("and", call("absent", shop), up)],
    ["as it asks for its absence over time", call("absent_over_time", { ...shop, type: "matrixSelector" })],
    ["as one side of an `or` is there", binary("or", shop, up)],
    [
      "as one side of an `or` is a number",
      binary("or", call("count", shop), call("vector", { type: "numberLiteral" })),
    ],
    ["as it only takes away", binary("unless", up, shop)],
  ])("can fire: %s", async (_, tree) => {
    const response = await evaluationOf({ trees: { expr: tree }, series: there });
    expect(response).toMatchObject(inactive);
    expect(response.missing).toBeUndefined();
  });

  it("can fire once there is a series with its labels", async () => {
    const tree = selector("up", matcher("job", "nobody"));
    await expect(evaluationOf({ trees: { expr: tree }, series: there })).resolves.toMatchObject({
      state: "inactive",
      missing: ['up{job="nobody"}'],
    });
  });

  it("can fire where a target describes the metric, which then comes with an event", async () => {
    const tree = selector("requests_bucket");
    await expect(evaluationOf({ trees: { expr: tree }, metadata: ["requests"] })).resolves.toMatchObject({
      state: "inactive",
      missing: ["requests_bucket"],
    });
  });

  it("can fire where a rule of the lab records the metric", async () => {
    const world = { trees: { expr: selector("job:late") }, recordings: { "job:late": "up == 0" } };
    await expect(evaluationOf(world)).resolves.toMatchObject({ state: "inactive", missing: ["job:late"] });
  });

  it("is explained by the host, or not", async () => {
    const world = (tree: object): World => ({
      trees: { expr: tree },
      results: { node_scrape_collector_success: [[{ collector: "hwmon" }, "0"]] },
    });
    await expect(evaluationOf(world(selector("node_hwmon_fan_rpm")))).resolves.toMatchObject({
      state: "inactive",
      missing: ["node_hwmon_fan_rpm"],
      reason: "collector hwmon reports nothing",
    });
    await expect(evaluationOf(world(selector("node_load_1")))).resolves.toMatchObject({
      state: "never",
      missing: ["node_load_1"],
      reason: "node_exporter v1.12.1 exposes no node_load_1, did you mean node_load1?",
    });
  });
});

describe("an alert that needs a recording rule of the change", () => {
  const record = (expr: string, name = "job:up"): Rule => ({ record: name, expr });
  const alert: Rule = { alert: "Down", expr: "job:up == 0" };
  const trees = { "job:up == 0": binary("==", selector("job:up"), { type: "numberLiteral" }) };
  const reasons = async (world: World, before: string, after: string): Promise<readonly unknown[]> =>
    (await evaluateAll(world, before, after)).map(({ after: now }) => [now?.state, now?.reason]);

  it.each<[string, readonly Rule[], readonly Rule[], string]>([
    ["new", [], [record("sum(up)")], "job:up is first recorded by this change"],
    ["changed", [record("up")], [record("sum(up)")], "job:up is recorded differently after this change"],
    ["removed", [record("up")], [], "job:up is no longer recorded after this change"],
  ])("that is %s cannot be evaluated", async (_, before, after, reason) => {
    const changed = reasons({ trees }, rules([...before, alert]), rules([...after, alert]));
    await expect(changed).resolves.toStrictEqual([["unknown", reason]]);
  });

  it("that is made of a changed one cannot be evaluated", async () => {
    const world: World = {
      trees: {
        ...trees,
        "sum(own)": call("sum", { type: "vectorSelector", matchers: [matcher("__name__", "ow.", "=~")] }),
      },
      recordings: { "job:up": "sum(own)" },
    };
    const [before, after] = ["up", "up == 1"].map((expr) => rules([record(expr, "own"), alert]));
    await expect(reasons(world, before ?? "", after ?? "")).resolves.toStrictEqual([
      ["unknown", "job:up is recorded from others; own is recorded differently after this change"],
    ]);
  });

  it("that stays is evaluated", async () => {
    const [before, after] = [alert, { ...alert, for: "5s" }].map((it) => rules([record("up"), it]));
    await expect(reasons({ trees, series: ["job:up"] }, before ?? "", after ?? "")).resolves.toStrictEqual([
      ["inactive", undefined],
    ]);
  });
});
