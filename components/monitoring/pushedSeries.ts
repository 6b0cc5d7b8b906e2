import { parse } from "yaml";

/** The job under which the playbook reports. */
const PLAYBOOK_JOB = "ansible_deployment";
/** Samples per scrape; a playbook reports six. */
const LIMITS = { playbook: 1_000, others: 10_000 } as const;
/** Names that Prometheus itself creates: for scrapes, alerts, and its own state. */
const OWN_METRICS = ["up", "scrape_.+", "ALERTS", "ALERTS_FOR_STATE", "prometheus_.+"];

/**
 * The scrape jobs of the Pushgateway, to which everybody who reaches it can push: one for the playbook's reports, one for
 * the Pushgateway itself and all other pushes. A limit fails a whole scrape, and counts samples after relabelling
 * (`limitAppender` in Prometheus' scrape/target.go): so another job's excess cannot hide the playbook's reports.
 *
 * @param scraped Names of all scrape jobs; series pushed under one of them are dropped.
 * @param recorded Names of the metrics that recording rules create.
 */
export function pushgatewayJobs(scraped: readonly string[], recorded: readonly string[]) {
  const metrics = [...OWN_METRICS, ...recorded.map(literal)].join("|");
  const reserved = [PLAYBOOK_JOB, ...scraped].map(literal).join("|");
  return [
    {
      job_name: "ansible_jobs",
      // pushed series keep their own job
      honor_labels: true,
      sample_limit: LIMITS.playbook,
      metric_relabel_configs: [
        { source_labels: ["job"], regex: PLAYBOOK_JOB, action: "keep" },
        { source_labels: ["__name__"], regex: metrics, action: "drop" },
      ],
    },
    {
      job_name: "pushgateway",
      sample_limit: LIMITS.others,
      // no honor_labels: only exported_job distinguishes pushed series from the Pushgateway's own
      metric_relabel_configs: [
        { source_labels: ["exported_job"], regex: reserved, action: "drop" },
        { source_labels: ["exported_job", "__name__"], regex: `.+;(${metrics})`, action: "drop" },
        // as honor_labels would have left it
        { source_labels: ["exported_job"], regex: ".+", target_label: "instance", replacement: "" },
        { source_labels: ["exported_instance"], regex: "(.+)", target_label: "instance" },
        { source_labels: ["exported_job"], regex: "(.+)", target_label: "job" },
        { regex: "(exported_)+(job|instance)", action: "labeldrop" },
      ],
    },
  ];
}

/** Names of the metrics that the recording rules of these files create; files that are not YAML are rejected elsewhere. */
export function recordedMetrics(files: readonly { readonly content: string }[]): readonly string[] {
  // parsing all files takes a tenth of a second
  const recording = files.filter(({ content }) => /\brecord["']?\s*:/.test(content));
  return recording.flatMap(({ content }) => {
    try {
      const { groups } = parse(content) as { groups: readonly { rules: readonly { record?: string }[] }[] };
      return groups.flatMap(({ rules }) => rules.flatMap(({ record }) => record ?? []));
    } catch {
      return [];
    }
  });
}

/** An RE2 regular expression that matches exactly this text. */
function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
