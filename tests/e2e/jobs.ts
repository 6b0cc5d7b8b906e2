import * as path from "node:path";
import { LabOutputs } from "../../tools/verify/lab";
import { grafanaApi } from "../../tools/verify/panels/grafana";
import { proveDashboard } from "../../tools/verify/panels/panelResult";
import { eventually, sample, TestLab } from "../support/harness";
import { documentedSnippets, PushingHost } from "../support/pushJob";

/** States as assets/prometheus/jobs.rules.yml numbers them. */
const [UNKNOWN, SUCCEEDED, NOT_SUCCEEDED, NOT_RUN, FAILED] = [0, 1, 2, 3, 4];

/** What anybody pushes to a lab that is up, first of all as docs/jobs.md says. */
export function jobsTests(lab: () => TestLab): void {
  const [pushJob = "", setAge = "", remove = ""] = documentedSnippets();

  const host = (name: string): PushingHost =>
    new PushingHost(path.join(lab().folder, name), name, lab().ports.pushgatewayPort);

  const push = async (group: string, body: string): Promise<void> => {
    const url = `http://127.0.0.1:${String(lab().ports.pushgatewayPort)}/metrics/job/${group}`;
    const { status } = await fetch(url, { method: "POST", body });
    expect([group, status]).toEqual([group, 200]);
  };

  const becomes = (selector: string, state: number | undefined): Promise<boolean> =>
    eventually(async () => ((await sample(lab(), `pushed_job:state{${selector}}`)) === state ? true : undefined));

  /** Summaries of an alert that fires. */
  const summaries = async (alert: string): Promise<string[]> => {
    const response = await fetch(`http://127.0.0.1:${String(lab().ports.prometheusPort)}/api/v1/alerts`);
    const { data } = (await response.json()) as {
      data: {
        alerts: { state: string; labels: Record<string, string>; annotations: { summary: string } }[];
      };
    };
    const firing = data.alerts.filter((it) => it.state === "firing" && it.labels.alertname === alert);
    return firing.map(({ annotations }) => annotations.summary);
  };

  const fires = (alert: string, summary: string): Promise<string> =>
    eventually(async () => (await summaries(alert)).find((it) => it.startsWith(summary)));

  it("has a row for each host of a job that runs as documented", async () => {
    expect(host("web1").run(pushJob, "backup", "true")).toEqual({ status: 0, stderr: "" });
    expect(host("web2").run(pushJob, "backup", "sh", "-c", "exit 3")).toEqual({ status: 3, stderr: "" });
    await becomes('job="backup", instance="web1"', SUCCEEDED);
    await becomes('job="backup", instance="web2"', FAILED);
    await fires("JobFailed", "The last run of backup instance=web2 failed.");
    const success = 'time() - pushed_job:last_success_timestamp_seconds{job="backup", instance="web1"}';
    expect(await sample(lab(), success)).toBeLessThan(60);
    expect(await sample(lab(), 'pushed_job:duration_seconds{job="backup", instance="web2"}')).toBeLessThan(5);
  });

  it("keeps the last success of a job that fails later", async () => {
    expect(host("web1").run(pushJob, "backup", "false").status).toBe(1);
    await becomes('job="backup", instance="web1"', FAILED);
    expect(await sample(lab(), 'pushed_job:last_success_timestamp_seconds{job="backup"}')).toBeGreaterThan(1e9);
  });

  it("reads the age of a weekly job as documented", async () => {
    host("web1").run(pushJob, "weekly", "true");
    expect(host("web1").run(setAge)).toMatchObject({ status: 0 });
    const age = 'pushed_job:max_age_seconds{job="weekly", instance="web1"} == 691200';
    expect(await eventually(() => sample(lab(), age))).toBe(691_200);
    await becomes('job="weekly"', SUCCEEDED);
  });

  it("names in its alerts a job that is not run, and one that does not succeed, with other labels and names", async () => {
    await push("stale/host/nas", "# TYPE job_max_age_seconds gauge\njob_max_age_seconds 1\n");
    // https://prometheus.github.io/client_python/exporting/pushgateway/
    await push("batchA", `job_last_success_unixtime ${String(Date.now() / 1000 - 200_000)}\n`);
    await push("sizes", "backup_duration_seconds 42\n");
    await becomes('job="stale", host="nas"', NOT_RUN);
    await becomes('job="batchA"', NOT_SUCCEEDED);
    await becomes('job="sizes"', UNKNOWN);
    const message = await fires("JobNotRun", "stale host=nas last pushed ");
    expect(message).toContain("curl -X DELETE $PUSHGATEWAY/metrics/job/stale/host/nas)");
    await fires("JobNotSucceeded", "batchA runs and has not succeeded for 2d ");
    expect(await summaries("JobNotRun")).toHaveLength(1);
  });

  it("names a playbook of another host, and one without a name", async () => {
    const now = String(Date.now() / 1000);
    const values = {
      status: "0",
      duration_seconds: "1",
      last_run_timestamp_seconds: now,
      last_success_timestamp_seconds: now,
    };
    const report = (labels: string): string =>
      Object.entries(values)
        .map(([name, value]) => `# TYPE ansible_job_${name} gauge\nansible_job_${name}${labels} ${value}\n`)
        .join("");
    await push("ansible_deployment/instance/web2", report('{playbook="site"}'));
    await push("ansible_deployment/instance/web3", report(""));
    await fires("PlaybookFailed", "The last run of site on web2 failed.");
    await fires("PlaybookFailed", "The last run of a playbook without a name on web3 failed.");
    await becomes('job="ansible_deployment", playbook="site", instance="web2"', FAILED);
    expect((await summaries("JobFailed")).filter((it) => it.includes("ansible_deployment"))).toEqual([]);
  });

  it("has data in every query of every panel, and no failing rule", async () => {
    const outputs = Object.entries(await lab().stack.outputs()).map(([key, { value }]) => [key, value as unknown]);
    const { panels } = await proveDashboard(grafanaApi(Object.fromEntries(outputs) as LabOutputs), "lab-jobs");
    expect(panels).toHaveLength(7);
    expect(panels.flatMap(({ queries }) => queries.filter(({ state }) => state !== "data"))).toEqual([]);
    const failures = "sum(prometheus_rule_evaluation_failures_total)";
    expect(await sample(lab(), failures)).toBe(0);
  });

  it("forgets a job that is removed as documented, and its alert", async () => {
    expect(host("web2").run(remove)).toMatchObject({ status: 0 });
    await becomes('job="backup", instance="web2"', undefined);
    const gone = async (): Promise<true | undefined> =>
      (await summaries("JobFailed")).some((it) => it.includes("instance=web2")) ? undefined : true;
    expect(await eventually(gone)).toBe(true);
  });
}
