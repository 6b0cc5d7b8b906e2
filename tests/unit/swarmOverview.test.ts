import { ownDashboards } from "../../dashboards";

/** What the tests read of a dashboard in the form that Grafana gets. */
interface Model {
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
}

/** The queries of the panel of that title, as they are written. */
function exprsOf({ panels }: Model, title: string): string[] {
  return panels.filter((it) => it.title === title).flatMap(({ targets }) => targets.map(({ expr }) => expr));
}

describe("the overview of a swarm", () => {
  const [model] = ownDashboards({ namePrefix: "a.", engine: "swarm" }).map(
    (it) => JSON.parse(JSON.stringify(it.model)) as unknown as Model,
  ) as [Model];

  it("expects the containers of this machine, and as many tasks as are discovered", () => {
    expect(exprsOf(model, "Containers not healthy")[0]).toMatch(
      /^\(4 \+ \(count\(up\{job=~"linux_host\|docker_containers"\}\) or vector\(0\)\)\) - \(count\(/,
    );
  });

  it("names each task by its node and its service", () => {
    expect(exprsOf(model, "CPU by container")).toStrictEqual([
      'sum by (instance, name) (label_replace(rate(container_cpu_usage_seconds_total{job="docker_containers", name=~' +
        '"a[.](prometheus|grafana|pushgateway|swarm_discovery)|' +
        '(a[.](node_exporter|cadvisor))[.].+"}[$__rate_interval]), "name", "$1", "name", ' +
        '"(a[.](node_exporter|cadvisor))[.].+"))',
    ]);
  });
});
