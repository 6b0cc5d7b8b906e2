import { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import {
  graph,
  GREY,
  newDashboard,
  query,
  queryNow,
  queryTable,
  stat,
  table,
  texts,
  thresholds,
  timeline,
} from "./panels";

/** Placeholder for a missing metric. */
const NONE = -1;
const NO_JOB = "no job has pushed yet";
/** As assets/prometheus/jobs.rules.yml numbers them. */
const STATES = texts({
  [NONE]: ["–", GREY],
  0: ["No result pushed", GREY],
  1: ["Succeeded", "green"],
  2: ["Not succeeded", "orange"],
  3: ["Not run", "orange"],
  4: ["Failed", "red"],
});
const STATE_COLOURS = thresholds(GREY, [1, "green"], [2, "orange"], [4, "red"]);
/** Placeholder if there are no jobs. */
const PLACEHOLDER = `label_replace(vector(${String(NONE)}), "job", "${NO_JOB}", "", "")`;

/** All jobs that pushed to the Pushgateway, with any names and labels. */
export function jobsDashboard(): Dashboard {
  return newDashboard("Jobs", "lab-jobs", "jobs")
    .time({ from: "now-1h", to: "now" })
    .withPanel(
      stat("Jobs", "Jobs that pushed to the Pushgateway; one that runs on two hosts counts as two.")
        .unit("none")
        .mappings([texts({ 0: [NO_JOB, GREY] })])
        .thresholds(thresholds("blue"))
        .span(6)
        .withTarget(queryNow("count(pushed_job:state) or vector(0)")),
    )
    .withPanel(count("Failed", "Jobs whose last run failed.", "pushed_job:result == 0", "red"))
    .withPanel(
      count(
        "Not run",
        "Jobs whose last push is older than their job_max_age_seconds, 26 hours by default.",
        "time() - (pushed_job:last_push_timestamp_seconds > 0) > pushed_job:max_age_seconds",
        "orange",
      ),
    )
    .withPanel(
      count(
        "Not succeeded",
        "Jobs that run and report no failure, and whose last success is older than their job_max_age_seconds.",
        "pushed_job:state == 2",
        "orange",
      ),
    )
    .withPanel(
      table("Last run of each job", "A row for each job, host and any other label; the worst state first.", {
        State: queryTable(forTable("max without () (pushed_job:state)")),
        "Since last run": queryTable(forTable("time() - (pushed_job:last_push_timestamp_seconds > 0)")),
        "Since last success": queryTable(forTable("time() - pushed_job:last_success_timestamp_seconds")),
        Duration: queryTable(forTable("max without () (pushed_job:duration_seconds)")),
      })
        .unit("s")
        .mappings([texts({ [NONE]: ["none pushed", GREY] })])
        .overrideByName("State", [
          { id: "unit", value: "none" },
          { id: "mappings", value: [STATES] },
          { id: "thresholds", value: STATE_COLOURS.build() },
          { id: "custom.cellOptions", value: { type: "color-background", mode: "basic" } },
        ])
        .height(9),
    )
    .withPanel(
      timeline("State over time", "State of each job at each point in time.")
        .mappings([STATES])
        .thresholds(STATE_COLOURS)
        .height(8)
        .withTarget(query(overTime("pushed_job:state"), "__auto")),
    )
    .withPanel(
      graph("Duration over time", "Duration of the latest run at each point in time.")
        .unit("s")
        .withTarget(query(overTime("pushed_job:duration_seconds"), "__auto")),
    )
    .build();
}

/** Number of jobs that an expression finds. */
function count(title: string, description: string, expr: string, colour: string): StatBuilder {
  return stat(title, description)
    .unit("none")
    .thresholds(thresholds("green", [1, colour]))
    .span(6)
    .withTarget(queryNow(`count(${expr}) or vector(0)`));
}

/** A value for every job, so that the columns of the table have the same rows. */
function forTable(expr: string): string {
  return `${expr} or ${String(NONE)} + 0 * pushed_job:state or on () ${PLACEHOLDER}`;
}

/** The placeholder only if there was no job in the whole range, as it would be a series of its own. */
function overTime(metric: string): string {
  return `${metric} or on () (${PLACEHOLDER} unless on () last_over_time(${metric}[$__range] @ end()))`;
}
