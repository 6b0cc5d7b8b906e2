import { Matcher, quoteName, readTree, written } from "../../tools/verify/panels/parsedQuery";

const matcher = (name: string, value: string, type = "="): Matcher => ({ name, type, value });

describe("a selector is written in PromQL", () => {
  it.each<[string, Matcher[]]>([
    ["up", [matcher("__name__", "up")]],
    ['job:late{job=~"a|b"}', [matcher("job", "a|b", "=~"), matcher("__name__", "job:late")]],
    ['{__name__=~"node_.*"}', [matcher("__name__", "node_.*", "=~")]],
    ['{"http.requests"}', [matcher("__name__", "http.requests")]],
    [
      '{"http.requests","service.name"="a \\"b\\""}',
      [matcher("service.name", 'a "b"'), matcher("__name__", "http.requests")],
    ],
    ['up{"service.name"!=""}', [matcher("__name__", "up"), matcher("service.name", "", "!=")]],
  ])("as %s", (expected, matchers) => {
    expect(written(matchers)).toBe(expected);
  });
});

it("a selector looks back by its own offset and by those of the subqueries around it", () => {
  const selector = { type: "matrixSelector", matchers: [matcher("__name__", "up")], offset: 60_000 };
  const call = { type: "call", func: { name: "rate" }, args: [selector] };
  const subquery = { type: "subquery", expr: call, offset: 3_600_000 };
  expect(readTree(subquery).selectors).toMatchObject([{ overTime: true, offset: 3660 }]);
});

it("a label's name is quoted only if it has to be", () => {
  expect(["job", "__name__", "service.name", "1st", "a:b"].map(quoteName)).toEqual([
    "job",
    "__name__",
    '"service.name"',
    '"1st"',
    '"a:b"',
  ]);
});
