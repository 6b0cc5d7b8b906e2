import { Dashboard, MappingType } from "@grafana/grafana-foundation-sdk/dashboard";
import { graph, newDashboard, query, stat, thresholds } from "./ownDashboard";

const REQUESTS = "flask_http_request_duration_seconds_count";
const BUCKETS = "flask_http_request_duration_seconds_bucket";
const SECONDS = "flask_http_request_duration_seconds_sum";
const RATE = "[$__rate_interval]";

const ALL = `sum(rate(${REQUESTS}${RATE}))`;
// a series of its own even while no request has failed
const FAILED = `(sum(rate(${REQUESTS}{status=~"5.."}${RATE})) or vector(0))`;
// without any request there is no ratio: 0 / 0 is shown as no error
const ERROR_RATIO = `${FAILED} / (${ALL} > 0) or vector(0)`;

/** The Flask app by rate, errors and duration of its requests. */
export function flaskDashboard(): Dashboard {
  return newDashboard("Flask app", "lab-flask", "flask")
    .withPanel(
      stat("Requests per second", "All requests that the app answers, whatever their status.")
        .unit("reqps")
        .thresholds(thresholds("blue"))
        .withTarget(query(ALL)),
    )
    .withPanel(
      stat("Error ratio", "Share of the requests that end with a status of 500 or above.")
        .unit("percentunit")
        .decimals(1)
        .thresholds(thresholds("green", [0.01, "orange"], [0.05, "red"]))
        .withTarget(query(ERROR_RATIO)),
    )
    .withPanel(
      stat("Latency, 95th percentile", "95 of 100 requests are answered within this time.")
        .unit("s")
        .thresholds(thresholds("green", [0.5, "orange"], [1, "red"]))
        .withTarget(query(quantile(0.95, "le"))),
    )
    .withPanel(
      stat("Up", "Whether Prometheus reaches the app.")
        .mappings([
          {
            type: MappingType.ValueToText,
            options: { "0": { text: "Down", color: "red", index: 0 }, "1": { text: "Up", color: "green", index: 1 } },
          },
        ])
        .thresholds(thresholds("red", [1, "green"]))
        .withTarget(query('up{job="flask_app"}')),
    )
    .withPanel(
      graph("Requests by path", "Requests per second of each path.")
        .unit("reqps")
        .withTarget(query(`sum by (path) (rate(${REQUESTS}${RATE}))`, "{{path}}")),
    )
    .withPanel(
      graph("Requests by status", "Requests per second of each status.")
        .unit("reqps")
        .withTarget(query(`sum by (status) (rate(${REQUESTS}${RATE}))`, "{{status}}")),
    )
    .withPanel(
      graph("Errors by path", "Requests per second that end with a status of 500 or above.")
        .unit("reqps")
        .withTarget(
          query(`sum by (path, status) (rate(${REQUESTS}{status=~"5.."}${RATE})) or vector(0)`, "{{path}} {{status}}"),
        ),
    )
    .withPanel(
      graph("Latency", "Quantiles over all paths, and the mean.")
        .unit("s")
        .withTarget(query(quantile(0.5, "le"), "p50").refId("A"))
        .withTarget(query(quantile(0.95, "le"), "p95").refId("B"))
        .withTarget(query(quantile(0.99, "le"), "p99").refId("C"))
        .withTarget(query(`sum(rate(${SECONDS}${RATE})) / sum(rate(${REQUESTS}${RATE}))`, "mean").refId("D")),
    )
    .withPanel(
      graph("Latency by path, 95th percentile", "95 of 100 requests of a path are answered within this time.")
        .unit("s")
        .span(24)
        .withTarget(query(quantile(0.95, "le, path"), "{{path}}")),
    )
    .build();
}

function quantile(share: number, by: string): string {
  return `histogram_quantile(${String(share)}, sum by (${by}) (rate(${BUCKETS}${RATE})))`;
}
