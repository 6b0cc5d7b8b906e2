import { Value, Values, Variable } from "../../tools/verify/panels/model";
import { timeRange } from "../../tools/verify/panels/range";
import { findRequest } from "../../tools/verify/panels/variableQuery";
import { applyRegex, choose, customOptions, OptionSource, resolveVariables } from "../../tools/verify/panels/variables";

const NOW = new Date("2026-11-23T01:30:00Z");
const options = (...texts: string[]): { text: string; value: string }[] => texts.map((text) => ({ text, value: text }));

/** What the variables stand for when each query finds these answers. */
async function resolve(
  variables: Variable[],
  responses: Record<string, string[]> = {},
  chosen?: string,
): Promise<Values> {
  const source: OptionSource = {
    chosen,
    range: timeRange({ from: "now-1h", to: "now" }, NOW),
    datasources: (type) => (type === "prometheus" ? [{ text: "Prometheus", value: "uid-1" }] : []),
    find: (_, query) => Promise.resolve(responses[query] ?? []),
  };
  return resolveVariables(variables, source);
}

const valuesOf = (values: Values, name: string): readonly string[] | undefined => values.get(name)?.values;

describe("the selection of a variable", () => {
  const found = options("a", "b", "c");
  const variable = (fields: Partial<Variable>): Variable => ({ name: "v", type: "query", ...fields });

  it.each<[string, Partial<Variable>, Partial<Value>]>([
    ["the stored one", { current: { value: "b" } }, { values: ["b"], regex: false }],
    ["the first where the stored one is gone", { current: { value: "gone" } }, { values: ["a"] }],
    ["the first where none is stored", { current: {} }, { values: ["a"] }],
    [
      "those of several that are left",
      { multi: true, current: { value: ["c", "gone"] } },
      { values: ["c"], regex: true },
    ],
    ["All where none is stored", { includeAll: true }, { values: ["a", "b", "c"] }],
    ["All as stored", { includeAll: true, multi: true, current: { value: ["$__all"] } }, { values: ["a", "b", "c"] }],
    ["All by the author's own text", { includeAll: true, allValue: ".*" }, { allValue: ".*" }],
    ["one though All were possible", { includeAll: true, allValue: ".*", current: { value: "b" } }, { values: ["b"] }],
  ])("is %s", (_, fields, expected) => {
    expect(choose(variable(fields), found)).toMatchObject(expected);
  });

  it("is empty without options", () => {
    expect(choose(variable({ current: { value: "gone" } }), []).values).toStrictEqual([""]);
  });
});

describe("variables", () => {
  it("have the values a user selects, if they offer them", async () => {
    const all = { includeAll: true, allValue: ".*", current: { value: "$__all" } };
    const values = await resolve(
      [
        { name: "node", type: "query", query: "nodes", ...all },
        { name: "job", type: "query", query: "jobs", ...all },
      ],
      { nodes: ["a", "b"], jobs: ["j"] },
      "b",
    );
    expect(values.get("node")).toStrictEqual({ values: ["b"], texts: ["b"], regex: true });
    expect(values.get("job")).toMatchObject({ values: ["j"], allValue: ".*" });
  });

  it("of every type have the values Grafana selects", async () => {
    const values = await resolve([
      { name: "ds", type: "datasource", query: "prometheus" },
      { name: "constant", type: "constant", query: "x" },
      { name: "custom", type: "custom", query: "one : 1, two : 2", current: { value: "2" } },
      { name: "interval", type: "interval", query: "1m,10m", current: { text: "10m", value: "10m" } },
      { name: "auto", type: "interval", query: "1m", auto: true, auto_count: 60, auto_min: "10s" },
      { name: "text", type: "textbox", query: "typed" },
    ]);
    const chosen = Object.fromEntries([...values].map(([name, { values: all }]) => [name, all.join()]));
    expect(chosen).toMatchObject({
      ds: "uid-1",
      constant: "x",
      custom: "2",
      interval: "10m",
      auto: "60s",
      text: "typed",
      __to: String(NOW.getTime()),
    });
  });

  it("that depend on others wait for them, in any order", async () => {
    const values = await resolve(
      [
        { name: "node", type: "query", query: { query: 'label_values(up{job="$job"}, instance)' } },
        { name: "job", type: "query", query: "label_values(job)", regex: "/lin.*/" },
      ],
      { "label_values(job)": ["docker", "linux"], 'label_values(up{job="linux"}, instance)': ["host:9100"] },
    );
    expect([valuesOf(values, "job"), valuesOf(values, "node")]).toStrictEqual([["linux"], ["host:9100"]]);
  });

  it.each([
    [0, "b9"],
    [1, "a"],
    [2, "b9"],
    [3, "a"],
    [4, "b10"],
    [5, "a"],
    [8, "b10"],
  ])("in the order %i begin with %s", async (sort, first) => {
    const values = await resolve([{ name: "v", type: "query", query: "q", sort }], { q: ["b9", "a", "b10"] });
    expect(valuesOf(values, "v")).toStrictEqual([first]);
  });
});

it("has no option for an empty query, which Grafana does not send either", async () => {
  const values = await resolve([{ name: "v", type: "query", query: "" }], { "": ["everything"] });
  expect(valuesOf(values, "v")).toStrictEqual([""]);
});

describe("options", () => {
  it.each<[string, string[], [string, string][]]>([
    ["", ["a", "a"], [["a", "a"]]],
    ["/^a/", ["ab", "b"], [["ab", "ab"]]],
    ["a.*", ["ab", "ba"], [["ab", "ab"]]],
    ['/host="([^"]+)"/', ['up{host="x"} 1 2'], [["x", "x"]]],
    [
      "/(\\d)/g",
      ["1-2"],
      [
        ["1", "1"],
        ["2", "2"],
      ],
    ],
    ["/(?<text>\\w+)=(?<value>\\w+)/", ["name=id"], [["name", "id"]]],
  ])("are matched by %s", (regex, found, expected) => {
    const cut = applyRegex(options(...found), regex);
    expect(cut.map(({ text, value }) => [text, value])).toStrictEqual(expected);
  });

  it("may be a list in JSON, and be made of other variables", async () => {
    const json = '["a",{"text":"B","value":"b"},7]';
    const custom = { name: "v", type: "custom", multi: true, includeAll: true };
    const list = await resolve([{ ...custom, query: json, valuesFormat: "json" }]);
    expect([list.get("v")?.values, list.get("v")?.texts]).toStrictEqual([
      ["a", "b", "7"],
      ["a", "B", "7"],
    ]);
    expect(valuesOf(await resolve([{ ...custom, query: "[", valuesFormat: "json" }]), "v")).toStrictEqual([]);
    const other = { name: "other", type: "constant", query: "x" };
    expect(valuesOf(await resolve([{ ...custom, query: "$other,y" }, other]), "v")).toStrictEqual(["x", "y"]);
  });

  it("of a list have texts of their own and keep escaped commas", () => {
    expect(customOptions("a, b\\,c ,All paths : .*")).toStrictEqual([
      { text: "a", value: "a" },
      { text: "b,c", value: "b,c" },
      { text: "All paths", value: ".*" },
    ]);
  });
});

describe("the request of a variable's query", () => {
  it.each([
    ["label_values(job)", "label/job/values", {}],
    ["label_values(up, job)", "label/job/values", { "match[]": "up" }],
    ['label_values({__name__=~"c.*", a="1,2"},name)', "label/name/values", { "match[]": '{__name__=~"c.*", a="1,2"}' }],
    ["label_values({}, job)", "label/job/values", {}],
    ["query_result(topk(1, up))", "query", { query: "topk(1, up)" }],
    ["metrics(node_.*)", "label/__name__/values", {}],
    ["label_names()", "labels", {}],
    ['up{job="a"}', "series", { "match[]": 'up{job="a"}' }],
  ])("%s", (query, path, parameters) => {
    expect(findRequest(query)).toMatchObject({ path, parameters });
  });

  it("parses the responses as Grafana writes them", () => {
    const read = (query: string, data: unknown): readonly string[] => findRequest(query).read(data as never);
    const vector = { resultType: "vector", result: [{ metric: { __name__: "up", job: "a" }, value: [1.5, "1"] }] };
    expect(read("query_result(up)", vector)).toStrictEqual(['up{job="a"} 1 1500']);
    expect(read("query_result(1)", { resultType: "scalar", result: [1, "1"] })).toStrictEqual(["1"]);
    expect(read("metrics(^node)", ["node_a", "up"])).toStrictEqual(["node_a"]);
    expect(read("up", [{ __name__: "up", job: "a" }])).toStrictEqual(['up{job="a"}']);
  });
});
