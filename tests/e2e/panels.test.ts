import { execFile } from "node:child_process";
import * as path from "node:path";
import { promisify } from "node:util";
import { LabOutputs, signIn } from "../../tools/verify/lab";
import { grafanaApi } from "../../tools/verify/panels/grafana";
import { PanelResult, proveDashboard } from "../../tools/verify/panels/panelResult";
import { createTestLab, hasRealDashboards, PROJECT, removeTestLab, TestLab, verify } from "../support/harness";

jest.setTimeout(300_000);

/** The step of a graph over 24 hours, the range of 1860: by then it has drawn once. */
const TRAFFIC_SECONDS = 120;
const REQUESTS_PER_SECOND = 5;
/** Metric of the app, with a series for each path and status. */
const REQUESTS = "flask_http_request_duration_seconds_count";

const { skip } = it;
const onRealFiles = hasRealDashboards() ? it : skip;
const why = hasRealDashboards() ? "" : " (skipped: the real files are not in shared/data/dashboards)";

let lab: TestLab;
let outputs: LabOutputs;
let checks: { check: string; ok: boolean; seen: string; details?: PanelResult }[];

beforeAll(async () => {
  lab = await createTestLab("panels-", "172.30.95.0/24");
  await lab.stack.up();
  outputs = Object.fromEntries(
    Object.entries(await lab.stack.outputs()).map(([key, { value }]) => [key, value as unknown]),
  ) as unknown as LabOutputs;
  const traffic = path.join(PROJECT, "scripts/traffic.js");
  const run = [outputs.flaskUrl, TRAFFIC_SECONDS, REQUESTS_PER_SECOND].map(String);
  await promisify(execFile)(process.execPath, [traffic, ...run]);
  checks = (await verify(lab)).checks;
});

afterAll(async () => {
  await removeTestLab(lab);
});

function proofs(): PanelResult[] {
  return checks.flatMap(({ details }) => details ?? []);
}

function proofOf(uid: string): PanelResult {
  const proof = proofs().find((it) => it.uid === uid);
  if (proof === undefined) {
    throw new Error(`no proof of ${uid} among ${checks.map(({ check }) => check).join(", ")}`);
  }
  return proof;
}

/** Titles of the panels, by what they show. */
function titles({ panels }: PanelResult, ...states: string[]): string[] {
  return panels.filter(({ state }) => states.includes(state)).map(({ title }) => title);
}

async function post(url: string, body: object): Promise<void> {
  const response = await fetch(`${outputs.grafanaUrl}${url}`, {
    method: "POST",
    headers: { ...signIn(outputs), "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect([url, response.status]).toStrictEqual([url, 200]);
}

describe("the panels of a lab with traffic", () => {
  it("are checked for every dashboard", () => {
    const failed = checks.filter(({ check, ok }) => check.startsWith("panels: ") && !ok);
    expect(failed.map(({ check, seen }) => `${check}: ${seen}`)).toStrictEqual([]);
    expect(proofs().map(({ uid }) => uid)).toStrictEqual([...outputs.dashboards]);
  });

  it("all show data by every query in the lab's own dashboards", () => {
    const own = proofs().filter((proof) => proof.own);
    expect(own.map(({ uid }) => uid)).toEqual(expect.arrayContaining(["lab-flask", "lab-ansible"]));
    for (const { title, panels } of own) {
      const dark = panels.flatMap(({ queries }) => queries.filter(({ state }) => state !== "data"));
      expect([title, dark]).toStrictEqual([title, []]);
      expect(panels.length).toBeGreaterThan(0);
    }
  });

  onRealFiles(`of 14282 all show data${why}`, () => {
    const proof = proofOf("pMEd7m0Mz");
    expect(titles(proof, "explained", "missing", "error")).toStrictEqual([]);
    expect(proof.panels).toHaveLength(6);
  });

  onRealFiles(`of 1860 show data, nine in ten at least, and the host says why not the others${why}`, () => {
    const proof = proofOf("rYdddlPWk");
    expect(proof.panels).toHaveLength(125);
    expect(titles(proof, "missing", "error")).toStrictEqual([]);
    expect(titles(proof, "data").length / proof.panels.length).toBeGreaterThanOrEqual(0.9);
    // drawn over the dashboard's whole range by now, but for the narrow panel, whose step is five minutes
    const late = proof.panels.filter(({ queries }) => queries.some(({ tooNew }) => tooNew === true));
    expect(late.map(({ title }) => title).filter((title) => title !== "Node Exporter Scrape")).toStrictEqual([]);
  });
});

describe("a dashboard with faults", () => {
  const query = (expr: string): object => ({ refId: "A", expr });
  const panel = (title: string, expr: string, fields: object = {}): object => ({
    type: "timeseries",
    title,
    datasource: { type: "prometheus", uid: "prometheus" },
    targets: [query(expr)],
    gridPos: { x: 0, y: 0, w: 12, h: 8 },
    ...fields,
  });

  it("is reported panel by panel, including those in rows, of the library and repeated ones", async () => {
    const library = { name: "Shared", uid: "shared", kind: 1, model: panel("Shared", "up") };
    await post("/api/library-elements", library);
    const list = [
      { name: "job", type: "query", query: "label_values(up, job)", datasource: null, multi: true, includeAll: true },
    ];
    const nested = [panel("In a row", "absent_metric")];
    const dashboard = {
      uid: "faults",
      title: "Faults",
      time: { from: "now-5m", to: "now" },
      templating: { list },
      panels: [
        panel("Wrong", "sum("),
        panel("Of $job", 'up{job=~"$job"}', { repeat: "job" }),
        panel("No such collector", "node_bonding_slaves"),
        panel("Old name", "node_cpu"),
        panel("Half finished", "", { targets: [query("up"), { ...query(""), refId: "B" }] }),
        panel("Hidden", "sum(", { targets: [{ ...query("sum("), hide: true }] }),
        { ...panel("Text", "sum("), type: "text", gridPos: { x: 0, y: 8, w: 12, h: 8 } },
        { type: "row", title: "Row", collapsed: true, panels: nested, gridPos: { x: 0, y: 16, w: 24, h: 1 } },
        { title: "Shared", libraryPanel: { uid: "shared", name: "Shared" }, gridPos: { x: 0, y: 17, w: 12, h: 8 } },
      ],
    };
    await post("/api/dashboards/db", { dashboard, overwrite: true });
    const proof = await proveDashboard(grafanaApi(outputs), "faults");
    expect(titles(proof, "error")).toStrictEqual(["Wrong", "Old name"]);
    const errors = proof.panels.flatMap(({ queries }) => queries.flatMap(({ error }) => error ?? []));
    expect(errors[0]).toContain("parse error");
    expect(errors[1]).toContain("did you mean node_cpu_seconds_total?");
    expect(titles(proof, "missing")).toStrictEqual(["In a row"]);
    expect(titles(proof, "explained")).toStrictEqual(["No such collector"]);
    expect(titles(proof, "data")).toEqual(
      expect.arrayContaining(["Of flask_app", "Of linux_host", "Half finished", "Shared"]),
    );
    expect(titles(proof, "data")).not.toContain("Hidden");
  });

  it("excuses panels that are rightly empty, and queries each over its own time", async () => {
    const computed = [
      { ...query("node_bonding_slaves"), hide: true },
      {
        refId: "B",
        type: "reduce",
        expression: "A",
        reducer: "last",
        datasource: { type: "__expr__", uid: "__expr__" },
      },
    ];
    const topJobs = "query_result(topk(1, count by (job) (rate(prometheus_http_requests_total[$__range]))))";
    const list = [
      { name: "top", type: "query", query: topJobs, regex: '/job="([^"]+)"/', datasource: null },
      { name: "nothing", type: "query", query: "", datasource: null },
    ];
    const dashboard = {
      uid: "rightly-empty",
      title: "Rightly empty",
      // the lab is older, so that no target is absent in it
      time: { from: "now-1m", to: "now" },
      templating: { list },
      panels: [
        panel("Down", "up == 0"),
        panel("Absent", 'absent(up{job="prometheus"})'),
        panel("Unless", "up unless up"),
        panel("Alerts", 'ALERTS{alertstate="firing",alertname="TargetDown"}'),
        panel("A week ago", "up - up offset 1w"),
        panel("Shifted", "up", { timeShift: "1d" }),
        panel("Last hour", "up", { timeFrom: "1h" }),
        panel("Of $top", 'up{job="$top"}'),
        panel("Failures", `rate(${REQUESTS}{path="/fast",status=~"5.."}[1m])`),
        panel("Excluded", `${REQUESTS}{path!~"/.*"}`),
        panel("Down elsewhere", 'up{job="nowhere"} == 0'),
        panel("Wrong label", `rate(${REQUESTS}{path="/fast",code=~"5.."}[1m])`),
        panel("No such alert", 'ALERTS{alertname="NoSuchAlert"}'),
        panel("Not joined", 'prometheus_build_info * on (version) (process_start_time_seconds{job="prometheus"} > 0)'),
        panel("Computed", "", { targets: computed }),
      ],
    };
    await post("/api/dashboards/db", { dashboard, overwrite: true });
    const proof = await proveDashboard(grafanaApi(outputs), "rightly-empty");
    const reasons = Object.fromEntries(
      proof.panels.flatMap(({ title, state, queries }) =>
        state === "explained" ? [[title, queries.find(({ reason }) => reason !== undefined)?.reason]] : [],
      ),
    );
    expect(reasons).toMatchObject({
      Down: "no value passes its comparison",
      Absent: "the series that it looks for the absence of exist",
      Unless: "its unless leaves no series",
      Alerts: 'no alert is active as ALERTS{alertstate="firing",alertname="TargetDown"}',
      "A week ago": "up did not exist 1w earlier",
      Shifted: "up did not exist 1d earlier",
      Failures: `no series of ${REQUESTS}{path="/fast"} has status=~"5.."`,
      Excluded: `no series of ${REQUESTS} has path!~"/.*"`,
      Computed: expect.stringContaining("bonding") as unknown,
    });
    expect(titles(proof, "missing")).toStrictEqual(["Down elsewhere", "Wrong label", "No such alert", "Not joined"]);
    expect(titles(proof, "error")).toStrictEqual([]);
    expect(titles(proof, "data")).toStrictEqual(["Last hour", "Of prometheus"]);
  });
});
