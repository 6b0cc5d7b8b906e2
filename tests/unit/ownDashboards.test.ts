import { ownDashboards } from "../../dashboards";

/** What the tests read of a dashboard in the form that Grafana gets. */
interface Model {
  readonly uid: string;
  readonly title: string;
  readonly refresh: string;
  readonly tags: readonly string[];
  readonly panels: readonly Panel[];
  readonly templating?: { readonly list: readonly Record<string, unknown>[] };
}

interface Panel {
  readonly id?: number;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: unknown;
  readonly type: string;
  readonly targets: readonly Target[];
  readonly options?: unknown;
  readonly fieldConfig: { readonly defaults: { readonly unit?: string; readonly mappings?: readonly unknown[] } };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}

interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly datasource: unknown;
}

const PROMETHEUS = { type: "prometheus", uid: "prometheus" };

function modelsOf(namePrefix: string, alertWebhook?: string): Model[] {
  return ownDashboards({ namePrefix, alertWebhook }).map(
    ({ model }) => JSON.parse(JSON.stringify(model)) as unknown as Model,
  );
}

const MODELS = modelsOf("");
const [overview, , ansible] = MODELS as [Model, Model, Model];

/** The queries of the panel of that title, as they are written. */
function exprsOf({ panels }: Model, title: string): string[] {
  return panels.filter((it) => it.title === title).flatMap(({ targets }) => targets.map(({ expr }) => expr));
}

it("exactly one dashboard is Grafana's home dashboard", () => {
  const own = ownDashboards({ namePrefix: "" });
  expect(own.filter(({ home }) => home).map(({ name }) => name)).toStrictEqual(["lab-overview"]);
  const uids = own.map(({ model }) => model.uid);
  expect(uids).toStrictEqual(["lab-overview", "lab-flask", "lab-ansible", "lab-jobs"]);
});

it("the queries of a panel with several have a letter each", () => {
  const several = MODELS.flatMap(({ panels }) => panels).filter(({ targets }) => targets.length > 1);
  expect(several.length).toBeGreaterThan(0);
  expect(several.map(({ targets }) => targets.map(({ refId }) => refId))).toStrictEqual(
    several.map(({ targets }) => targets.map((_, index) => String.fromCharCode("A".charCodeAt(0) + index))),
  );
});

describe.each(MODELS.map((model) => [model.uid, model] as const))("dashboard %s", (_, model) => {
  const { panels } = model;

  it("is like the others", () => {
    expect(model).toMatchObject({
      refresh: "5s",
      tags: ["observability-lab", expect.any(String)],
      links: [
        { type: "dashboards", tags: ["observability-lab"], keepTime: true },
        { type: "dashboards", tags: [], keepTime: true, asDropdown: true },
      ],
    });
    const top = panels.filter(({ gridPos }) => gridPos.y === 0);
    expect(top.map(({ type }) => type)).toStrictEqual(top.map(() => "stat"));
    expect(top.reduce((width, { gridPos }) => width + gridPos.w, 0)).toBe(24);
  });

  it("gives the panels of a row one height", () => {
    const heights = new Map<number, Set<number>>();
    for (const { gridPos } of panels) {
      heights.set(gridPos.y, (heights.get(gridPos.y) ?? new Set()).add(gridPos.h));
    }
    expect([...heights.values()].map(({ size }) => size)).toStrictEqual([...heights].map(() => 1));
  });

  it("shows the last and the highest value of every line", () => {
    const graphs = panels.filter(({ type }) => type === "timeseries");
    expect(graphs.length).toBeGreaterThan(0);
    for (const graph of graphs) {
      expect(graph).toMatchObject({ options: { legend: { calcs: ["lastNotNull", "max"], showLegend: true } } });
    }
  });

  it("shows states of a timeline as texts that are not cut if they began before the range", () => {
    for (const { options, fieldConfig } of panels.filter(({ type }) => type === "state-timeline")) {
      expect(options).toMatchObject({ showValue: "auto", alignValue: "center" });
      expect(fieldConfig.defaults.mappings).not.toHaveLength(0);
    }
  });

  it("has a unique title for every panel, and no colour of a single theme", () => {
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    // Grafana's colour "text" is nearly black in one theme and nearly white in the other
    expect(JSON.stringify(panels)).not.toContain('"color":"text"');
  });

  it("describes every panel", () => {
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
});

/** The mapping of these values to these texts and colours. */
function mapping(...values: [string, string, string][]): object[] {
  const options = values.map(([value, text, color], index) => [value, { text, color, index }] as const);
  return [{ type: "value", options: Object.fromEntries(options) }];
}

describe("dashboard lab-ansible", () => {
  it.each([
    ["Status", " or on () vector(-1)"],
    // over time it would be a series of its own
    ["Status over time", ""],
  ])("shows a green Success, a red Failure and a grey never ran in %s", (title, fallback) => {
    const panel = ansible.panels.find((it) => it.title === title);
    expect(panel?.fieldConfig.defaults.mappings?.map((it) => ({ ...(it as object) }))).toMatchObject([
      {
        options: {
          "-1": { text: "never ran", color: "#808080" },
          "0": { text: "Failure", color: "red" },
          "1": { text: "Success", color: "green" },
        },
      },
    ]);
    expect(exprsOf(ansible, title)).toStrictEqual([
      `label_replace(ansible_job_status{job="ansible_deployment", playbook=~"$playbook"}, ` +
        `"playbook", "without a name", "playbook", "")${fallback}`,
    ]);
  });

  it("lets the user choose among the existing playbooks", () => {
    expect(ansible.templating?.list).toMatchObject([
      {
        name: "playbook",
        type: "query",
        query: 'label_values(ansible_job_status{job="ansible_deployment"}, playbook)',
        multi: true,
        includeAll: true,
        allValue: ".*",
        current: { value: ["$__all"] },
        datasource: PROMETHEUS,
      },
    ]);
  });

  it("shows a playbook that never succeeded as a number that is not an age", () => {
    const panel = ansible.panels.find((it) => it.title === "Since last success");
    expect(panel?.fieldConfig.defaults.mappings).toStrictEqual(mapping(["-1", "never succeeded", "red"]));
    expect(exprsOf(ansible, "Since last success")[0]).toContain("or 0 * ansible_job_last_run_timestamp_seconds");
  });
});

describe("dashboard lab-overview", () => {
  it.each([
    ["", '{job="docker_containers", name=~"(prometheus|grafana|node_exporter|cadvisor|pushgateway)"}'],
    ["team.a-", '{job="docker_containers", name=~"team[.]a-(prometheus|grafana|node_exporter|cadvisor|pushgateway)"}'],
  ])("queries with the prefix %j only the lab's own containers", (prefix, selector) => {
    const [model = overview] = modelsOf(prefix);
    const exprs = model.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    const asking = exprs.filter((expr) => expr.includes("container_"));
    expect(asking.length).toBeGreaterThan(5);
    for (const expr of asking) {
      const selectors = [...expr.matchAll(/container_\w+(\{[^}]*\})?/g)].map(([, matched]) => matched);
      expect(selectors).toStrictEqual(selectors.map(() => selector));
    }
  });

  it("returns numbers that are good at 0, in the first row", () => {
    const titles = overview.panels.slice(0, 4).map(({ title }) => title);
    expect(titles).toStrictEqual(["Targets down", "Containers not healthy", "Alerts firing", "Container restarts"]);
    for (const title of titles) {
      expect(exprsOf(overview, title)[0]).toContain("or vector(0)");
    }
  });

  it("shows no alert as good, and one by its severity", () => {
    const panel = overview.panels.find(({ title }) => title === "Alerts");
    expect(panel?.fieldConfig.defaults.mappings).toStrictEqual(
      mapping(["0", "No alert", "green"], ["1", "Warning", "orange"], ["2", "Critical", "red"]),
    );
    expect(exprsOf(overview, "Alerts")[0]).toMatch(/^2 \* .+severity="critical".+severity="warning".+vector\(0\)/);
  });

  it("does not count the watchdog, which always fires", () => {
    expect(exprsOf(overview, "Alerts firing")).toStrictEqual([
      'count(ALERTS{alertstate="firing", severity!="none"}) or vector(0)',
    ]);
  });

  it("includes Alertmanager only if there is one", () => {
    const [model = overview] = modelsOf("", "https://example.org");
    expect(exprsOf(model, "Containers not healthy")[0]).toMatch(/^6 - .*\|alertmanager\)/);
    expect(exprsOf(overview, "Containers not healthy")[0]).toMatch(/^5 - /);
  });
});
