import { parse } from "yaml";
import { renderPrometheusConfig } from "../../components/monitoring/prometheus";
import { caddyConfig } from "../../components/monitoring/swarmDiscovery";
import { buildLab, settingsWith, SWARM } from "../support/fixtures";
import { resource } from "../support/mocks";

describe("Prometheus' access to Docker", () => {
  interface Route {
    readonly match?: readonly [
      { readonly method: string[]; readonly path_regexp: { readonly pattern: string }; readonly query?: object },
    ];
    readonly handle: readonly { readonly handler: string; readonly uri?: string; readonly status_code?: number }[];
  }
  const { routes } = (
    caddyConfig(["node_exporter", "shop"]) as {
      apps: { http: { servers: { discovery: { routes: readonly Route[] } } } };
    }
  ).apps.http.servers.discovery;
  const named = (...names: string[]): object => Object.fromEntries(names.map((it) => [it, true]));

  it.each([
    ["/_ping", 0],
    ["/v1.41/nodes", 0],
    ["/v1.41/networks", 0],
    ["/services", 1],
    ["/v1.41/tasks", 2],
    ["/v1.41/containers/json", -1],
    ["/v1.41/services/create", -1],
    ["/v1.41/secrets", -1],
    ["/v1.41/tasks/../containers/json", -1],
    ["//tasks", -1],
  ])("is decided for %s by route %d", (path, expected) => {
    const found = routes.findIndex(
      ({ match }) => match !== undefined && new RegExp(match[0].path_regexp.pattern).test(path),
    );
    expect(found).toBe(expected);
  });

  it("is limited to services and tasks it watches, whatever it requests, and to reading", () => {
    const asked = routes.map(({ match, handle }) => ({
      method: match?.[0].method,
      query: match?.[0].query,
      filters: handle.map(({ uri }) => uri).filter((uri) => uri !== undefined),
      last: handle.at(-1)?.status_code ?? handle.at(-1)?.handler,
    }));
    const route = (filters?: object, query?: object): object => ({
      method: ["GET", "HEAD"],
      query,
      filters: filters === undefined ? [] : [`?filters=${encodeURIComponent(JSON.stringify(filters))}`],
      last: "reverse_proxy",
    });
    expect(asked).toEqual([
      route(),
      route({ name: named("node_exporter", "shop") }),
      route({ service: named("node_exporter") }, { filters: ['\\{"service":\\{"node_exporter":true}}'] }),
      route({ service: named("shop") }, { filters: ['\\{"service":\\{"shop":true}}'] }),
      { method: undefined, query: undefined, filters: [], last: 403 },
    ]);
  });

  it("follows extraScrapeServices", async () => {
    const services = '[{"job": "shop", "service": "shop_api", "port": 8000}]';
    const { registrations: more } = await buildLab({
      settings: { engine: "swarm", namePrefix: "a-", extraScrapeServices: services },
      machine: SWARM,
    });
    const [, file] = resource(more, "swarm-discovery-config-files").inputs.triggers as [string, { content: string }];
    expect(JSON.parse(file.content)).toEqual(caddyConfig(["a-node_exporter", "a-cadvisor", "shop_api"]));
  });
});

describe("prometheus.yml in a swarm", () => {
  const swarmJob = (job: string, name: string, port: number, label: string, more = {}): object => ({
    job_name: job,
    ...more,
    dockerswarm_sd_configs: [
      {
        host: "unix:///discovery/docker.sock",
        role: "tasks",
        port,
        refresh_interval: "5s",
        filters: [{ name: "service", values: [name] }],
      },
    ],
    relabel_configs: [
      {
        source_labels: ["__meta_dockerswarm_network_name"],
        regex: "team-a-observability-lab-overlay",
        action: "keep",
      },
      { source_labels: ["__meta_dockerswarm_task_state"], regex: "starting|running", action: "keep" },
      { source_labels: ["__meta_dockerswarm_node_hostname"], target_label: label },
    ],
  });

  it("discovers the exporters by their nodes' names, and further services of the swarm", () => {
    const settings = settingsWith({
      engine: "swarm",
      namePrefix: "team-a-",
      extraScrapeServices: '[{"job": "shop", "service": "shop_api", "port": 8000, "metricsPath": "/m"}]',
    });
    const { scrape_configs: jobs } = parse(renderPrometheusConfig(settings)) as {
      scrape_configs: { job_name: string }[];
    };
    expect(jobs.slice(0, 3)).toStrictEqual([
      swarmJob("linux_host", "team-a-node_exporter", 9100, "instance"),
      swarmJob("docker_containers", "team-a-cadvisor", 8080, "instance"),
      swarmJob("shop", "shop_api", 8000, "node", { metrics_path: "/m" }),
    ]);
    expect(jobs.slice(3).map(({ job_name: job }) => job)).toStrictEqual([
      "ansible_jobs",
      "pushgateway",
      "flask_app",
      "prometheus",
    ]);
  });
});
