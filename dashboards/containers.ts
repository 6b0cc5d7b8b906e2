import { containersOf, nodeServicesOf } from "../lib/settings/services";
import { Settings } from "../lib/settings/settings";

/** Settings that the overview depends on. */
export type OverviewSettings = Pick<Settings, "namePrefix"> &
  Partial<Pick<Settings, "alertWebhook" | "engine" | "probes">>;

/** Queries for the lab's containers among all that cAdvisor reports. */
export interface LabContainers {
  /** Label matchers that select them. */
  readonly own: string;
  /** Query for the expected number. */
  readonly expected: string;
  /** An expression aggregated to one value per container. */
  readonly each: (operator: "max" | "sum", expression: string) => string;
  /** Newest value of a metric of each: a series with cAdvisor's own timestamps outlives its container by minutes, the start time does not. */
  readonly newest: (metric: string) => string;
  /** Names each in a legend. */
  readonly legend: string;
}

/** Queries for the containers of a lab with these settings. */
export function containersIn(settings: OverviewSettings): LabContainers {
  const names = containersOf(settings);
  const services = nodeServicesOf(settings);
  // the dot is the only character of a prefix with a meaning in a regex
  const prefix = settings.namePrefix.replaceAll(".", "[.]");
  const containers = `${prefix}(${names.join("|")})`;
  const tasks = `(${prefix}(${services.join("|")}))[.].+`;
  const swarm = services.length > 0;
  // extraScrapeTargets may have a cAdvisor of another machine, with containers of these names
  const own = `{job="docker_containers", name=~"${swarm ? `${containers}|${tasks}` : containers}"}`;
  const each: LabContainers["each"] = (operator, expression) =>
    swarm
      ? // a task is called service.node.task, which nobody can read
        `${operator} by (instance, name) (label_replace(${expression}, "name", "$1", "name", "${tasks}"))`
      : `${operator} by (name) (${expression})`;
  return {
    own,
    expected: swarm
      ? // a count of nothing has no value, and neither would the sum
        `(${String(names.length)} + (count(up{job=~"linux_host|docker_containers"}) or vector(0)))`
      : String(names.length),
    each,
    newest: (metric) => each("max", `${metric}${own} and on (id) container_start_time_seconds${own}`),
    legend: swarm ? "{{instance}} {{name}}" : "{{name}}",
  };
}
