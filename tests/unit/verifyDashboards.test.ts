import { CHECKS } from "../../tools/verify/checks";
import { CheckError, LabOutputs } from "../../tools/verify/lab";
import { panelChecks } from "../../tools/verify/panels/checks";
import { FakeResponse, Responses, serve, TestServer } from "../support/servers";

const GOOD: FakeResponse = { body: '{"dashboard": {"title": "Good", "panels": []}}' };
const OWN_PANELS: FakeResponse = { body: '[{"id": "stat"}, {"id": "row"}]' };
const RESTORED = "export it if you want to keep the edit, and run make up, which restores it";

let grafana: TestServer | undefined;

afterEach(async () => {
  await grafana?.close();
  grafana = undefined;
});

/** A lab whose Grafana gives these dashboards, by uid, and these panel plugins. */
async function labWith(dashboards: Readonly<Record<string, FakeResponse>>, plugins = OWN_PANELS): Promise<LabOutputs> {
  const responses: Responses = {
    "/api/datasources": { body: '[{"uid": "prometheus", "name": "Prometheus"}]' },
    "/api/plugins?type=panel": plugins,
    ...Object.fromEntries(
      Object.entries(dashboards).map(([uid, response]) => [`/api/dashboards/uid/${uid}`, response]),
    ),
  };
  grafana = await serve(responses);
  return {
    grafanaUrl: grafana.url,
    grafanaUser: "admin",
    grafanaAdminPassword: "correct-horse-battery",
    dashboards: Object.keys(dashboards),
  } as unknown as LabOutputs;
}

/** What the check of the dashboards says, with what to do where it is red. */
async function verdict(...of: Parameters<typeof labWith>): Promise<unknown> {
  const lab = await labWith(...of);
  try {
    return await CHECKS.find(({ name }) => name === "dashboards")?.run(lab);
  } catch (error) {
    return error instanceof CheckError ? [error.message, error.fix] : error;
  }
}

describe("the check of the dashboards", () => {
  it("succeeds if all exist", async () => {
    expect(await verdict({ a: GOOD, b: GOOD })).toBe("2 exist, all datasources bound");
  });

  it("takes a datasource by its name, as lists of alerts have it, and names one that Grafana lacks", async () => {
    const withList = (datasource: string): FakeResponse => ({
      body: JSON.stringify({ dashboard: { title: "Mine", panels: [{ type: "alertlist", options: { datasource } }] } }),
    });
    expect(await verdict({ a: withList("Prometheus") })).toBe("1 exist, all datasources bound");
    await grafana?.close();
    expect(await verdict({ a: withList("Theirs") })).toStrictEqual([
      "unbound datasources: Mine: Theirs",
      "remove the dashboard from communityDashboards, or export it again for Prometheus",
    ]);
  });

  it.each<[string, FakeResponse, string, string]>([
    ["saved as version 2", { status: 406, body: "{}" }, "was saved in Grafana in the new schema (version 2)", RESTORED],
    ["gone", { status: 404, body: "{}" }, "does not exist", "run make up"],
  ])("names one that is %s", async (_, response, problem, fix) => {
    expect(await verdict({ good: GOOD, bad: response })).toStrictEqual([`dashboard bad ${problem}`, fix]);
  });

  it.each([
    { status: 500, body: '{"message":"dashboard data is invalid"}' },
    { status: 403, body: '{"message":"Access denied"}' },
    { body: "<html>" },
    { body: "null" },
  ])("does not promise a repair by an up if Grafana returns %j", async (response) => {
    expect(await verdict({ good: GOOD, bad: response })).toStrictEqual([
      `dashboard bad: Grafana returned ${String(response.status ?? 200)}, ${response.body}`,
      "read make logs; if it persists, delete this dashboard in Grafana and run make up",
    ]);
  });

  it("names all those Grafana does not return", async () => {
    const responses = {
      a: { status: 406, body: "{}" },
      b: { status: 404, body: "{}" },
      c: { status: 406, body: "{}" },
    };
    expect(await verdict(responses)).toStrictEqual([
      "dashboard a was saved in Grafana in the new schema (version 2); dashboard b does not exist; " +
        "dashboard c was saved in Grafana in the new schema (version 2)",
      `${RESTORED}; run make up`,
    ]);
  });

  it("leaves a Grafana that does not respond to its own check", async () => {
    const lab = await labWith({ a: GOOD });
    await grafana?.close();
    grafana = undefined;
    await expect(CHECKS.find(({ name }) => name === "dashboards")?.run(lab)).rejects.toThrow("ECONNREFUSED");
  });
});

describe("the check of a dashboard's panels", () => {
  const withPanels = (...panels: unknown[]): FakeResponse => ({
    body: JSON.stringify({ dashboard: { title: "Mine", panels } }),
  });
  /** What the check of this one dashboard says, without queries in it. */
  const ofPanels = async (response: FakeResponse, plugins?: FakeResponse): Promise<unknown> => {
    const [check] = await panelChecks(await labWith({ mine: response }, plugins));
    try {
      const found = await check?.run({} as LabOutputs);
      return typeof found === "string" ? found : found?.seen;
    } catch (error) {
      return error instanceof CheckError ? [error.message, error.fix] : error;
    }
  };
  const NO_QUERIES = "0 of 0 panels, 0 of 0 queries";
  const fix =
    "remove the dashboard, or set grafanaImage to an image of your own with them, " +
    "with GF_PATHS_PLUGINS outside /var/lib/grafana";

  it("explains how to restore one that was saved as version 2", async () => {
    expect(await ofPanels({ status: 406, body: "{}" })).toStrictEqual([
      "dashboard mine was saved in Grafana in the new schema (version 2)",
      RESTORED,
    ]);
  });

  it("fails for panels whose plugin Grafana lacks, in rows, too", async () => {
    const nested = { type: "row", panels: [{ type: "vonage-status-panel" }] };
    const response = withPanels({ type: "grafana-polystat-panel" }, { type: "grafana-polystat-panel" }, nested, {});
    expect(await ofPanels(response)).toStrictEqual([
      "Panel plugin not found: grafana-polystat-panel, vonage-status-panel",
      fix,
    ]);
  });

  it("fails for a newer panel of Grafana's own that this one does not list among its own", async () => {
    expect(await ofPanels(withPanels({ type: "trend" }))).toStrictEqual(["Panel plugin not found: trend", fix]);
  });

  it.each([
    ["that is installed", "grafana-polystat-panel", '[{"id": "stat"}, {"id": "grafana-polystat-panel"}]'],
    ["that Grafana migrates", "natel-discrete-panel", '[{"id": "stat"}]'],
    ["that a Grafana brings which lists plugins alone", "timeseries", '[{"id": "grafana-polystat-panel"}]'],
    ["that a Grafana brings which lists nothing", "timeseries", "[]"],
  ])("succeeds for one %s", async (_, type, plugins) => {
    expect(await ofPanels(withPanels({ type }), { body: plugins })).toBe(NO_QUERIES);
  });

  it("says how many nodes of a large swarm were not queried", async () => {
    const nodes = Array.from({ length: 12 }, (_, index) => ({
      metric: { instance: `n${String(index)}` },
      value: [0, "1"],
    }));
    const prometheus = await serve({
      [`/api/v1/query?query=${encodeURIComponent('up{job="linux_host"} == 1')}`]: {
        body: JSON.stringify({ data: { result: nodes } }),
      },
    });
    const lab = { ...(await labWith({ mine: withPanels() })), prometheusUrl: prometheus.url, swarm: { services: [] } };
    const [check] = await panelChecks(lab);
    const found = (await check?.run(lab)) as { seen: string };
    expect(found.seen.split("\n")).toHaveLength(11);
    expect(found.seen).toMatch(/\n2 more nodes were not queried$/);
    await prometheus.close();
  });
});
