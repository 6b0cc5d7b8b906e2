import {
  BigValueGraphMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
} from "@grafana/grafana-foundation-sdk/common";
import { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import {
  bars,
  graph,
  labelVariable,
  newDashboard,
  query,
  queryNow,
  RATE,
  stat,
  textOfNaN,
  texts,
  thresholds,
} from "./panels";

const SECONDS = "flask_http_request_duration_seconds";
const JOB = 'job="flask_app"';
const CHOSEN = `{${JOB}, path=~"$path", status=~"$status"}`;
/** The selected paths with any status: the ratio of errors needs all of them. */
const CHOSEN_PATHS = `{${JOB}, path=~"$path"}`;
const CHOSEN_ERRORS = `{${JOB}, path=~"$path", status=~"5.."}`;

const ALL = `sum(rate(${SECONDS}_count${CHOSEN_PATHS}${RATE}))`;
// a value even if no request has failed
const FAILED = `(sum(rate(${SECONDS}_count${CHOSEN_ERRORS}${RATE})) or vector(0))`;
// without requests 0 / 0 is shown as no error
const ERROR_RATIO = `${FAILED} / (${ALL} > 0) or vector(0)`;
const ERROR_COLOURS = thresholds("green", [0.01, "orange"], [0.05, "red"]);
/** Seconds. */
const LATENCY_COLOURS = thresholds("green", [0.5, "orange"], [1, "red"]);

/** The Flask app by rate, errors and duration of its requests, and the process behind it. */
export function flaskDashboard(): Dashboard {
  return newDashboard("Flask app", "lab-flask", "flask")
    .withVariable(labelVariable("path", `${SECONDS}_count{${JOB}}`).label("Path"))
    .withVariable(labelVariable("status", `${SECONDS}_count{${JOB}}`).label("Status"))
    .withPanel(
      stat("Up", "Whether Prometheus reaches the app.")
        .mappings([texts({ 0: ["Down", "red"], 1: ["Up", "green"] })])
        .thresholds(thresholds("red", [1, "green"]))
        .withTarget(queryNow(`up{${JOB}}`)),
    )
    .withPanel(
      stat(
        "Error ratio",
        "Share of the requests that end with a status of 500 or above; the variable Status does not apply.",
      )
        .unit("percentunit")
        .decimals(1)
        .graphMode(BigValueGraphMode.Area)
        .thresholds(ERROR_COLOURS)
        .withTarget(query(ERROR_RATIO)),
    )
    .withPanel(
      stat("Latency, 95th percentile", "95 of 100 requests are answered within this time.")
        .unit("s")
        .graphMode(BigValueGraphMode.Area)
        .mappings([textOfNaN("no requests")])
        .thresholds(LATENCY_COLOURS)
        .withTarget(query(quantile(0.95, "le"))),
    )
    .withPanel(
      stat("Requests per second", "Requests that the app answers.")
        .unit("reqps")
        .graphMode(BigValueGraphMode.Area)
        .thresholds(thresholds("blue"))
        .withTarget(query(`sum(rate(${SECONDS}_count${CHOSEN}${RATE}))`)),
    )
    .withPanel(
      stat("Requests in flight now", "Requests of any path in progress; the app answers 8 at once.")
        .unit("none")
        .thresholds(thresholds("blue", [8, "orange"]))
        .withTarget(queryNow(`flask_http_requests_in_flight{${JOB}}`)),
    )
    .withPanel(
      stat("App restarts", "Restarts of the process within the last hour.")
        .unit("none")
        .decimals(0)
        .thresholds(thresholds("green", [1, "orange"], [3, "red"]))
        .withTarget(queryNow(`sum(changes(process_start_time_seconds{${JOB}}[1h]))`)),
    )
    .withPanel(
      graph("Requests by path", "Requests per second of each path.")
        .unit("reqps")
        .withTarget(query(`sum by (path) (rate(${SECONDS}_count${CHOSEN}${RATE}))`, "{{path}}")),
    )
    .withPanel(
      graph("Requests by status", "Requests per second of each status.")
        .unit("reqps")
        .withTarget(query(`sum by (status) (rate(${SECONDS}_count${CHOSEN}${RATE}))`, "{{status}}")),
    )
    .withPanel(
      graph("Error ratio over time", "Share of the requests that end with a status of 500 or above.")
        .unit("percentunit")
        .max(1)
        .thresholds(ERROR_COLOURS)
        .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed))
        .withTarget(query(ERROR_RATIO, "error ratio")),
    )
    .withPanel(
      graph("Errors by path", "Requests per second of each path that end with a status of 500 or above.")
        .unit("reqps")
        .withTarget(
          query(
            // a path without errors has a line at 0
            `sum by (path) (rate(${SECONDS}_count${CHOSEN_ERRORS}${RATE})) or 0 * sum by (path) (rate(${SECONDS}_count${CHOSEN_PATHS}${RATE}))`,
            "{{path}}",
          ),
        ),
    )
    .withPanel(
      latencies("Latency", "Quantiles over the chosen requests, and the mean.")
        .withTarget(query(quantile(0.5, "le"), "p50").refId("A"))
        .withTarget(query(quantile(0.95, "le"), "p95").refId("B"))
        .withTarget(query(quantile(0.99, "le"), "p99").refId("C"))
        .withTarget(
          query(
            `sum(rate(${SECONDS}_sum${CHOSEN}${RATE})) / sum(rate(${SECONDS}_count${CHOSEN}${RATE}))`,
            "mean",
          ).refId("D"),
        ),
    )
    .withPanel(
      latencies(
        "Latency by path, 95th percentile",
        "95 of 100 requests of a path are answered within this time.",
      ).withTarget(query(quantile(0.95, "le, path"), "{{path}}")),
    )
    .withPanel(
      bars("Slowest paths", "The five paths with the highest 95th percentile now.")
        .unit("s")
        .mappings([textOfNaN("no requests")])
        .thresholds(LATENCY_COLOURS)
        .withTarget(queryNow(`sort_desc(topk(5, ${quantile(0.95, "le, path")}))`, "{{path}}")),
    )
    .withPanel(
      graph("Requests in flight", "Requests of any path in progress at each scrape.")
        .unit("none")
        .withTarget(query(`flask_http_requests_in_flight{${JOB}}`, "in flight")),
    )
    .withPanel(
      graph("CPU of the app", "CPU time used by the process; 100 % is one core.")
        .unit("percentunit")
        .withTarget(query(`rate(process_cpu_seconds_total{${JOB}}${RATE})`, "CPU")),
    )
    .withPanel(
      graph("Memory of the app", "Resident memory of the process.")
        .unit("bytes")
        .withTarget(query(`process_resident_memory_bytes{${JOB}}`, "resident")),
    )
    .build();
}

/** Lines with gaps while there are no requests: without a fill, and connected over gaps of up to a minute. */
function latencies(title: string, description: string): ReturnType<typeof graph> {
  return graph(title, description).unit("s").fillOpacity(0).spanNulls(60_000);
}

function quantile(share: number, by: string): string {
  return `histogram_quantile(${String(share)}, sum by (${by}) (rate(${SECONDS}_bucket${CHOSEN}${RATE})))`;
}
