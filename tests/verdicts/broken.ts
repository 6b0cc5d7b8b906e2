import { setTimeout } from "node:timers/promises";
import { docker } from "../support/harness";
import { appPid, signal } from "../support/processes";
import { expectOk } from "../support/userLab";
import { Bench } from "./bench";
import { BENCH_DASHBOARD, withPanel } from "./dashboards";

/** Something that is broken, the verdict that `make verify` gives of it, and how it is put right again. */
export interface BrokenWorld {
  readonly world: string;
  readonly cause: (bench: Bench) => unknown;
  /** Each red check with its cause and what to do. */
  readonly red: readonly RegExp[];
  readonly undo: (bench: Bench) => unknown;
  /** Checks that may be red besides, as they follow from it by the moment. */
  readonly mayBe?: RegExp;
}

const up = async ({ lab }: Bench): Promise<unknown> => expectOk(lab.up());
const start = async (bench: Bench, name: string): Promise<void> => {
  docker("start", bench.container(name));
  await bench.green();
};
const reset = (bench: Bench): Promise<void> => bench.save(BENCH_DASHBOARD);

/** A panel that somebody added to a dashboard of the lab, and what `make verify` says of it. */
function ofPanel(world: string, panel: object, said: RegExp): BrokenWorld {
  const red = new RegExp(`^panels: verdict-bench: .*${said.source}.* -> check the panels on http`, "s");
  return { world, cause: (bench) => bench.save(panel), red: [red], undo: reset };
}

/** Worlds that `make verify` has to be red in. */
export const BROKEN: readonly BrokenWorld[] = [
  ofPanel(
    "a name of node_exporter before 0.16",
    withPanel("timeseries", "rate(node_cpu[1m])"),
    /exposes no node_cpu, did you mean node_cpu_seconds_total\?/,
  ),
  ofPanel(
    "a typing error in a metric's name",
    withPanel("timeseries", "node_load_1"),
    /exposes no node_load_1, did you mean node_load1\?/,
  ),
  ofPanel("a metric that nothing exposes", withPanel("stat", "queue_jobs_total"), /"Broken": queue_jobs_total/),
  ofPanel("a label that no series has", withPanel("stat", 'up{job="nobody"}'), /"Broken": up\{job="nobody"\}/),
  ofPanel("a query that is not PromQL", withPanel("stat", "sum(up"), /"Broken": sum\(up \(.*parse error/),
  ofPanel(
    "a join without a partner",
    withPanel("stat", "node_load1 * on (nobody) up{job='nobody'}"),
    /"Broken": node_load1/,
  ),
  {
    world: "a panel of a plugin that Grafana lacks",
    cause: (bench) => bench.save(withPanel("grafana-polystat-panel", "up")),
    red: [/^panels: verdict-bench: Panel plugin not found: grafana-polystat-panel -> remove the dashboard, or set /],
    undo: reset,
  },
  {
    world: "a datasource that is not there",
    cause: (bench) =>
      bench.save({ ...BENCH_DASHBOARD, panels: [{ type: "stat", title: "A", datasource: { uid: "gone" } }] }),
    red: [/^dashboards: unbound datasources: verdict-bench: gone -> /],
    undo: reset,
  },
  {
    world: "a dashboard deleted",
    cause: (bench) => bench.grafana("DELETE", "/api/dashboards/uid/verdict-bench"),
    red: [
      /^dashboards: dashboard verdict-bench does not exist -> run make up/,
      /^panels: verdict-bench: dashboard verdict-bench does not exist -> run make up/,
    ],
    undo: up,
  },
  {
    world: "the datasource deleted",
    cause: (bench) => bench.grafana("DELETE", "/api/datasources/uid/prometheus"),
    red: [/^datasource: Grafana has no default datasource -> run make up/, /^dashboards: unbound /, /^panels: /],
    undo: up,
  },
  {
    world: "a container stopped",
    cause: ({ lab }) => docker("stop", "--time", "1", lab.container("pushgateway")),
    red: [
      /^containers: .*pushgateway: Exited .* -> read make logs, then run make up/,
      /^targets: ansible_jobs /,
      /^playbook: Prometheus has no status of the playbook/,
    ],
    undo: (bench) => start(bench, "pushgateway"),
  },
  {
    world: "a container paused",
    cause: ({ lab }) => docker("pause", lab.container("cadvisor")),
    red: [/^containers: .*cadvisor: Up .*\(Paused\) -> /],
    undo: (bench) => {
      docker("unpause", bench.container("cadvisor"));
      return bench.green();
    },
  },
  {
    world: "a container taken off the network",
    cause: ({ lab }) => docker("network", "disconnect", lab.lab, lab.container("node_exporter")),
    red: [/^targets: linux_host .* -> check that the program behind the target runs/],
    mayBe: /^(host|panels: .*): /,
    undo: (bench) => {
      const { lab } = bench.lab;
      docker("network", "connect", "--alias", "node_exporter", lab, bench.container("node_exporter"));
      return bench.green();
    },
  },
  {
    world: "the Flask app killed",
    cause: ({ lab }) => {
      signal(appPid(lab), "SIGKILL");
    },
    red: [/^targets: flask_app .*connection refused/],
    mayBe: /^(flask traffic|panels: (Flask app|Lab overview)): /,
    undo: async (bench) => {
      await up(bench);
      await bench.green();
    },
  },
  {
    world: "the report of the playbook deleted",
    cause: ({ lab }) =>
      fetch(`http://127.0.0.1:${String(lab.ports.pushgatewayPort)}/metrics/job/ansible_deployment`, {
        method: "DELETE",
      }),
    red: [/^playbook: Prometheus has no status of the playbook -> run make playbook/],
    undo: async (bench) => {
      await expectOk(bench.lab.run("playbook").outcome);
      await bench.green();
    },
  },
  {
    world: "another password in Grafana",
    cause: (bench) => bench.grafana("PUT", "/api/users/1", { login: "somebody-else" }),
    red: [/^grafana: .*401 -> /, /^datasource: .*401/, /^dashboards: .*401/, /^panels: .*401/],
    undo: async ({ lab }) => {
      const body = JSON.stringify({ login: "admin" });
      const authorization = `Basic ${Buffer.from(`somebody-else:${await lab.password()}`).toString("base64")}`;
      const headers = { authorization, "content-type": "application/json" };
      await fetch(`http://127.0.0.1:${String(lab.ports.grafanaPort)}/api/users/1`, { method: "PUT", headers, body });
    },
  },
  {
    world: "a configuration file edited by hand",
    cause: (bench) => {
      bench.inConfig("prometheus", "echo '# by hand' >>/by-hand/prometheus.yml");
    },
    red: [/^configuration: .*prometheus: prometheus\.yml was edited -> run make up/],
    undo: up,
  },
  {
    world: "a rule file added by hand",
    cause: (bench) => {
      bench.inConfig("prometheus", "echo 'groups: []' >/by-hand/mine.rules.yml");
    },
    red: [/^configuration: .*prometheus: mine\.rules\.yml was added -> run make up/],
    undo: up,
  },
  {
    world: "files that Prometheus rejected, and that were put back since",
    cause: async (bench) => {
      const file = "/by-hand/lab.rules.yml";
      bench.inConfig("prometheus", `cp ${file} /by-hand/kept; sed -i 's/expr: .*/expr: up =/' ${file}`);
      docker("kill", "--signal", "HUP", bench.container("prometheus"));
      await setTimeout(1000);
      bench.inConfig("prometheus", `mv -f /by-hand/kept ${file}`);
    },
    red: [/^configuration: .*prometheus: it rejected its files and kept the previous ones -> run make up/],
    undo: up,
  },
  {
    world: "Alertmanager's file edited by hand",
    cause: (bench) => {
      bench.inConfig("alertmanager", "echo '# by hand' >>/by-hand/alertmanager.yml");
    },
    red: [/^configuration: .*alertmanager: alertmanager\.yml was edited -> run make up/],
    undo: up,
  },
  {
    world: "receivers that refuse what they get",
    cause: async (bench) => {
      bench.takes = false;
      const alerts = [{ labels: { alertname: "OfATest", severity: "warning" } }];
      await bench.postToAlertmanager("/api/v2/alerts", alerts);
    },
    red: [
      /^alerts: Alertmanager cannot send its notifications: \d+ by webhook \(clientError\) failed.* -> read the receiver's response/,
      /^remote write: http:\S+ rejects samples.* -> /,
    ],
    undo: (bench) => {
      bench.takes = true;
      return bench.green();
    },
  },
  {
    world: "a program that is always killed",
    cause: async ({ lab }) => {
      for (let kill = 0; kill < 4; kill++) {
        docker("kill", lab.container("cadvisor"));
        docker("start", lab.container("cadvisor"));
        await setTimeout(200);
      }
      docker("kill", lab.container("cadvisor"));
    },
    red: [/^containers: .*cadvisor: Exited \(137\)/, /^targets: docker_containers /],
    mayBe: /^panels: /,
    undo: (bench) => start(bench, "cadvisor"),
  },
];
