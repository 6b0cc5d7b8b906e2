import * as fs from "node:fs";
import * as path from "node:path";
import { parse, stringify } from "yaml";
import { machineStack } from "./harness";

/** A proposed change, and the expected content of its report. */
export interface ProposedChange {
  readonly name: string;
  /** Makes the change in a checkout. */
  readonly make: (checkout: string) => void;
  readonly summary: string;
  readonly says: readonly (string | RegExp)[];
  /** Must not be in the report: parts that the change does not affect. */
  readonly silent: readonly (string | RegExp)[];
}

const RECEIVER = "https://metrics.example.org/api/v1/write";
const PROMETHEUS_RELOADS = "| ~ update | reload | `prometheus` | its configuration |";
const NO_PROMETHEUS = ["prometheus.yml", "| `prometheus` |"];
const NO_GRAFANA = ["| `grafana` |", "| dashboard |", "| panel |"];
const NO_HOST = ["| app |", "| playbook |"];
const NO_ALERT = ["| alert |"];
const NO_RESTART = ["**Restarts**"];

/** Changes of every part of a lab. */
export const PROPOSED: readonly ProposedChange[] = [
  {
    name: "the scrape interval",
    make: (checkout) => {
      set(checkout, { scrapeInterval: "10s" });
    },
    summary: "2 to update, 1 to replace",
    says: [
      "| ~ update | setting of Prometheus | `scrape_interval` | `5s` → `10s` |",
      PROMETHEUS_RELOADS,
      "| ~ update | datasource | `Prometheus` | jsonDataEncoded.timeInterval: `5s` → `10s` |",
      "-  scrape_interval: 5s\n",
      "+  scrape_interval: 10s\n",
    ],
    silent: [...NO_GRAFANA, ...NO_HOST, ...NO_ALERT, ...NO_RESTART],
  },
  {
    name: "an image's tag",
    make: (checkout) => {
      set(checkout, { pushgatewayImage: "observability-lab/pushgateway:another" });
    },
    summary: "1 to replace",
    says: [
      /\| ± replace \| container \| `pushgateway` \| image \(replaces\): `\S+` → `observability-lab\/pushgateway:another` \|/,
      "**Restarts**: `pushgateway` (keeps the pushed metrics).",
    ],
    silent: [...NO_PROMETHEUS, ...NO_GRAFANA, ...NO_HOST, ...NO_ALERT],
  },
  {
    name: "a port",
    make: (checkout) => {
      set(checkout, { pushgatewayPort: 9191 });
    },
    summary: "1 to update, 1 to replace",
    says: ["| container | `pushgateway` | ports[0].external (replaces): `9091` → `9191` |", "| ~ update | playbook |"],
    silent: [...NO_PROMETHEUS, ...NO_GRAFANA, "| app |"],
  },
  {
    name: "a memory limit",
    make: (checkout) => {
      set(checkout, { nodeExporterMemory: 160 });
    },
    summary: "1 to replace",
    says: ["| container | `node_exporter` |", "memory: `128` → `160`"],
    silent: [...NO_PROMETHEUS, ...NO_GRAFANA, ...NO_HOST],
  },
  {
    name: "a new scrape target",
    make: (checkout) => {
      set(checkout, { extraScrapeTargets: [{ job: "queue", targets: ["queue:9000"] }] });
    },
    summary: "1 to update, 1 to replace",
    says: ["| + create | scrape job | `queue` | targets `queue:9000` |", "+  - job_name: queue\n", PROMETHEUS_RELOADS],
    silent: [...NO_GRAFANA, ...NO_HOST, ...NO_ALERT],
  },
  {
    name: "a receiver of remote write",
    make: (checkout) => {
      set(checkout, { remoteWrite: [{ url: RECEIVER }] });
    },
    summary: "2 to update, 2 to replace",
    says: [
      `| + create | receiver of remote write | \`${RECEIVER}\` |`,
      `+  - url: ${RECEIVER}\n`,
      "**Restarts**: `prometheus` (keeps its samples).",
    ],
    silent: [...NO_GRAFANA, ...NO_HOST, ...NO_ALERT, "scrape job", ".invalid"],
  },
  {
    name: "a receiver of remote write with a password",
    make: (checkout) => {
      const password = { secure: "v1:bm9uY2U=:Y2lwaGVydGV4dA==" };
      set(checkout, { remoteWrite: [{ url: RECEIVER, username: "lab", password }] });
    },
    summary: "2 to update, 2 to replace",
    says: [
      "| ± replace | configuration | `prometheus` | prometheus.yml (+5 −0), remote_write_0 (+1 −0) |",
      "+[secret]\n",
    ],
    silent: [...NO_GRAFANA, ...NO_HOST, ...NO_ALERT, "scrape job", ".invalid", "− delete"],
  },
  {
    name: "a new panel",
    make: (checkout) => {
      edit(checkout, "dashboards/flask.ts", (text) =>
        text.replace(
          "    .withPanel(",
          '    .withPanel(stat("Workers", "How many.").withTarget(queryNow("flask_workers")))\n    .withPanel(',
        ),
      );
    },
    summary: "1 to update",
    says: ["| dashboard | `Flask app` |", "| + create | panel | `Workers (Flask app)` | `flask_workers` |"],
    silent: [...NO_PROMETHEUS, ...NO_HOST, ...NO_RESTART, "| ~ update | panel |", "Ansible"],
  },
  {
    name: "a changed query",
    make: (checkout) => {
      edit(checkout, "dashboards/flask.ts", (text) => text.replace("up{${JOB}}", "min(up{${JOB}})"));
    },
    summary: "1 to update",
    says: [
      '| ~ update | panel | `Up (Flask app)` | query A: `up{job="flask_app"}` → `min(up{job="flask_app"})` |',
      '-  - expr: up{job="flask_app"}\n',
    ],
    silent: [...NO_PROMETHEUS, ...NO_HOST, ...NO_RESTART, "| + create"],
  },
  {
    name: "an alert's threshold",
    make: (checkout) => {
      edit(checkout, "assets/prometheus/flask.rules.yml", (text) => text.replace("> 0.05", "> 0.25"));
    },
    summary: "1 to update, 1 to replace",
    says: [
      "| ~ update | alert | `FlaskErrors` | expr: ",
      "> 0.05 ",
      "> 0.25 ",
      "flask.rules.yml (+1 −1)",
      PROMETHEUS_RELOADS,
    ],
    silent: [...NO_GRAFANA, ...NO_HOST, "`FlaskSlow`", "scrape job"],
  },
  {
    name: "the app's code",
    make: (checkout) => {
      edit(checkout, "assets/flask/app.py", (text) => `${text}\n# another line\n`);
    },
    summary: "1 to replace",
    says: [
      "| ± replace | app | `Flask` | app.py (+2 −0) |",
      "+# another line",
      "the Flask app (its counters start at 0)",
    ],
    silent: [...NO_PROMETHEUS, ...NO_GRAFANA, "| playbook |", "Python environment"],
  },
  {
    name: "the playbook",
    make: (checkout) => {
      edit(checkout, "assets/ansible/monitor_playbook.yml", (text) => `${text}# another line\n`);
    },
    summary: "1 to replace",
    says: ["| ± replace | playbook | `monitor_playbook` | monitor_playbook.yml (+1 −0) |"],
    silent: [...NO_PROMETHEUS, ...NO_GRAFANA, ...NO_RESTART, "| app |"],
  },
  {
    name: "Grafana's password",
    make: (checkout) => {
      set(checkout, { grafanaAdminPassword: { secure: "v1:bm9uY2U=:Y2lwaGVydGV4dA==" } });
    },
    summary: "",
    says: [
      "| password | `of Grafana's admin` |",
      "`[secret]`",
      "**Restarts**: `grafana` (keeps its dashboards and users).",
    ],
    silent: [...NO_PROMETHEUS, ...NO_HOST, "v1:bm9uY2U"],
  },
  {
    name: "a removed dashboard",
    make: (checkout) => {
      edit(checkout, "dashboards/index.ts", (text) => text.replace(/^.*"ansible-playbooks".*\n/m, ""));
    },
    summary: "1 to delete",
    says: ["| − delete | dashboard | `Ansible playbooks` |  |"],
    silent: [...NO_PROMETHEUS, ...NO_HOST, ...NO_RESTART, "| update"],
  },
  { name: "nothing", make: () => undefined, summary: "no change", says: [], silent: ["| part |", ...NO_RESTART] },
];

/** Changes a file of a checkout, and checks that it differs. */
export function edit(checkout: string, name: string, change: (text: string) => string): void {
  const file = path.join(checkout, name);
  const before = fs.readFileSync(file, "utf8");
  const after = change(before);
  expect(after).not.toBe(before);
  fs.writeFileSync(file, after);
}

/** Sets settings in the tracked file of the machine's stack. */
export function set(checkout: string, settings: Readonly<Record<string, unknown>>): void {
  edit(checkout, `Pulumi.${machineStack()}.yaml`, (text) => {
    const content = parse(text) as { config: Record<string, unknown> };
    const named = Object.entries(settings).map(([key, value]) => [`observability-lab:${key}`, value] as const);
    return stringify({ ...content, config: { ...content.config, ...Object.fromEntries(named) } });
  });
}
