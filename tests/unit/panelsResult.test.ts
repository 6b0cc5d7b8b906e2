import { CheckError } from "../../tools/verify/lab";
import { toResult } from "../../tools/verify/panels/checks";
import { Panel } from "../../tools/verify/panels/model";
import { explainMachine, PanelResult, ProvenQuery } from "../../tools/verify/panels/panelResult";
import { frame, panel, prove } from "../support/panels";

describe("the panels that are checked", () => {
  it("are all that Grafana shows and that have queries", async () => {
    const nested = [panel("In a closed row", "b"), panel("Of $v", "c_$v")].map((it, index) =>
      index === 1 ? { ...it, repeat: "v" } : it,
    );
    const { proof, asked } = await prove({
      dashboard: {
        templating: { list: [{ name: "v", type: "custom", query: "x,y", multi: true, includeAll: true }] },
        panels: [
          panel("Plain", "a"),
          { type: "row", title: "Closed", panels: nested },
          { type: "row", title: "Row $v", repeat: "v" },
          panel("In the open row of $v", "d_$v"),
          { type: "text", title: "Text" },
          { ...panel("Copy", "a"), repeatPanelId: 4 },
          { type: "library-panel-ref", libraryPanel: { uid: "shared" } },
          { type: "stat", title: "Hidden", targets: [{ refId: "A", expr: "e", hide: true }] },
          panel("Empty", ""),
          panel("Half finished", "g", ""),
          ...["text", "news", "dashlist", "alertlist"].map((type) => ({ ...panel(type, "left over"), type })),
          { type: "row", title: "Closed", panels: [{ ...panel("Text in a row", "left over"), type: "text" }] },
          { type: "library-panel-ref", libraryPanel: { uid: "text" } },
          { type: "stat", title: "Elsewhere", datasource: { uid: "-- Dashboard --" }, targets: [{ refId: "A" }] },
        ],
        rows: [{ panels: [panel("Of an old dashboard", "f")] }],
      },
    });
    expect(proof.panels.map(({ title, state }) => [title, state])).toStrictEqual(
      [
        "Plain",
        "In a closed row",
        "Of x",
        "Of y",
        "In the open row of x",
        "In the open row of y",
        "Shared",
        "Shared",
        "Half finished",
        "Half finished",
        "Of an old dashboard",
      ].map((title) => [title, "data"]),
    );
    expect(asked.map(({ expr }) => expr)).toEqual(expect.arrayContaining(["a", "b", "c_x", "c_y", "d_x", "d_y"]));
    // nor does Grafana ask these
    expect(asked.filter(({ expr }) => expr === "" || expr === "left over")).toStrictEqual([]);
  });

  it("may have null or a number where Grafana has lists and texts", async () => {
    const target = { refId: "A", expr: "a", interval: null };
    const panels = [
      { ...panel("Null"), targets: null },
      { ...panel("Number"), targets: [target], interval: 60, timeFrom: null, timeShift: null },
    ];
    const { proof } = await prove({ dashboard: { panels, time: { from: 1795390200000 } } });
    expect(proof.panels.map(({ title, state }) => [title, state])).toStrictEqual([["Number", "data"]]);
  });

  it("replace the range and the interval in a variable's query, which only Grafana does", async () => {
    const list = [{ name: "v", type: "query", query: "query_result(topk(5, rate(x[$__range]) + ${__interval_ms}))" }];
    const sent: unknown[] = [];
    const dashboard = { time: { from: "now-15m" }, panels: [panel("Any", "$v")], templating: { list } };
    await prove({
      dashboard,
      prometheus: (path, parameters) => {
        sent.push([path, parameters.query]);
        return { resultType: "vector", result: [] };
      },
    });
    expect(sent[0]).toStrictEqual(["query", "topk(5, rate(x[900s]) + 5000)"]);
  });

  it("may have a query of blanks, which Grafana sends too", async () => {
    const { asked } = await prove({ dashboard: { panels: [panel("Blank", " ")] } });
    expect(asked.map(({ expr }) => expr)).toStrictEqual([" "]);
  });

  it("are queried as Grafana does: its datasource, points by width, and hidden queries that others use", async () => {
    const { asked } = await prove({
      dashboard: {
        time: { from: "now-24h", to: "now" },
        panels: [
          {
            ...panel("Any"),
            gridPos: { w: 12 },
            targets: [
              { refId: "A", expr: "up", hide: true, exemplar: true },
              { refId: "B", datasource: { uid: "__expr__" }, type: "math", expression: "$A * 2" },
            ],
          },
        ],
      },
    });
    expect(asked).toMatchObject([
      { refId: "A", expr: "up", exemplar: false, datasource: { uid: "prom" }, intervalMs: 120_000, maxDataPoints: 960 },
      { refId: "B", type: "math", expression: "$A * 2", datasource: { uid: "__expr__" } },
    ]);
  });
});

describe("a query without data", () => {
  /** A host whose collector hwmon found nothing, with these series besides. */
  const host =
    (...series: string[]) =>
    (path: string, { query = "", "match[]": selector = "" }: Record<string, string>): unknown => {
      const name = /\w+/.exec(query)?.[0] ?? "";
      switch (path) {
        case "parse_query":
          return {
            type: query.includes("[") ? "matrixSelector" : "vectorSelector",
            matchers: [
              { name: "__name__", type: "=", value: name },
              { name: "kind", type: "=", value: "fan" },
              { name: "job", type: "=", value: "linux" },
            ],
          };
        case "series":
          return series.filter((it) => it === selector);
        default:
          return {
            result: query.endsWith("== 0")
              ? series.includes(query.replace(/^max\((?:max_over_time\()?(\w+).*/, "zero $1"))
                ? [{ metric: {}, value: [0, "0"] }]
                : []
              : [{ metric: { collector: "hwmon" }, value: [0, "0"] }],
          };
      }
    };
  const full = '{kind="fan",job="linux"}';

  it.each<[string, string, string[], string, string | undefined]>([
    ["whose collector finds nothing", "node_hwmon_fan", [], "explained", "collector hwmon reports nothing"],
    ["of a collector that does not run", "node_arp_entries", [], "explained", "collector arp is off in this lab"],
    ["that no release had", "node_power", [], "error", undefined],
    ["without such a device", "node_disk", ["node_disk"], "explained", 'no node_disk{kind="fan"}'],
    ["of another job", "node_disk", ["node_disk", 'node_disk{kind="fan"}'], "missing", undefined],
    ["that is there", "node_disk", [`node_disk${full}`], "missing", undefined],
    ["of another exporter", "container_fan", [], "missing", undefined],
  ])("of a metric %s: %s with %j is %s", async (_, expr, series, state, reason) => {
    const dashboard = { panels: [panel("Any", expr)] };
    const { proof } = await prove({
      dashboard,
      responses: { [expr]: { frames: [frame()] } },
      prometheus: host(...series),
    });
    expect(proof.panels[0]?.state).toBe(state);
    expect(proof.panels[0]?.queries[0]?.reason).toBe(reason);
    // what the project makes itself has no excuse
    const own = await prove({
      dashboard: { ...dashboard, tags: ["observability-lab"] },
      responses: { [expr]: { frames: [] } },
      prometheus: host(...series),
    });
    expect(own.proof.panels[0]?.state).toBe("missing");
  });

  it("is not explained before the first scrape, nor by a scrape after the panel was queried", async () => {
    const dashboard = { panels: [panel("Any", "node_arp_entries")] };
    const responses = { node_arp_entries: { frames: [] } };
    expect((await prove({ dashboard, responses })).proof.panels[0]?.state).toBe("missing");
    const scraped = Date.now() / 1000 + 1;
    const late = await prove({
      dashboard,
      responses,
      prometheus: (path, { time = "Infinity", ...parameters }) =>
        path === "query" && Number(time) < scraped ? { result: [] } : host()(path, parameters),
    });
    expect(late.proof.panels[0]?.state).toBe("missing");
  });

  it("that has only NaN is explained by a zero, and is data if the panel maps it to a text", async () => {
    const responses = { node_swap: { frames: [frame(null, null)] } };
    const prometheus = host(`node_swap${full}`, "zero node_swap");
    const mappings = [{ type: "special", options: { match: "null" } }];
    const named: Panel = { ...panel("Named", "node_swap"), fieldConfig: { defaults: { mappings } } };
    const { proof } = await prove({ dashboard: { panels: [panel("Any", "node_swap"), named] }, responses, prometheus });
    expect(proof.panels.map(({ state }) => state)).toStrictEqual(["explained", "data"]);
    expect(proof.panels[0]?.queries[0]?.reason).toBe("node_swap is 0");
  });

  it("excuses what an expression makes of it, which is named by its text", async () => {
    const targets = [
      { refId: "A", expr: "node_hwmon_fan", hide: true },
      { refId: "B", expression: "A", type: "reduce", datasource: { type: "__expr__", uid: "__expr__" } },
    ];
    const responses = { node_hwmon_fan: { frames: [frame()] }, "": { frames: [frame()] } };
    const dashboard = { panels: [{ ...panel("Any"), targets }] };
    const { proof } = await prove({ dashboard, responses, prometheus: host() });
    expect(proof.panels).toMatchObject([
      { state: "explained", queries: [{ expr: "A", reason: "collector hwmon reports nothing" }] },
    ]);
    expect(proof.panels[0]?.queries).toHaveLength(1);
  });

  it("that its own query drops is excused in the project's dashboards too", async () => {
    const tree = { type: "binaryExpr", op: "==", lhs: { type: "vectorSelector", matchers: [] }, rhs: {} };
    const { proof } = await prove({
      dashboard: { panels: [panel("Any", "up == 0")], tags: ["observability-lab"] },
      responses: { "up == 0": { frames: [] } },
      prometheus: (path) =>
        ({ parse_query: tree, series: [{}], query: { result: [{ metric: {}, value: [0, "1"] }] } })[path],
    });
    expect(proof.panels).toMatchObject([
      { state: "explained", queries: [{ reason: "no value passes its comparison" }] },
    ]);
  });

  it("over the steps of the range is repeated for now, as a new lab has no more", async () => {
    let asked = 0;
    const late = { ...panel("Late", "up"), gridPos: { w: 12 } };
    const { proof } = await prove({
      dashboard: { time: { from: "now-24h", to: "now" }, panels: [late] },
      responses: {
        get up() {
          return { frames: asked++ === 0 ? [] : [frame(1)] };
        },
      },
    });
    expect(proof.panels).toMatchObject([{ state: "data", queries: [{ expr: "up", tooNew: true }] }]);
    expect(toResult(proof, "url").seen).toBe("1 of 1 panels, 1 of 1 queries; 1 will show data at the next refresh");
    expect(asked).toBe(2);
  });
});

it("is excused for metrics that cAdvisor lacks on a machine, and for no others", () => {
  const query = (expr: string): ProvenQuery => ({ refId: "A", expr, datasource: "d", state: "missing" });
  const asked = ["a / container_spec_memory_limit_bytes", "sum(container_fs_usage_bytes)", "container_memory_rss"];
  const panels = asked.map((it) => ({ title: it, state: "missing" as const, queries: [query(it)] }));
  const reasons = (lab: Parameters<typeof explainMachine>[1]): (string | undefined)[] =>
    explainMachine({ uid: "lab", title: "Lab", own: true, panels }, lab).panels.map(({ state, queries }) =>
      state === "explained" ? queries[0]?.reason : state,
    );
  const [limit, written] = [
    "Docker cannot limit memory on this machine",
    "with Docker's storage driver overlayfs cAdvisor cannot measure writable layers",
  ];
  expect(reasons({})).toStrictEqual(["missing", "missing", "missing"]);
  expect(reasons({ memoryLimit: false })).toStrictEqual([limit, "missing", "missing"]);
  expect(reasons({ unmeasuredStorage: "overlayfs" })).toStrictEqual(["missing", written, "missing"]);
});

describe("the message of the check", () => {
  it("counts panels and queries, and gives the host's reasons", async () => {
    const { proof } = await prove({ dashboard: { panels: [panel("A", "a", "b")] } });
    expect(toResult(proof, "url").seen).toBe("1 of 1 panels, 2 of 2 queries");
    const dark = proof.panels.map((it) => ({ ...it, title: "Fan", queries: [{ ...it.queries[0], reason: "no fan" }] }));
    const explained = {
      ...proof,
      panels: [...proof.panels, ...dark.map((it) => ({ ...it, state: "explained" }))],
    } as PanelResult;
    expect(toResult(explained, "url").seen).toBe("1 of 2 panels, 3 of 3 queries; 1 without data: no fan");
  });

  it("names the failing panels with their queries, up to a limit", async () => {
    const exprs = ["a", "b", "c", "d", "e", "f", "g"];
    const { proof } = await prove({
      dashboard: { panels: [panel("Wrong", "bad"), ...exprs.map((expr) => panel(`Panel ${expr}`, expr))] },
      responses: { bad: { error: "parse error" }, ...Object.fromEntries(exprs.map((expr) => [expr, { frames: [] }])) },
    });
    const output = (() => {
      try {
        return toResult(proof, "url");
      } catch (error) {
        return error as CheckError;
      }
    })();
    expect(output).toBeInstanceOf(CheckError);
    expect(output).toMatchObject({
      message: expect.stringContaining(
        '0 of 8 panels, 0 of 8 queries with data\n"Wrong": bad (parse error)\n',
      ) as string,
      details: proof,
    });
    expect(output).toMatchObject({ message: expect.stringContaining("and 3 more, see ARGS=--json") as string });
  });
});
