import { edit } from "./changes";

/** A change, and the expected results in its report. */
export interface AskedChange {
  /** Name of its example in `docs/examples/`. */
  readonly example: string;
  readonly name: string;
  readonly make: (checkout: string) => void;
  /** Whether the change is also applied. */
  readonly apply?: boolean;
  /** What fails the check. */
  readonly problems: readonly string[];
  /** Lines of the report, except values and sparklines. */
  readonly lines: readonly (string | RegExp)[];
}

const FLASK = "dashboards/flask.ts";
const FLASK_RULES = "assets/prometheus/flask.rules.yml";
const LINE = "[▁▂▃▄▅▆▇█·]+";
const MANY = 300;

/** A change of the app's dashboard. */
const inFlask =
  (from: string, to: string): AskedChange["make"] =>
  (checkout) => {
    edit(checkout, FLASK, (text) => text.replace(from, to));
  };

/** An additional rule in the app's rule file. */
const withRule =
  (name: string, expr: string): AskedChange["make"] =>
  (checkout) => {
    const annotations = 'annotations:\n          summary: "{{ $labels.job }} has {{ $value | humanize }}"';
    const rule = `      - alert: ${name}\n        expr: ${expr}\n        ${annotations}\n`;
    edit(checkout, FLASK_RULES, (text) => `${text.trimEnd()}\n${rule}`);
  };

export const ASKED: readonly AskedChange[] = [
  {
    example: "metric-typing-error",
    name: "a typing error in a metric",
    make: inFlask('in_flight{${JOB}}`, "in flight"', 'in_flght{${JOB}}`, "in flight"'),
    problems: ["1 panel shows no data"],
    lines: [
      /^## Lab preview: 1 to update; 1 panel shows no data$/m,
      new RegExp(
        String.raw`^\| ~ update \| panel \| \`Requests in flight \(Flask app\)\` \| query A: .*; reads \`\d+\` ${LINE} → \*\*no data\*\* ` +
          String.raw`\(no series of flask_http_requests_in_flght\{job="flask_app"\}\) \*\*lost its data\*\* \|$`,
        "m",
      ),
    ],
  },
  {
    example: "changed-unit",
    name: "a changed unit",
    make: inFlask('.unit("reqps")', '.unit("short")'),
    problems: [],
    lines: [
      new RegExp(
        String.raw`^\| ~ update \| panel \| \`Requests per second \(Flask app\)\` \| .*; reads \`[\d.]+ req/s\` ${LINE} → \`[\d.]+\` ${LINE} \|$`,
        "m",
      ),
    ],
  },
  {
    example: "threshold",
    name: "a threshold",
    make: inFlask('thresholds("blue", [8, "orange"])', 'thresholds("blue", [-1, "orange"])'),
    problems: [],
    lines: [
      /^\| ~ update \| panel \| `Requests in flight now \(Flask app\)` \| .*; reads `\d+ \(blue\)` ▁?▄? ?→ `\d+ \(orange\)`.*\|$/m,
    ],
  },
  {
    example: "changed-variable",
    name: "a changed variable",
    make: inFlask('.label("Path")', '.label("Path").allValue("/fast")'),
    problems: [],
    lines: [
      /^\| ~ update \| panel \| `Requests by path \(Flask app\)` \| by its variable path; reads \d series: .* → `[\d.]+ req\/s` .*\|$/m,
    ],
  },
  {
    example: "reformatted",
    name: "a query that is only reformatted",
    make: inFlask("`up{${JOB}}`", "`up{ ${JOB} }`"),
    problems: [],
    lines: ["\n\nQueried 1 panel before and after: the results are identical.\n\n", "; unchanged: `Up (green)`"],
  },
  {
    example: "alert-fires-at-once",
    name: "a rule that fires at once",
    make: withRule("AppIsUp", 'up{job="flask_app"} == 1'),
    problems: [],
    lines: [
      /^\| \+ create \| alert \| `AppIsUp` \| `up\{job="flask_app"\} == 1`; is \*\*firing\*\* for `instance="host\.docker\.internal:5000", job="flask_app"` \(1\) \|$/m,
      "**Fires at once**: `AppIsUp`.",
      "summary: flask_app has 1\n",
      "Promtool tests pass: `tests/flask.test.yml`.",
    ],
  },
  {
    example: "alert-on-missing-metric",
    name: "a rule on a metric that does not exist",
    make: withRule("QueueLong", "flask_queue_length > 10"),
    problems: [],
    lines: [
      "| + create | alert | `QueueLong` | `flask_queue_length > 10`; **cannot fire**: no series of `flask_queue_length` in the lab |",
      "**Cannot fire**: `QueueLong` (no series of `flask_queue_length` in the lab).",
    ],
  },
  {
    example: "recorded-metric",
    name: "a panel of a metric that the change first records",
    make: (checkout) => {
      const rule =
        "      - record: job:flask_in_flight:sum\n        expr: sum by (job) (flask_http_requests_in_flight)\n";
      edit(checkout, FLASK_RULES, (text) => `${text.trimEnd()}\n${rule}`);
      inFlask(
        'flask_http_requests_in_flight{${JOB}}`, "in flight"',
        'job:flask_in_flight:sum{${JOB}}`, "in flight"',
      )(checkout);
    },
    problems: [],
    lines: [
      /; reads `\d+` [▁-█·]+ → unknown before the update: job:flask_in_flight:sum is first recorded by this change \|$/m,
    ],
  },
  {
    example: "many-panels",
    name: `${String(MANY)} panels`,
    make: (checkout) => {
      edit(checkout, FLASK, (text) => {
        const copies = `Array.from({ length: ${String(MANY)} }, (_, at) => ({ ...panels[0]!, id: 100 + at, title: \`Copy \${at}\` }))`;
        return `${text.replace("function flaskDashboard", "function original")}
export function flaskDashboard(): Dashboard {
  const dashboard = original();
  const panels = (dashboard.panels ?? []) as { id?: number; title?: string }[];
  return { ...dashboard, panels: [...panels, ...${copies}] as Dashboard["panels"] };
}
`;
      });
    },
    problems: [],
    lines: [
      '| + create | panel | `Copy 0 (Flask app)` | `up{job="flask_app"}`; reads `Up (green)` ▄ |',
      /^\d+ more lines of the table are cut\.$/m,
    ],
  },
  {
    example: "removed-job",
    name: "a removed job, which empties dashboards",
    apply: true,
    make: (checkout) => {
      edit(checkout, "components/monitoring/prometheus.ts", (text) =>
        text.replace('          job("docker_containers", [target("cadvisor")]),\n', ""),
      );
    },
    problems: [expect.stringMatching(/^\d+ panels and rules lose data after the update$/)],
    lines: [
      "| − delete | scrape job | `docker_containers` | targets `cadvisor:8080` |",
      /^\*\*Data lost when the change is applied\*\*: .* Likely cause: components\/monitoring\/prometheus\.ts:\d+ `- job\("docker_containers", \[target\("cadvisor"\)\]\),`\.$/m,
      /^panel CPU by container \(Lab overview\): no longer any series of container_cpu_usage_seconds_total.*$/m,
      /^alert ContainerRestarting: no longer any series of container_start_time_seconds.*$/m,
    ],
  },
  {
    example: "renamed-label",
    name: "a renamed label",
    apply: true,
    make: (checkout) => {
      edit(checkout, "assets/flask/app.py", (text) =>
        text.replace("def path(req", "def route(req").replace("group_by=path", "group_by=route"),
      );
    },
    problems: [expect.stringMatching(/^\d+ panels and rules lose data after the update$/)],
    lines: [
      /Likely cause: assets\/flask\/app\.py:\d+ `- def path\(req: Request\) -> str:`/,
      /^panel Requests by path \(Flask app\): .*$/m,
    ],
  },
];
