import { setTimeout } from "node:timers/promises";
import { docker } from "../support/harness";
import { appPid, signal } from "../support/processes";
import { expectOk } from "../support/userLab";
import { Fixture } from "./fixture";
import { FIXTURE_DASHBOARD, withPanel } from "./dashboards";

/** Something that is broken, the verdict that `make verify` gives of it, and how it is put right again. */
export interface BrokenScenario {
  readonly scenario: string;
  readonly cause: (fixture: Fixture) => unknown;
  /** Each red check with its cause and what to do. */
  readonly red: readonly RegExp[];
  readonly undo: (fixture: Fixture) => unknown;
  /** Checks that may be red besides, as they follow from it by the moment. */
  readonly mayBe?: RegExp;
}

const up = async ({ lab }: Fixture): Promise<unknown> => expectOk(lab.up());
const start = async (fixture: Fixture, name: string): Promise<void> => {
  docker("start", fixture.container(name));
  await fixture.green();
};
const reset = (fixture: Fixture): Promise<void> => fixture.save(FIXTURE_DASHBOARD);

/** A panel that somebody added to a dashboard of the lab, and what `make verify` says of it. */
function ofPanel(scenario: string, panel: object, output: RegExp): BrokenScenario {
  const red = new RegExp(`^panels: verdict-fixture: .*${output.source}.* -> check the panels on http`, "s");
  return { scenario, cause: (fixture) => fixture.save(panel), red: [red], undo: reset };
}

/** Scenarios in which `make verify` has to fail. */
export const BROKEN: readonly BrokenScenario[] = [
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
    scenario: "a panel of a plugin that Grafana lacks",
    cause: (fixture) => fixture.save(withPanel("grafana-polystat-panel", "up")),
    red: [/^panels: verdict-fixture: Panel plugin not found: grafana-polystat-panel -> remove the dashboard, or set /],
    undo: reset,
  },
  {
    scenario: "a datasource that is not there",
    cause: (fixture) =>
      fixture.save({ ...FIXTURE_DASHBOARD, panels: [{ type: "stat", title: "A", datasource: { uid: "gone" } }] }),
    red: [/^dashboards: unbound datasources: verdict-fixture: gone -> /],
    undo: reset,
  },
  {
    scenario: "a dashboard deleted",
    cause: (fixture) => fixture.grafana("DELETE", "/api/dashboards/uid/verdict-fixture"),
    red: [
      /^dashboards: dashboard verdict-fixture does not exist -> run make up/,
      /^panels: verdict-fixture: dashboard verdict-fixture does not exist -> run make up/,
    ],
    undo: up,
  },
  {
    scenario: "the datasource deleted",
    cause: (fixture) => fixture.grafana("DELETE", "/api/datasources/uid/prometheus"),
    red: [/^datasource: Grafana has no default datasource -> run make up/, /^dashboards: unbound /, /^panels: /],
    undo: up,
  },
  {
    scenario: "a container stopped",
    cause: ({ lab }) => docker("stop", "--time", "1", lab.container("pushgateway")),
    red: [
      /^containers: .*pushgateway: Exited .* -> read make logs, then run make up/,
      /^targets: ansible_jobs /,
      /^playbook: Prometheus has no status of the playbook/,
    ],
    undo: (fixture) => start(fixture, "pushgateway"),
  },
  {
    scenario: "a container paused",
    cause: ({ lab }) => docker("pause", lab.container("cadvisor")),
    red: [/^containers: .*cadvisor: Up .*\(Paused\) -> /],
    undo: (fixture) => {
      docker("unpause", fixture.container("cadvisor"));
      return fixture.green();
    },
  },
  {
    scenario: "a container hanging, which Docker calls healthy",
    cause: ({ lab }) => docker("kill", "--signal", "STOP", lab.container("node_exporter")),
    red: [
      /^containers: Docker reports .*node_exporter as healthy, but it does not respond at http.* -> .*docker restart .*node_exporter/,
    ],
    mayBe: /^(targets|host|panels: .*): /,
    undo: (fixture) => {
      docker("kill", "--signal", "CONT", fixture.container("node_exporter"));
      return fixture.green();
    },
  },
  {
    scenario: "a container taken off the network",
    cause: ({ lab }) => docker("network", "disconnect", lab.lab, lab.container("node_exporter")),
    // Docker 20.10 does not forward its port then, either
    red: [/^targets: linux_host .* -> check that the program behind the target runs/],
    mayBe: /^(containers|host|panels: .*): /,
    undo: (fixture) => {
      const { lab } = fixture.lab;
      docker("network", "connect", "--alias", "node_exporter", lab, fixture.container("node_exporter"));
      return fixture.green();
    },
  },
  {
    scenario: "the Flask app killed",
    cause: ({ lab }) => {
      signal(appPid(lab), "SIGKILL");
    },
    red: [/^targets: flask_app .*connection refused/],
    mayBe: /^(flask traffic|panels: (Flask app|Lab overview)): /,
    undo: async (fixture) => {
      await up(fixture);
      await fixture.green();
    },
  },
  {
    scenario: "the Flask app hanging, with samples of a moment ago",
    cause: ({ lab }) => {
      signal(appPid(lab), "SIGSTOP");
    },
    red: [/^flask traffic: /],
    mayBe: /^(targets|panels: (Flask app|Lab overview)): /,
    undo: async (fixture) => {
      signal(appPid(fixture.lab), "SIGCONT");
      await fixture.green();
    },
  },
  {
    scenario: "the report of the playbook deleted",
    cause: ({ lab }) =>
      fetch(`http://127.0.0.1:${String(lab.ports.pushgatewayPort)}/metrics/job/ansible_deployment`, {
        method: "DELETE",
      }),
    red: [/^playbook: Prometheus has no status of the playbook -> run make playbook/],
    undo: async (fixture) => {
      await expectOk(fixture.lab.run("playbook").outcome);
      await fixture.green();
    },
  },
  {
    scenario: "another password in Grafana",
    cause: (fixture) => fixture.grafana("PUT", "/api/users/1", { login: "somebody-else" }),
    red: [/^grafana: .*returned 401.* -> /, /^datasource: .*401/, /^dashboards: .*401/, /^panels: .*401/],
    undo: async ({ lab }) => {
      const body = JSON.stringify({ login: "admin" });
      const authorization = `Basic ${Buffer.from(`somebody-else:${await lab.password()}`).toString("base64")}`;
      const headers = { authorization, "content-type": "application/json" };
      await fetch(`http://127.0.0.1:${String(lab.ports.grafanaPort)}/api/users/1`, { method: "PUT", headers, body });
    },
  },
  {
    scenario: "a configuration file edited by hand",
    cause: (fixture) => {
      fixture.inConfig("prometheus", "echo '# by hand' >>/by-hand/prometheus.yml");
    },
    red: [/^configuration: .*prometheus: prometheus\.yml was edited -> run make up/],
    undo: up,
  },
  {
    scenario: "a rule file added by hand",
    cause: (fixture) => {
      fixture.inConfig("prometheus", "echo 'groups: []' >/by-hand/mine.rules.yml");
    },
    red: [/^configuration: .*prometheus: mine\.rules\.yml was added -> run make up/],
    undo: up,
  },
  {
    scenario: "files that Prometheus rejected, and that were put back since",
    cause: async (fixture) => {
      const file = "/by-hand/lab.rules.yml";
      fixture.inConfig("prometheus", `cp ${file} /by-hand/kept; sed -i 's/expr: .*/expr: up =/' ${file}`);
      docker("kill", "--signal", "HUP", fixture.container("prometheus"));
      await setTimeout(1000);
      fixture.inConfig("prometheus", `mv -f /by-hand/kept ${file}`);
    },
    red: [/^configuration: .*prometheus: it rejected its files and kept the previous ones -> run make up/],
    undo: up,
  },
  {
    scenario: "Alertmanager's file edited by hand",
    cause: (fixture) => {
      fixture.inConfig("alertmanager", "echo '# by hand' >>/by-hand/alertmanager.yml");
    },
    red: [/^configuration: .*alertmanager: alertmanager\.yml was edited -> run make up/],
    undo: up,
  },
  {
    scenario: "receivers that refuse what they get",
    cause: async (fixture) => {
      fixture.takes = false;
      const alerts = [{ labels: { alertname: "OfATest", severity: "warning" } }];
      await fixture.postToAlertmanager("/api/v2/alerts", alerts);
    },
    red: [
      /^alerts: Alertmanager cannot send its notifications: \d+ by webhook \(clientError\) failed.* -> read the receiver's response/,
      /^remote write: http:\S+ rejects samples.* -> /,
    ],
    undo: (fixture) => {
      fixture.takes = true;
      return fixture.green();
    },
  },
  {
    scenario: "a program that is always killed",
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
    undo: (fixture) => start(fixture, "cadvisor"),
  },
];
