import { ansibleDashboard } from "../../components/dashboards/ansible";
import { flaskDashboard } from "../../components/dashboards/flask";

/** What the tests read of a dashboard in the form that Grafana gets. */
interface Model {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
}

interface Panel {
  readonly id?: number;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: unknown;
  readonly targets: readonly { readonly refId?: string; readonly expr: string; readonly datasource: unknown }[];
  readonly fieldConfig: { readonly defaults: { readonly unit?: string; readonly mappings?: readonly unknown[] } };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}

const PROMETHEUS = { type: "prometheus", uid: "prometheus" };

function modelOf(dashboard: object): Model {
  return JSON.parse(JSON.stringify(dashboard)) as Model;
}

const flask = modelOf(flaskDashboard());
const ansible = modelOf(ansibleDashboard());

describe.each([
  ["lab-flask", "Flask app", flask],
  ["lab-ansible", "Ansible playbooks", ansible],
])("dashboard %s", (uid, title, { panels, ...model }) => {
  it("keeps its uid, by which links find it", () => {
    expect(model).toMatchObject({ uid, title });
  });

  it("says of every panel what it shows", () => {
    expect(panels.length).toBeGreaterThan(0);
    expect(panels.filter((it) => !(it.description ?? "").endsWith(".")).map((it) => it.title)).toStrictEqual([]);
  });

  it("gives every number a unit or a text", () => {
    const bare = panels.filter(
      ({ fieldConfig: { defaults } }) => defaults.unit === undefined && (defaults.mappings ?? []).length === 0,
    );
    expect(bare.map((it) => it.title)).toStrictEqual([]);
  });

  it("addresses the lab's datasource by uid in every panel and query", () => {
    for (const { datasource, targets } of panels) {
      expect(targets.length).toBeGreaterThan(0);
      expect([datasource, ...targets.map((it) => it.datasource)]).toStrictEqual(
        Array(targets.length + 1).fill(PROMETHEUS),
      );
      expect(targets.filter(({ expr }) => expr === "")).toStrictEqual([]);
    }
  });

  it("tells the queries of a panel apart", () => {
    for (const { targets } of panels.filter((it) => it.targets.length > 1)) {
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
    }
  });

  it("numbers its panels", () => {
    expect(panels.map(({ id }) => id)).toStrictEqual(panels.map((_, index) => index + 1));
  });

  it("lays no panel over another or beside the page", () => {
    for (const [index, { gridPos: one }] of panels.entries()) {
      const over = panels
        .slice(index + 1)
        .filter(
          ({ gridPos: other }) =>
            one.x < other.x + other.w &&
            other.x < one.x + one.w &&
            one.y < other.y + other.h &&
            other.y < one.y + one.h,
        );
      expect(over.map((it) => it.title)).toStrictEqual([]);
      expect(one.x + one.w).toBeLessThanOrEqual(24);
    }
  });

  it("shows counters as rates only", () => {
    const exprs = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    const raw = exprs.map((expr) => expr.replace(/rate\(\w+(\{[^}]*\})?\[\$__rate_interval\]\)/g, ""));
    expect(raw.filter((rest) => /_(total|count|bucket|sum)\b/.test(rest))).toStrictEqual([]);
  });
});

describe("dashboard lab-ansible", () => {
  it.each(["Status", "Status over time"])("shows 1 as a green Success and 0 as a red Failure in %s", (title) => {
    const panel = ansible.panels.find((it) => it.title === title);
    expect(panel?.targets.map(({ expr }) => expr)).toStrictEqual(["ansible_job_status"]);
    expect(panel?.fieldConfig.defaults.mappings).toStrictEqual([
      {
        type: "value",
        options: {
          "0": { text: "Failure", color: "red", index: 0 },
          "1": { text: "Success", color: "green", index: 1 },
        },
      },
    ]);
  });
});

describe("dashboard lab-flask", () => {
  it("shows rate, errors and duration of the requests", () => {
    const exprs = flask.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    const seconds = "flask_http_request_duration_seconds";
    expect(exprs).toContain(`sum(rate(${seconds}_count[$__rate_interval]))`);
    expect(exprs).toContain(`histogram_quantile(0.95, sum by (le) (rate(${seconds}_bucket[$__rate_interval])))`);
    expect(exprs.some((expr) => expr.includes(`${seconds}_count{status=~"5.."}`))).toBe(true);
  });
});
