import { Matcher, quoteName, written } from "../../tools/verify/panels/parsedQuery";

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

it("a label's name is quoted only if it has to be", () => {
  expect(["job", "__name__", "service.name", "1st", "a:b"].map(quoteName)).toEqual([
    "job",
    "__name__",
    '"service.name"',
    '"1st"',
    '"a:b"',
  ]);
});
