import { Dashboard, MappingType, ValueMapping } from "@grafana/grafana-foundation-sdk/dashboard";
import { graph, newDashboard, query, queryNow, stat, thresholds } from "./ownDashboard";

const LEGEND = "{{playbook}}";
/** The playbook runs by hand or on a change: an age is no alarm by itself, a day is worth a look. */
const A_DAY = 86_400;

/** What the playbooks reported to the Pushgateway. */
export function ansibleDashboard(): Dashboard {
  return newDashboard("Ansible playbooks", "lab-ansible", "ansible")
    .time({ from: "now-1h", to: "now" })
    .withPanel(
      stat("Status", "Result of the last run of each playbook.")
        .noValue("never ran")
        .mappings([statusMapping()])
        .thresholds(thresholds("red", [1, "green"]))
        .withTarget(queryNow("ansible_job_status", LEGEND)),
    )
    .withPanel(
      stat("Last run", "How long ago each playbook ran, whatever its result.")
        .unit("s")
        .noValue("never ran")
        .thresholds(thresholds("green", [A_DAY, "orange"]))
        .withTarget(queryNow("time() - ansible_job_last_run_timestamp_seconds", LEGEND)),
    )
    .withPanel(
      stat("Last success", "How long ago each playbook last succeeded.")
        .unit("s")
        .noValue("never succeeded")
        .thresholds(thresholds("green", [A_DAY, "orange"]))
        .withTarget(queryNow("time() - ansible_job_last_success_timestamp_seconds", LEGEND)),
    )
    .withPanel(
      stat("Duration", "How long the last run of each playbook took.")
        .unit("s")
        .noValue("never ran")
        .thresholds(thresholds("blue"))
        .withTarget(queryNow("ansible_job_duration_seconds", LEGEND)),
    )
    .withPanel(
      graph("Status over time", "1 is a success and 0 a failure; a line stays until the next run.")
        .max(1)
        .decimals(0)
        .mappings([statusMapping()])
        .withTarget(query("ansible_job_status", LEGEND)),
    )
    .withPanel(
      graph("Duration over time", "How long the last run took, as it was at each moment.")
        .unit("s")
        .withTarget(query("ansible_job_duration_seconds", LEGEND)),
    )
    .build();
}

function statusMapping(): ValueMapping {
  return {
    type: MappingType.ValueToText,
    options: {
      "0": { text: "Failure", color: "red", index: 0 },
      "1": { text: "Success", color: "green", index: 1 },
    },
  };
}
