import * as fc from "fast-check";
import { parse } from "yaml";
import { renderPrometheusConfig } from "../../components/monitoring/prometheus";
import { pushgatewayJobs, recordedMetrics } from "../../components/monitoring/pushedSeries";
import { alertRules } from "../../lib/shared/alertRules";
import { ScrapeTarget } from "../../lib/settings/settings";
import { OWN_JOBS } from "../../lib/settings/services";
import { settingsWith } from "../support/fixtures";

/** What the tests read of prometheus.yml. */
interface PrometheusConfig {
  readonly remote_write?: unknown;
  readonly scrape_configs: readonly { readonly job_name: string; readonly honor_labels?: boolean }[];
}

function render(changes: Record<string, string> = {}): PrometheusConfig {
  return parse(renderPrometheusConfig(settingsWith(changes))) as PrometheusConfig;
}

const MADE_BY_PROMETHEUS = [
  "up|scrape_.+|ALERTS|ALERTS_FOR_STATE|prometheus_.+",
  ...recordedMetrics(alertRules()),
].join("|");
const RESERVED = ["ansible_deployment", ...OWN_JOBS].join("|");

/** What prometheus.yml says of the jobs whose series anybody may push. */
function pushed(changes: Record<string, string> = {}): { regex: string }[][] {
  const jobs = render(changes).scrape_configs as readonly { metric_relabel_configs?: { regex: string }[] }[];
  return jobs.flatMap(({ metric_relabel_configs: rules }) => (rules === undefined ? [] : [rules]));
}

describe("prometheus.yml", () => {
  it("scrapes the jobs of the lab", () => {
    expect(render({ scrapeInterval: "7s", flaskPort: "5001", grafanaPort: "3001" })).toStrictEqual({
      global: {
        scrape_interval: "7s",
        evaluation_interval: "7s",
        external_labels: { lab: "observability-lab", grafana_url: "http://127.0.0.1:3001" },
      },
      rule_files: ["*.rules.yml"],
      scrape_configs: [
        {
          job_name: "linux_host",
          static_configs: [{ targets: ["node_exporter:9100"], labels: { instance: "node_exporter" } }],
        },
        { job_name: "docker_containers", static_configs: [{ targets: ["cadvisor:8080"] }] },
        {
          job_name: "ansible_jobs",
          static_configs: [{ targets: ["pushgateway:9091"] }],
          honor_labels: true,
          sample_limit: 1000,
          metric_relabel_configs: [
            { source_labels: ["job"], regex: "ansible_deployment", action: "keep" },
            { source_labels: ["__name__"], regex: MADE_BY_PROMETHEUS, action: "drop" },
          ],
        },
        {
          job_name: "pushgateway",
          static_configs: [{ targets: ["pushgateway:9091"] }],
          sample_limit: 10000,
          metric_relabel_configs: [
            { source_labels: ["exported_job"], regex: RESERVED, action: "drop" },
            { source_labels: ["exported_job", "__name__"], regex: `.+;(${MADE_BY_PROMETHEUS})`, action: "drop" },
            { source_labels: ["exported_job"], regex: ".+", target_label: "instance", replacement: "" },
            { source_labels: ["exported_instance"], regex: "(.+)", target_label: "instance" },
            { source_labels: ["exported_job"], regex: "(.+)", target_label: "job" },
            { regex: "(exported_)+(job|instance)", action: "labeldrop" },
          ],
        },
        { job_name: "flask_app", static_configs: [{ targets: ["host.docker.internal:5001"] }] },
        { job_name: "prometheus", static_configs: [{ targets: ["localhost:9090"] }] },
      ],
    });
  });

  it("sends its alerts to an Alertmanager and scrapes it, if there is one", () => {
    const config = parse(renderPrometheusConfig(settingsWith(), "alertmanager:9093")) as PrometheusConfig;
    expect(config).toMatchObject({
      alerting: { alertmanagers: [{ static_configs: [{ targets: ["alertmanager:9093"] }] }] },
      scrape_configs: expect.arrayContaining([
        { job_name: "alertmanager", static_configs: [{ targets: ["alertmanager:9093"] }] },
      ]) as unknown,
    });
    expect(render()).not.toHaveProperty("alerting");
  });

  it("sends every sample to each receiver, and authenticates with a file", () => {
    const remoteWrite = [
      { url: "https://a.example.org/write" },
      { url: "https://b.example.org/write", username: "lab", password: "P4SSW0RD" },
      { url: "https://c.example.org/write", bearerToken: "T0K3N" },
    ];
    const { remote_write: receivers, ...rest } = render({ remoteWrite: JSON.stringify(remoteWrite) });
    expect(receivers).toStrictEqual([
      { url: "https://a.example.org/write" },
      {
        url: "https://b.example.org/write",
        basic_auth: { username: "lab", password_file: "/lab/remote_write_1" },
      },
      { url: "https://c.example.org/write", authorization: { credentials_file: "/lab/remote_write_2" } },
    ]);
    expect(rest).toStrictEqual(render());
  });

  it("scrapes the containers at their own ports, whatever their published ports", () => {
    const published = render({ nodeExporterPort: "1", cadvisorPort: "2", pushgatewayPort: "3" });
    expect(published).toStrictEqual(render());
  });

  it("adds every extra target unchanged, and keeps the lab's own jobs", () => {
    const target = fc.record(
      {
        // "//" and "@" may be credentials
        job: fc.string({ minLength: 1 }).map((name) => name.replaceAll("@", "a")),
        targets: fc.array(
          fc.tuple(fc.domain(), fc.integer({ min: 1, max: 65535 })).map(([host, port]) => `${host}:${String(port)}`),
          { minLength: 1, maxLength: 3 },
        ),
        metricsPath: fc.string().map((path) => `/${path.replace(/[?@]/g, "")}`),
      },
      { requiredKeys: ["job", "targets"] },
    );
    const targets = fc
      .uniqueArray(target, { selector: ({ job }) => job, maxLength: 4 })
      .filter((list) => list.every(({ job }) => !OWN_JOBS.includes(job)));
    const own = render().scrape_configs;
    fc.assert(
      fc.property(targets, (list) => {
        const { scrape_configs: jobs } = render({ extraScrapeTargets: JSON.stringify(list) });
        // under an extra job's name nobody may push either
        const { metric_relabel_configs: rules, ...rest } = own[3] as { metric_relabel_configs?: unknown };
        expect(rules).toBeDefined();
        expect(jobs.slice(0, own.length)).toMatchObject([...own.slice(0, 3), rest, ...own.slice(4)]);
        expect(jobs.slice(own.length)).toStrictEqual(list.map(asJob));
      }),
    );
  });

  it("drops series pushed under the name of any scrape job, whatever characters it has", () => {
    const regex = pushed({
      engine: "swarm",
      extraScrapeTargets: JSON.stringify([{ job: "a.b|c(d)", targets: ["a:1"] }]),
      extraScrapeServices: JSON.stringify([{ job: "shop+", service: "shop", port: 1 }]),
    })[1]?.[0]?.regex;
    expect(regex).toBe(`${RESERVED}|a\\.b\\|c\\(d\\)|shop\\+`);
    expect(new RegExp(`^(?:${regex ?? ""})$`).test("a.b|c(d)")).toBe(true);
    expect(new RegExp(`^(?:${regex ?? ""})$`).test("axb|c(d)")).toBe(false);
  });

  it("drops series pushed under the name of a metric that a recording rule makes", () => {
    const rules = {
      content: "groups: [{name: g, rules: [{record: job:up:sum, expr: sum(up)}, {alert: A, expr: up}]}]",
    };
    const recorded = recordedMetrics([rules, { content: "groups: []" }, { content: "{" }, { content: "" }]);
    expect(recorded).toStrictEqual(["job:up:sum"]);
    const [playbook, others] = pushgatewayJobs([], recorded).map((it) => JSON.stringify(it.metric_relabel_configs));
    expect(playbook).toContain('|job:up:sum"');
    expect(others).toContain("|job:up:sum)");
  });

  it("authenticates with a file to the programs that require the password, and to no other", () => {
    const programs = new Set(["prometheus", "pushgateway", "alertmanager", "node_exporter"]);
    const config = parse(renderPrometheusConfig(settingsWith(), "alertmanager:9093", programs)) as {
      alerting: { alertmanagers: { basic_auth?: unknown }[] };
      scrape_configs: { job_name: string; basic_auth?: unknown }[];
    };
    const signIn = { username: "admin", password_file: "/lab/web_password" };
    expect(config.alerting.alertmanagers[0]?.basic_auth).toStrictEqual(signIn);
    const jobs = config.scrape_configs.filter((it) => "basic_auth" in it);
    expect(jobs.map(({ job_name: name }) => name)).toStrictEqual([
      "linux_host",
      "ansible_jobs",
      "pushgateway",
      "prometheus",
      "alertmanager",
    ]);
    expect(jobs.map(({ basic_auth: it }) => it)).toStrictEqual(jobs.map(() => signIn));
  });

  it("keeps the own labels of pushed series only", () => {
    const jobs = render({ extraScrapeTargets: '[{"job": "a", "targets": ["a:1"]}]' }).scrape_configs;
    expect(jobs.filter((it) => "honor_labels" in it).map((it) => it.job_name)).toStrictEqual(["ansible_jobs"]);
  });
});

/** A scrape job in Prometheus' terms. */
function asJob({ job, targets, metricsPath }: ScrapeTarget): object {
  return {
    job_name: job,
    static_configs: [{ targets }],
    ...(metricsPath === undefined ? {} : { metrics_path: metricsPath }),
  };
}
