import { grafanaApi } from "../../tools/verify/panels/grafana";
import { limiter } from "../../tools/verify/panels/limit";
import { readTree } from "../../tools/verify/panels/parsedQuery";
import { serve } from "../support/servers";

describe("the parser's result for a query", () => {
  const selector = { type: "vectorSelector", matchers: [] };

  it.each([
    [{ type: "call", args: [selector, { expr: { type: "matrixSelector", matchers: [] } }] }, [false, true], undefined],
    [{ type: "binaryExpr", op: ">", bool: false, lhs: selector, rhs: null }, [false], "no value passes its comparison"],
    [{ type: "binaryExpr", op: ">", bool: true, lhs: selector, rhs: null }, [false], undefined],
    [{ type: "binaryExpr", op: "/", bool: false, lhs: selector, rhs: selector }, [false, false], undefined],
    [{ type: "binaryExpr", op: "unless", lhs: selector, rhs: selector }, [false], "its unless leaves no series"],
    [
      { type: "call", func: { name: "absent" }, args: [selector] },
      [],
      "the series that it looks for the absence of exist",
    ],
  ])("%j", (tree, overTime, filters) => {
    const parsed = readTree(tree);
    expect(parsed.selectors.map((it) => it.overTime)).toStrictEqual(overTime);
    expect(parsed.filters).toBe(filters);
  });
});

describe("the parser's result for the parts of a query", () => {
  const named = (name: string): object => ({
    type: "vectorSelector",
    matchers: [{ name: "__name__", type: "=", value: name }],
  });
  const binary = (op: string): object => ({ type: "binaryExpr", op, lhs: named("a"), rhs: named("b") });
  const names = (tree: object): string[] => readTree(tree).selectors.map(({ matchers }) => matchers[0]?.value ?? "");

  it("separates the sides of an `or` at any depth", () => {
    const { selectors, either } = readTree({ type: "aggregation", op: "sum", expr: binary("or") });
    expect(selectors).toStrictEqual([]);
    expect(either.map((sides) => sides.map((side) => side.selectors[0]?.matchers[0]?.value))).toStrictEqual([
      ["a", "b"],
    ]);
  });

  it("omits the right side of `unless`", () => {
    expect(names(binary("unless"))).toStrictEqual(["a"]);
    expect(names(binary("and"))).toStrictEqual(["a", "b"]);
  });

  it.each([
    ["histogram_quantile", ["job"], true],
    ["histogram_quantile", ["le"], false],
    ["rate", ["job"], false],
  ])("classifies %s over a sum by %j as a query of native histograms: %s", (name, grouping, native) => {
    const sum = {
      type: "aggregation",
      op: "sum",
      grouping,
      expr: { type: "call", func: { name: "rate" }, args: [named("a")] },
    };
    const tree = { type: "call", func: { name }, args: [{ type: "numberLiteral", val: "0.9" }, sum] };
    expect(readTree(tree).selectors.map(({ histogram }) => histogram)).toStrictEqual([native]);
  });
});

describe("Grafana's responses", () => {
  const outputs = { grafanaUser: "admin", grafanaAdminPassword: "any" };

  it("contain the results even if a query failed", async () => {
    const results = { A: { error: "parse error" } };
    const server = await serve({ "/api/ds/query": { status: 400, body: JSON.stringify({ results }) } });
    const api = grafanaApi({ ...outputs, grafanaUrl: server.url } as never);
    await expect(api.query({})).resolves.toStrictEqual(results);
    await server.close();
  });

  it("without results are an error", async () => {
    const server = await serve({ "/api/ds/query": { status: 500, body: "out of order" } });
    const api = grafanaApi({ ...outputs, grafanaUrl: server.url } as never);
    await expect(api.query({})).rejects.toThrow("/api/ds/query returned 500: no results");
    await server.close();
  });
});

describe("the concurrency limit", () => {
  it("runs everything, but never more at a time", async () => {
    const limit = limiter(3);
    let [running, most] = [0, 0];
    const task = async (fails: boolean): Promise<void> => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      if (fails) {
        throw new Error("any");
      }
    };
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, (_, index) => limit(() => task(index % 2 === 0))),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(5);
    expect([most, running]).toStrictEqual([3, 0]);
  });
});
