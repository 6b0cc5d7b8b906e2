import { jobsDashboard } from "../../dashboards/jobs";
import { readAsset } from "../../lib/shared/assets";

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly y: number; readonly h: number };
  readonly targets: readonly { readonly expr: string; readonly format?: string; readonly legendFormat?: string }[];
  readonly transformations?: readonly { readonly id: string; readonly options: Readonly<Record<string, unknown>> }[];
  readonly fieldConfig: {
    readonly defaults: { readonly mappings?: readonly Mapping[] };
    readonly overrides: readonly { readonly properties: readonly { readonly id: string; readonly value: unknown }[] }[];
  };
}

interface Mapping {
  readonly options: Readonly<Record<string, { readonly text: string; readonly color: string }>>;
}

const { panels, templating } = JSON.parse(JSON.stringify(jobsDashboard())) as {
  panels: readonly Panel[];
  templating?: unknown;
};
const PLACEHOLDER = 'label_replace(vector(-1), "job", "no job has pushed yet", "", "")';

function panel(title: string): Panel {
  const found = panels.find((it) => it.title === title);
  if (found === undefined) {
    throw new Error(`no panel is titled ${title}`);
  }
  return found;
}

/** Texts of the states, by their numbers. */
function texts({ options }: Mapping): Record<string, string> {
  return Object.fromEntries(Object.entries(options).map(([number, { text }]) => [number, text]));
}

it("fits on a screen of 1000 pixels", () => {
  const rows = Math.max(...panels.map(({ gridPos }) => gridPos.y + gridPos.h));
  // a row of Grafana's grid is 30 pixels high, 8 from the next one; its own bars are less than 200 high
  expect(rows * 38).toBeLessThanOrEqual(800);
});

it("shows the state of each job as text, as the rules number the states", () => {
  const states = "4 failed, 3 not run, 2 not succeeded, 1 succeeded, 0 nothing that says how the last run ended";
  expect(readAsset("prometheus", "jobs.rules.yml")).toContain(states);
  const expected = {
    "-1": "–",
    "0": "No result pushed",
    "1": "Succeeded",
    "2": "Not succeeded",
    "3": "Not run",
    "4": "Failed",
  };
  expect(panel("State over time").fieldConfig.defaults.mappings?.map(texts)).toStrictEqual([expected]);
  const [{ properties } = { properties: [] }] = panel("Last run of each job").fieldConfig.overrides;
  const value = properties.find(({ id }) => id === "mappings")?.value as readonly Mapping[];
  expect(value.map(texts)).toStrictEqual([expected]);
});

it("has a table whose columns have the same rows, and one that shows the absence of jobs", () => {
  const { targets, transformations } = panel("Last run of each job");
  expect(targets).toHaveLength(4);
  for (const { expr, format } of targets) {
    expect(format).toBe("table");
    expect(expr).toMatch(/ or -1 \+ 0 \* pushed_job:state or on \(\) label_replace\(/);
    expect(expr.endsWith(PLACEHOLDER)).toBe(true);
  }
  expect(transformations).toMatchObject([
    { id: "merge" },
    {
      id: "organize",
      options: {
        excludeByName: { Time: true },
        renameByName: {
          "Value #A": "State",
          "Value #B": "Since last run",
          "Value #C": "Since last success",
          "Value #D": "Duration",
        },
      },
    },
  ]);
});

it.each(["State over time", "Duration over time"])("shows the placeholder in %s only without any job", (title) => {
  const [target] = panel(title).targets;
  expect(target?.expr).toContain(`or on () (${PLACEHOLDER} unless on () last_over_time(`);
  expect(target?.expr).toMatch(/\[\$__range\] @ end\(\)\)\)$/);
  // every label, whatever it is called
  expect(target?.legendFormat).toBe("__auto");
});

it("shows jobs of every name and label", () => {
  expect(templating).toStrictEqual({});
  for (const { expr } of panels.flatMap(({ targets }) => targets)) {
    expect(expr).not.toMatch(/[{][^}]/);
  }
});
