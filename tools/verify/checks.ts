import { inspectMachine } from "../../lib/docker/machine";
import { findStarts } from "../../lib/drift/starts";
import { PUBLISHED, SERVICES } from "../../lib/settings/services";
import { urlSegment } from "../../lib/shared/foreignNames";
import { alertsEvaluated } from "./alerts";
import { configurationLoaded } from "./configuration";
import { readDashboard, unboundDatasources } from "./dashboards";
import { hostReported } from "./host";
import { Check, CheckError, getJson, LabOutputs, queryPrometheus, request, Sample, signIn } from "./lab";
import { StoredDashboard } from "./panels/model";
import { targetsUp } from "./targets";

/** Paths of the app and their HTTP status. */
export const FLASK_PATHS: readonly (readonly [string, number])[] = [
  ["/", 200],
  ["/fast", 200],
  ["/slow", 200],
  ["/error", 500],
];
/** Paths that succeed immediately: the errors of repeated requests would fire an alert. */
export const QUICK_PATHS = FLASK_PATHS.filter(([path, status]) => status === 200 && path !== "/slow");
const COUNT = "flask_http_request_duration_seconds_count";
const PLAYBOOK = "monitor_playbook";

async function containersHealthy(lab: LabOutputs): Promise<string> {
  const { containers } = await inspectMachine();
  const unhealthy = lab.containers.flatMap((name) => {
    const status = containers.find(({ Names }) => Names.includes(`/${name}`))?.Status ?? "does not exist";
    return status.includes("(healthy)") ? [] : [`${name}: ${status}`];
  });
  if (unhealthy.length > 0) {
    throw new CheckError(unhealthy.join(", "), "read make logs, then run make up");
  }
  const silent = await unresponsive(lab);
  if (silent.length > 0) {
    throw new CheckError(
      silent.map(({ name, url }) => `Docker reports ${name} as healthy, but it does not respond at ${url}`).join(", "),
      `read make logs, then run make up; if it changes nothing, run docker restart ${silent.map(({ name }) => name).join(" ")}`,
    );
  }
  return `${String(lab.containers.length)} healthy`;
}

/** The containers that do not answer now: Docker's last health check, like the last scrape, is older than this command. */
async function unresponsive(lab: LabOutputs): Promise<{ name: string; url: string }[]> {
  const answers = await Promise.all(
    PUBLISHED.map(async (key) => {
      const url = lab[`${key}Url`];
      const name = lab.containers.find((container) => container.endsWith(SERVICES[key].hostname));
      if (url === undefined || name === undefined) {
        return [];
      }
      return request(url, { redirect: "manual" }).then(
        () => [],
        () => [{ name, url }],
      );
    }),
  );
  return answers.flat();
}

async function flaskTraffic(lab: LabOutputs): Promise<string> {
  const samples = await queryPrometheus(lab, `sum by (path) (${COUNT}{job="flask_app"})`);
  const counts = FLASK_PATHS.map(([path]) => {
    const sample = samples.find(({ metric }) => metric.path === path);
    return { path, count: Number(sample?.value[1] ?? 0) };
  });
  const silent = counts.filter(({ count }) => count === 0).map(({ path }) => path);
  if (silent.length > 0) {
    throw new CheckError(
      `Prometheus counts no requests of ${silent.join(", ")}`,
      "check the target flask_app in Prometheus",
    );
  }
  // when the app is dead, another program could listen on its port
  if (!(await findStarts(lab.labName)).some(({ ours }) => ours)) {
    throw new CheckError(
      `the lab's app is not running; its samples are from before, or another program answers at ${lab.flaskUrl}`,
      "run make up",
    );
  }
  // the samples may be older than this command
  await sendTraffic(lab, QUICK_PATHS);
  return counts.map(({ path, count }) => `${path} ${String(count)}`).join(", ");
}

async function playbookReported(lab: LabOutputs): Promise<string> {
  const [status] = await queryPrometheus(lab, `ansible_job_status{playbook="${PLAYBOOK}",job="ansible_deployment"}`);
  const [age] = await queryPrometheus(lab, `time() - ansible_job_last_run_timestamp_seconds{playbook="${PLAYBOOK}"}`);
  if (status === undefined || age === undefined) {
    throw new CheckError("Prometheus has no status of the playbook", "run make playbook and read its output");
  }
  const result = status.value[1] === "1" ? "Success" : "Failure (of the job, not of the lab)";
  return `${result}, ${Math.round(Number(age.value[1])).toString()} s ago`;
}

async function grafanaResponds(lab: LabOutputs): Promise<string> {
  const anonymous = await request(`${lab.grafanaUrl}/api/org`);
  if (anonymous.status !== 401) {
    throw new CheckError(
      `accepts requests without a password (${String(anonymous.status)})`,
      "check Grafana's settings",
    );
  }
  const { version } = await getJson<{ version: string }>(`${lab.grafanaUrl}/api/health`);
  await getJson(`${lab.grafanaUrl}/api/user`, signIn(lab));
  return `version ${version}, admin signs in, anonymous access is refused`;
}

async function datasourceWorks(lab: LabOutputs): Promise<string> {
  const sources = await getJson<{ uid: string; isDefault: boolean }[]>(
    `${lab.grafanaUrl}/api/datasources`,
    signIn(lab),
  );
  const uid = sources.find(({ isDefault }) => isDefault)?.uid;
  if (uid === undefined) {
    throw new CheckError("Grafana has no default datasource", "run make up");
  }
  const { data } = await getJson<{ data: { result: readonly Sample[] } }>(
    `${lab.grafanaUrl}/api/datasources/proxy/uid/${urlSegment(uid)}/api/v1/query?query=up`,
    signIn(lab),
  );
  if (data.result.length === 0) {
    throw new CheckError(
      "a query through Grafana's proxy returns no data",
      "check in make logs whether Grafana reaches Prometheus",
    );
  }
  return `${String(data.result.length)} series of up through Grafana's proxy`;
}

async function dashboardsBound(lab: LabOutputs): Promise<string> {
  const [sources, dashboards] = await Promise.all([
    getJson<{ uid: string; name: string }[]>(`${lab.grafanaUrl}/api/datasources`, signIn(lab)),
    readAll(lab),
  ]);
  const known = new Set(sources.flatMap(({ uid, name }) => [uid, name]));
  const unbound = dashboards.flatMap((dashboard) =>
    unboundDatasources(dashboard, known).map((reference) => `${dashboard.title}: ${reference}`),
  );
  if (unbound.length > 0) {
    throw new CheckError(
      `unbound datasources: ${unbound.join(", ")}`,
      "remove the dashboard from communityDashboards, or export it again for Prometheus",
    );
  }
  const standIns = dashboards.filter(({ tags }) => tags?.includes("stand-in"));
  const note = standIns.length === 0 ? "" : `; ${String(standIns.length)} are stand-ins for published ones`;
  return `${String(dashboards.length)} exist, all datasources bound${note}`;
}

/** All dashboards of the lab; those that Grafana does not return are reported together. */
async function readAll(lab: LabOutputs): Promise<readonly StoredDashboard[]> {
  const answers = await Promise.allSettled(lab.dashboards.map((uid) => readDashboard(lab, uid)));
  const failures = answers.filter((answer) => answer.status === "rejected").map(({ reason }) => reason as unknown);
  const failed = failures.filter((failure) => failure instanceof CheckError);
  if (failed.length < failures.length) {
    throw failures.find((failure) => !(failure instanceof CheckError));
  }
  if (failed.length > 0) {
    throw new CheckError(
      failed.map(({ message }) => message).join("; "),
      [...new Set(failed.map(({ fix }) => fix))].join("; "),
    );
  }
  return answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
}

/** All checks of `make verify`, in the order of the data flow. */
export const CHECKS: readonly Check[] = [
  { name: "containers", run: containersHealthy },
  { name: "configuration", run: configurationLoaded },
  { name: "targets", run: targetsUp },
  { name: "alerts", run: alertsEvaluated },
  { name: "host", run: hostReported },
  { name: "flask traffic", run: flaskTraffic },
  { name: "playbook", run: playbookReported },
  { name: "grafana", run: grafanaResponds },
  { name: "datasource", run: datasourceWorks },
  { name: "dashboards", run: dashboardsBound },
];

/** Sends one request to each of these paths of the app, to produce traffic. */
export async function sendTraffic(lab: LabOutputs, paths = FLASK_PATHS): Promise<void> {
  await Promise.all(
    paths.map(async ([path, expected]) => {
      const { status } = await request(`${lab.flaskUrl}${path}`);
      if (status !== expected) {
        throw new CheckError(`${path} returned ${String(status)}, not ${String(expected)}`, "read make logs");
      }
    }),
  );
}
