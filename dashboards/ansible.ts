import { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { graph, GREY, labelVariable, newDashboard, query, queryNow, stat, texts, thresholds, timeline } from "./panels";

const JOB = 'job="ansible_deployment"';
const CHOSEN = `{${JOB}, playbook=~"$playbook"}`;
/** The instance distinguishes a playbook that several hosts push. */
const LEGEND = "{{playbook}} {{instance}}";
/** The playbook runs by hand or on a change: its age is not an error, but a day is worth a warning. Seconds. */
const A_DAY = 86_400;
/** Placeholder for an event that never happened. */
const NEVER = -1;

// `on ()` drops the placeholder as soon as there is any playbook
const STATUS = `${named(`ansible_job_status${CHOSEN}`)} or on () vector(${String(NEVER)})`;
const RUN_AGE = `${named(`time() - ansible_job_last_run_timestamp_seconds${CHOSEN}`)} or on () vector(${String(NEVER)})`;
const DURATION = `${named(`ansible_job_duration_seconds${CHOSEN}`)} or on () vector(${String(NEVER)})`;
/** A playbook that ran and never succeeded has no time of its last success, so its name is taken from its last run. */
const SUCCESS_AGE = `${named(
  `time() - ansible_job_last_success_timestamp_seconds${CHOSEN}` +
    ` or 0 * ansible_job_last_run_timestamp_seconds${CHOSEN} - 1`,
)} or on () vector(${String(NEVER)})`;

const STATUS_TEXTS = texts({ [NEVER]: ["never ran", GREY], 0: ["Failure", "red"], 1: ["Success", "green"] });
const NEVER_RAN = texts({ [NEVER]: ["never ran", GREY] });

/** The playbooks' reports to the Pushgateway; a new playbook appears by itself. */
export function ansibleDashboard(): Dashboard {
  return newDashboard("Ansible playbooks", "lab-ansible", "ansible")
    .time({ from: "now-1h", to: "now" })
    .withVariable(labelVariable("playbook", `ansible_job_status{${JOB}}`).label("Playbook"))
    .withPanel(
      stat("Status", "Result of the last run of each playbook.")
        .mappings([STATUS_TEXTS])
        .thresholds(thresholds("red", [1, "green"]))
        .span(6)
        .withTarget(queryNow(STATUS, LEGEND)),
    )
    .withPanel(
      stat("Since last run", "How long ago each playbook ran, whatever its result.")
        .unit("s")
        .mappings([NEVER_RAN])
        .thresholds(thresholds("green", [A_DAY, "orange"]))
        .span(6)
        .withTarget(queryNow(RUN_AGE, LEGEND)),
    )
    .withPanel(
      stat("Since last success", "How long ago each playbook last succeeded.")
        .unit("s")
        .mappings([texts({ [NEVER]: ["never succeeded", "red"] })])
        .thresholds(thresholds("green", [A_DAY, "orange"]))
        .span(6)
        .withTarget(queryNow(SUCCESS_AGE, LEGEND)),
    )
    .withPanel(
      stat("Duration of the last run", "How long the last run of each playbook took.")
        .unit("s")
        .mappings([NEVER_RAN])
        .thresholds(thresholds("blue"))
        .span(6)
        .withTarget(queryNow(DURATION, LEGEND)),
    )
    .withPanel(
      timeline("Status over time", "Result of the latest run at each point in time.")
        .mappings([STATUS_TEXTS])
        .thresholds(thresholds("red", [1, "green"]))
        .span(24)
        .withTarget(query(named(`ansible_job_status${CHOSEN}`), LEGEND)),
    )
    .withPanel(
      graph("Duration over time", "Duration of the latest run at each point in time.")
        .unit("s")
        .span(24)
        .withTarget(query(named(`ansible_job_duration_seconds${CHOSEN}`), LEGEND)),
    )
    .build();
}

/** The legend of a series that was pushed without the label would be empty. */
function named(expr: string): string {
  return `label_replace(${expr}, "playbook", "without a name", "playbook", "")`;
}
