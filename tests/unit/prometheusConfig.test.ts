import * as fc from "fast-check";
import { parse } from "yaml";
import { renderPrometheusConfig } from "../../components/monitoring/prometheus";
import { JOBS, ScrapeTarget } from "../../components/settingsLists";
import { settingsWith } from "./fixtures";

/** What the tests read of prometheus.yml. */
interface PrometheusConfig {
  readonly remote_write?: unknown;
  readonly scrape_configs: readonly { readonly job_name: string; readonly honor_labels?: boolean }[];
}

function render(changes: Record<string, string> = {}): PrometheusConfig {
  return parse(renderPrometheusConfig(settingsWith(changes))) as PrometheusConfig;
}

describe("prometheus.yml", () => {
  it("scrapes the five jobs of the lab", () => {
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
        { job_name: "ansible_jobs", static_configs: [{ targets: ["pushgateway:9091"] }], honor_labels: true },
        { job_name: "flask_app", static_configs: [{ targets: ["host.docker.internal:5001"] }] },
        { job_name: "prometheus", static_configs: [{ targets: ["localhost:9090"] }] },
      ],
    });
  });

  it("sends its alerts to an Alertmanager and scrapes it, where there is one", () => {
    const config = parse(renderPrometheusConfig(settingsWith(), "alertmanager:9093")) as PrometheusConfig;
    expect(config).toMatchObject({
      alerting: { alertmanagers: [{ static_configs: [{ targets: ["alertmanager:9093"] }] }] },
      scrape_configs: expect.arrayContaining([
        { job_name: "alertmanager", static_configs: [{ targets: ["alertmanager:9093"] }] },
      ]) as unknown,
    });
    expect(render()).not.toHaveProperty("alerting");
  });

  it("sends every sample to each receiver, which it signs in to by a file", () => {
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

  it("asks the containers at their own ports, wherever these are published", () => {
    const published = render({ nodeExporterPort: "1", cadvisorPort: "2", pushgatewayPort: "3" });
    expect(published).toStrictEqual(render());
  });

  it("adds every extra target as it was given, and keeps the lab's own jobs", () => {
    const target = fc.record(
      {
        job: fc.string({ minLength: 1 }),
        targets: fc.array(
          fc.tuple(fc.domain(), fc.integer({ min: 1, max: 65535 })).map(([host, port]) => `${host}:${String(port)}`),
          { minLength: 1, maxLength: 3 },
        ),
        metricsPath: fc.string().map((path) => `/${path}`),
      },
      { requiredKeys: ["job", "targets"] },
    );
    const targets = fc
      .uniqueArray(target, { selector: ({ job }) => job, maxLength: 4 })
      .filter((list) => list.every(({ job }) => !(JOBS as readonly string[]).includes(job)));
    const own = render().scrape_configs;
    fc.assert(
      fc.property(targets, (list) => {
        const { scrape_configs: jobs } = render({ extraScrapeTargets: JSON.stringify(list) });
        expect(jobs.slice(0, own.length)).toStrictEqual(own);
        expect(jobs.slice(own.length)).toStrictEqual(list.map(asJob));
      }),
    );
  });

  it("lets pushed series only keep their own labels", () => {
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
