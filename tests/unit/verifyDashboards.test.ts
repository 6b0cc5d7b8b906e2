import { CheckError, LabOutputs } from "../../verify/lab";
import { CHECKS } from "../../verify/checks";
import { grafanaApi } from "../../verify/panels/grafana";
import { Answer, Answers, serve, TestServer } from "./servers";

const GOOD: Answer = {
  body: JSON.stringify({ dashboard: { title: "Good", panels: [{ type: "stat" }, { type: "natel-discrete-panel" }] } }),
};
const OWN_PANELS: Answer = { body: '[{"id": "stat"}, {"id": "row"}]' };
const RESTORED = "export it if you want to keep the edit, and run make up, which restores it";

let grafana: TestServer | undefined;

afterEach(async () => {
  await grafana?.close();
  grafana = undefined;
});

/** A lab whose Grafana gives these dashboards, by uid, and these panel plugins. */
async function labWith(dashboards: Readonly<Record<string, Answer>>, plugins = OWN_PANELS): Promise<LabOutputs> {
  const answers: Answers = {
    "/api/datasources": { body: '[{"uid": "prometheus"}]' },
    "/api/plugins?type=panel": plugins,
    ...Object.fromEntries(Object.entries(dashboards).map(([uid, answer]) => [`/api/dashboards/uid/${uid}`, answer])),
  };
  grafana = await serve(answers);
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
    return await CHECKS.find(({ name }) => name === "dashboards")?.ask(lab);
  } catch (error) {
    return error instanceof CheckError ? [error.message, error.fix] : error;
  }
}

describe("the check of the dashboards", () => {
  it("is green where all are there", async () => {
    expect(await verdict({ a: GOOD, b: GOOD })).toBe("2 there, all datasources bound");
  });

  it.each<[string, Answer, string, string]>([
    ["saved as version 2", { status: 406, body: "{}" }, "was saved in Grafana in the new schema (version 2)", RESTORED],
    ["gone", { status: 404, body: "{}" }, "is not there", "run make up"],
  ])("names one that is %s", async (_, answer, problem, fix) => {
    expect(await verdict({ good: GOOD, bad: answer })).toStrictEqual([`dashboard bad ${problem}`, fix]);
  });

  it.each([
    { status: 500, body: '{"message":"dashboard data is invalid"}' },
    { status: 403, body: '{"message":"Access denied"}' },
    { body: "<html>" },
    { body: "null" },
  ])("does not promise that an up repairs one for which Grafana answers %j", async (answer) => {
    expect(await verdict({ good: GOOD, bad: answer })).toStrictEqual([
      `dashboard bad: Grafana answers ${String(answer.status ?? 200)}, ${answer.body}`,
      "read make logs; if it stays so, delete this dashboard in Grafana and run make up",
    ]);
  });

  it("names all that Grafana does not give", async () => {
    const answers = { a: { status: 406, body: "{}" }, b: { status: 404, body: "{}" }, c: { status: 406, body: "{}" } };
    expect(await verdict(answers)).toStrictEqual([
      "dashboard a was saved in Grafana in the new schema (version 2); dashboard b is not there; " +
        "dashboard c was saved in Grafana in the new schema (version 2)",
      `${RESTORED}; run make up`,
    ]);
  });

  it("leaves a Grafana that does not answer to the reason of that", async () => {
    const lab = await labWith({ a: GOOD });
    await grafana?.close();
    grafana = undefined;
    await expect(CHECKS.find(({ name }) => name === "dashboards")?.ask(lab)).rejects.toThrow("fetch failed");
  });
});

describe("panels of plugins", () => {
  const withPanels = (...panels: unknown[]): Answer => ({
    body: JSON.stringify({ dashboard: { title: "Mine", panels } }),
  });
  const fix =
    "take these dashboards out, or set grafanaImage to an image of your own with the plugins, " +
    "with GF_PATHS_PLUGINS outside /var/lib/grafana";

  it("are red where Grafana has no such plugin, in rows, too", async () => {
    const nested = { type: "row", panels: [{ type: "vonage-status-panel" }] };
    const mine = withPanels({ type: "grafana-polystat-panel" }, { type: "grafana-polystat-panel" }, nested, {});
    expect(await verdict({ mine, good: GOOD })).toStrictEqual([
      "Grafana has no plugin for panels of: Mine: grafana-polystat-panel, Mine: vonage-status-panel",
      fix,
    ]);
  });

  it("are red of Grafana's newer panels where it lists its own and has not this one", async () => {
    expect(await verdict({ mine: withPanels({ type: "trend" }) })).toStrictEqual([
      "Grafana has no plugin for panels of: Mine: trend",
      fix,
    ]);
  });

  it.each([
    ["that is installed", "grafana-polystat-panel", '[{"id": "stat"}, {"id": "grafana-polystat-panel"}]'],
    ["that a Grafana brings which lists plugins alone", "timeseries", '[{"id": "grafana-polystat-panel"}]'],
    ["that a Grafana brings which lists nothing", "timeseries", "[]"],
  ])("are green of one %s", async (_, type, plugins) => {
    expect(await verdict({ mine: withPanels({ type }) }, { body: plugins })).toBe("1 there, all datasources bound");
  });
});

describe("the check of a dashboard's panels", () => {
  it("says of one that was saved as version 2 how it comes back", async () => {
    const api = grafanaApi(await labWith({ a: { status: 406, body: "{}" } }));
    await expect(api.dashboard("a")).rejects.toMatchObject({
      message: "dashboard a was saved in Grafana in the new schema (version 2)",
      fix: RESTORED,
    });
  });
});
