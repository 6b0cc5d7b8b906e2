import { BigValueGraphMode } from "@grafana/grafana-foundation-sdk/common";
import { Dashboard, DashboardBuilder, RowBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { Probe } from "../lib/settings/probes";
import { containersIn, OverviewSettings } from "./containers";
import { bars, graph, GREY, newDashboard, query, queryNow, RATE, stat, texts, thresholds, timeline } from "./panels";

const TARGET = "{{job}} {{instance}}";
/** The watchdog always fires, with this severity. */
const FIRING = 'ALERTS{alertstate="firing", severity!="none"}';
/** By alert, with a number for its severity; empty without alerts. */
const SEVERITY =
  '2 * max by (alertname) (ALERTS{alertstate="firing", severity="critical"})' +
  ' or max by (alertname) (ALERTS{alertstate="firing", severity="warning"})' +
  ' or on () label_replace(vector(0), "alertname", "all", "", "")';

const DAY = 24 * 60 * 60;
/** Seconds until they expire; 0 for a probe without one, so that the panel always has data. */
const CERTIFICATES = 'probe_ssl_earliest_cert_expiry - time() or 0 * probe_success{instance=~"https:.+"}';

/** The home dashboard: targets, containers and resources of the lab itself. */
export function overviewDashboard(settings: OverviewSettings): Dashboard {
  const { own, expected, each, newest, legend } = containersIn(settings);
  const health = newest("container_health_state");
  const dashboard = newDashboard("Lab overview", "lab-overview", "overview")
    .withPanel(
      stat("Targets down", "Targets that Prometheus cannot scrape.")
        .unit("none")
        .thresholds(thresholds("green", [1, "red"]))
        .withTarget(queryNow("count(up == 0) or vector(0)")),
    )
    .withPanel(
      stat("Containers not healthy", "Containers of the lab that are missing, starting, or failing their health check.")
        .unit("none")
        .thresholds(thresholds("green", [1, "red"]))
        .withTarget(queryNow(`${expected} - (count(${health} == 1) or vector(0))`)),
    )
    .withPanel(
      stat("Alerts firing", "Alerts that are firing, except the watchdog, which always fires.")
        .unit("none")
        .thresholds(thresholds("green", [1, "red"]))
        .withTarget(queryNow(`count(${FIRING}) or vector(0)`)),
    )
    .withPanel(
      stat("Container restarts", "Restarts of containers of the lab within the last hour.")
        .unit("none")
        .decimals(0)
        .thresholds(thresholds("green", [1, "orange"], [3, "red"]))
        .withTarget(queryNow(`sum(changes(container_start_time_seconds${own}[1h])) or vector(0)`)),
    )
    .withPanel(
      stat("Time series", "Time series that Prometheus holds in memory.")
        .unit("short")
        .graphMode(BigValueGraphMode.Area)
        .thresholds(thresholds("blue"))
        .withTarget(query('prometheus_tsdb_head_series{job="prometheus"}')),
    )
    .withPanel(
      stat("Samples stored per second", "Samples that Prometheus stores.")
        .unit("short")
        .graphMode(BigValueGraphMode.Area)
        .thresholds(thresholds("blue"))
        .withTarget(query(`sum(rate(prometheus_tsdb_head_samples_appended_total{job="prometheus"}${RATE}))`)),
    )
    .withPanel(
      timeline("Targets", "Whether Prometheus reached each target.")
        .mappings([texts({ 0: ["Down", "red"], 1: ["Up", "green"] })])
        .thresholds(thresholds("red", [1, "green"]))
        .withTarget(query("up", TARGET)),
    )
    .withPanel(
      timeline("Containers", "Health of each container of the lab; a gap means that the container did not run.")
        .mappings([texts({ [-1]: ["no health check", GREY], 0: ["Not healthy", "red"], 1: ["Healthy", "green"] })])
        .thresholds(thresholds("red", [1, "green"]))
        .withTarget(query(health, legend)),
    )
    .withPanel(
      timeline("Alerts", "When each alert fired. Its summary in Prometheus, or in the notification, says what to do.")
        .mappings([texts({ 0: ["No alert", "green"], 1: ["Warning", "orange"], 2: ["Critical", "red"] })])
        .thresholds(thresholds("green", [1, "orange"], [2, "red"]))
        .span(24)
        .withTarget(query(SEVERITY, "{{alertname}}")),
    )
    .withPanel(
      graph("Scrape duration", "How long each scrape took.")
        .unit("s")
        .withTarget(query("scrape_duration_seconds", TARGET)),
    )
    .withPanel(
      graph("Samples per scrape", "Samples scraped from each target.")
        .unit("short")
        .withTarget(query("scrape_samples_scraped", TARGET)),
    )
    .withPanel(
      graph("CPU by container", "CPU time used by each container of the lab; 100 % is one core.")
        .unit("percentunit")
        .withTarget(query(each("sum", `rate(container_cpu_usage_seconds_total${own}${RATE})`), legend)),
    )
    .withPanel(
      graph(
        "Memory by container",
        "Memory in use by each container of the lab, without the inactive page cache (working set).",
      )
        .unit("bytes")
        .withTarget(query(newest("container_memory_working_set_bytes"), legend)),
    )
    .withPanel(
      bars(
        "Memory usage relative to the limit",
        "Working set of each container, as a share of its limit; at 100 % it is killed.",
      )
        .unit("percentunit")
        .max(1)
        .thresholds(thresholds("green", [0.8, "orange"], [0.95, "red"]))
        .withTarget(
          queryNow(
            `${newest("container_memory_working_set_bytes")} / ${each("max", `container_spec_memory_limit_bytes${own}`)}`,
            legend,
          ),
        ),
    )
    .withPanel(
      bars("Container uptime", "Time since each container of the lab was started.")
        .unit("s")
        .thresholds(thresholds("blue"))
        .withTarget(queryNow(`time() - ${each("max", `container_start_time_seconds${own}`)}`, legend)),
    )
    .withPanel(
      graph("Time series in memory", "Time series that Prometheus holds in memory, over time.")
        .unit("short")
        .span(24)
        .withTarget(query('prometheus_tsdb_head_series{job="prometheus"}', "series")),
    );
  const { probes = [] } = settings;
  return (probes.length > 0 ? withProbes(dashboard, probes) : dashboard).build();
}

/** Results of the setting `probes`. */
function withProbes(dashboard: DashboardBuilder, probes: readonly Probe[]): DashboardBuilder {
  const all = dashboard
    .withRow(new RowBuilder("Probes"))
    .withPanel(
      timeline("Probes", "Whether each probed target answered.")
        .mappings([texts({ 0: ["Failed", "red"], 1: ["Answers", "green"] })])
        .thresholds(thresholds("red", [1, "green"]))
        .span(24)
        .withTarget(query("probe_success", "{{instance}}")),
    )
    .withPanel(
      graph("Probe duration", "How long each probe took; a failed one may have waited for a response.")
        .unit("s")
        .withTarget(query("probe_duration_seconds", "{{instance}}")),
    );
  // without one the panel would have no data
  return probes.some(({ url }) => url?.startsWith("https:"))
    ? all.withPanel(
        bars("Certificates", "Time until the first certificate of the chain expires; none is seen if the probe fails.")
          .unit("s")
          .mappings([texts({ 0: ["none seen", GREY] })])
          .thresholds(thresholds("red", [14 * DAY, "green"]))
          .withTarget(queryNow(CERTIFICATES, "{{instance}}")),
      )
    : all;
}
