import { CheckError } from "../../tools/verify/lab";
import { toResult } from "../../tools/verify/panels/checks";
import { Panel } from "../../tools/verify/panels/model";
import { explainMachine, PanelResult, ProvenQuery } from "../../tools/verify/panels/panelResult";
import { frame, panel, prove } from "../support/panels";

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
