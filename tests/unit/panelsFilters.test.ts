import { explainValues } from "../../tools/verify/panels/absentValues";
import { Matcher } from "../../tools/verify/panels/parsedQuery";
import { withoutFilters } from "../../tools/verify/panels/withoutFilters";

describe("a query without what drops series", () => {
  it.each([
    ["up == 0", "up == bool 0"],
    ['a{b!="c > d"} > on (job) group_left () b', 'a{b!="c > d"} > bool on (job) group_left () b'],
    ["a > bool 1", "a > bool 1"],
    ["up unless on (job) down", "up or on (job) down"],
    ['absent(up{job="unless"})', 'group(up{job="unless"})'],
    ["absent_over_time(up[5m]) >= 1", "present_over_time(up[5m]) >= bool 1"],
    ["(a == 0) or (b != 0)", "(a == bool 0) or (b != bool 0)"],
    ["sum(rate(a[5m])) / sum(b)", "sum(rate(a[5m])) / sum(b)"],
  ])("%s is %s", async (query, without) => {
    await expect(withoutFilters(query)).resolves.toBe(without);
  });
});

describe("a selector without series", () => {
  type Series = Readonly<Record<string, string>>;
  const REQUESTS: readonly Series[] = [
    { __name__: "requests", job: "shop", code: "200" },
    { __name__: "requests", job: "shop", code: "302" },
    { __name__: "requests", job: "classes", code: "2xx" },
    { __name__: "requests", job: "words", code: "ok" },
    { __name__: "mounts", fstype: "tmpfs" },
  ];
  const matches = ({ name, type, value }: Matcher, series: Series): boolean => {
    const found = type.endsWith("~") ? new RegExp(`^(?:${value})$`).test(series[name] ?? "") : series[name] === value;
    return (found || (value === "" && series[name] === undefined)) === type.startsWith("=");
  };
  const has = (matchers: readonly Matcher[]): Promise<boolean> =>
    Promise.resolve(REQUESTS.some((series) => matchers.every((matcher) => matches(matcher, series))));
  const matchersOf = (metric: string, ...all: [string, string, string][]): Matcher[] => [
    { name: "__name__", type: "=", value: metric },
    ...all.map(([name, type, value]) => ({ name, type, value })),
  ];

  it.each<[string, [string, string, string][]]>([
    [
      'no series of requests{job="shop"} has code=~"5.."',
      [
        ["job", "=", "shop"],
        ["code", "=~", "5.."],
      ],
    ],
    [
      'no series of requests{job="shop"} has code="404"',
      [
        ["job", "=", "shop"],
        ["code", "=", "404"],
      ],
    ],
    [
      'no series of requests{job="shop"} has code=~"[45]\\\\d\\\\d"',
      [
        ["job", "=", "shop"],
        ["code", "=~", "[45]\\d\\d"],
      ],
    ],
    [
      'no series of requests{job="shop"} has code!~"[23].."',
      [
        ["job", "=", "shop"],
        ["code", "!~", "[23].."],
      ],
    ],
    [
      'no series of requests{job="classes"} has code="5xx"',
      [
        ["job", "=", "classes"],
        ["code", "=", "5xx"],
      ],
    ],
    [
      'no series of requests{job="words"} has code!="ok"',
      [
        ["job", "=", "words"],
        ["code", "!=", "ok"],
      ],
    ],
  ])("is rightly empty: %s", async (reason, matchers) => {
    await expect(explainValues(matchersOf("requests", ...matchers), has)).resolves.toBe(reason);
  });

  it.each<[string, [string, string, string][]]>([
    ["a wrong name of a label", [["cod", "=~", "5.."]]],
    ["a wrong name of a label that is to have a value", [["cod", "!=", ""]]],
    [
      "a wrong value of another label",
      [
        ["job", "=", "shp"],
        ["code", "=~", "5.."],
      ],
    ],
    [
      "statuses that are not errors",
      [
        ["job", "=", "shop"],
        ["code", "=", "201"],
      ],
    ],
    [
      "statuses of a label that has words",
      [
        ["job", "=", "words"],
        ["code", "=~", "5.."],
      ],
    ],
    [
      "a value that is not a status",
      [
        ["job", "=", "shop"],
        ["code", "=", "5.."],
      ],
    ],
    [
      "a word",
      [
        ["job", "=", "shop"],
        ["code", "=", "error"],
      ],
    ],
    [
      "a wrong expression",
      [
        ["job", "=", "shop"],
        ["code", "=~", "(5.."],
      ],
    ],
  ])("is not excused with %s", async (_, matchers) => {
    await expect(explainValues(matchersOf("requests", ...matchers), has)).resolves.toBeUndefined();
  });

  it("is not excused if its metric does not exist", async () => {
    await expect(explainValues(matchersOf("request", ["code", "=~", "5.."]), has)).resolves.toBeUndefined();
  });
});
