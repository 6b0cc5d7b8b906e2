import { panel, prove } from "../support/panels";

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

  it("are each asked, also if a generated dashboard has an empty name for all of them", async () => {
    const targets = [
      { refId: "", expr: "a" },
      { refId: "", expr: "b" },
    ];
    const { proof } = await prove({
      dashboard: { panels: [{ type: "stat", title: "Both", targets }] },
      responses: { b: { error: "no" } },
    });
    expect(proof.panels[0]?.queries.map(({ refId, state }) => [refId, state])).toStrictEqual([
      ["A", "data"],
      ["B", "error"],
    ]);
  });

  it("may have null or a number where Grafana has lists and texts", async () => {
    const target = { refId: "A", expr: "a", interval: null };
    const panels = [
      { ...panel("Null"), targets: null },
      { ...panel("Object"), targets: {} as never },
      { ...panel("List of null"), targets: [null] as never, fieldConfig: { defaults: { mappings: {} as never } } },
      { ...panel("Number"), targets: [target], interval: 60, timeFrom: null, timeShift: 0 as never },
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

  it("cannot be queried with a variable that fails, which is named", async () => {
    const list = [{ name: "job", type: "query", query: "label_values(up, job)" }];
    const failing = prove({
      dashboard: { panels: [panel("Any", "$job")], templating: { list } },
      prometheus: () => Promise.reject(new Error("it returned 400")),
    });
    await expect(failing).rejects.toThrow("the variable job cannot be queried: it returned 400");
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
