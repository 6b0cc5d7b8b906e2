import { GROUP_INTERVAL } from "../../lib/settings/alertReceivers";
import { seconds, writeDuration } from "../../lib/shared/duration";
import { signInHeaders } from "../../lib/shared/webSignIn";
import { askPrometheus, CheckError, getJson, LabOutputs, queryPrometheus, Sample } from "./lab";

/** A rule, as in Prometheus' API. */
interface Rule {
  readonly name: string;
  /** `unknown` until it has been evaluated once. */
  readonly health: "ok" | "err" | "unknown";
  readonly lastError?: string;
  /** Absent for a recording rule. */
  readonly state?: "firing" | "pending" | "inactive";
}

/** The alert that fires all the time. */
const WATCHDOG = "Watchdog";
/** Scrapes added to the window, so that a failure shows in its counter even if one scrape is missed. */
const SCRAPES = 3;

/** Whether every rule is evaluated without an error, and the watchdog reaches its destination. */
export async function alertsEvaluated(lab: LabOutputs): Promise<string> {
  const { groups } = await askPrometheus<{ groups: readonly { rules: readonly Rule[] }[] }>(lab, "rules");
  const rules = groups.flatMap((group) => group.rules);
  const unhealthy = rules.filter(({ health }) => health !== "ok");
  if (unhealthy.length > 0) {
    const list = unhealthy.map(({ name, lastError }) => `${name}: ${lastError ?? "not evaluated yet"}`);
    throw new CheckError(list.join("; "), "fix the rule in assets/prometheus, then run make up");
  }
  const firing = rules.filter(({ state }) => state === "firing").map(({ name }) => name);
  if (!firing.includes(WATCHDOG)) {
    throw new CheckError(`${WATCHDOG} does not fire (${String(rules.length)} rules loaded)`, "run make up");
  }
  const sentOn = lab.alertmanagerUrl === undefined ? "" : `; ${await alertsSent(lab, lab.alertmanagerUrl)}`;
  const others = firing.filter((name) => name !== WATCHDOG);
  return `${String(rules.length)} rules; firing: ${others.length === 0 ? "none" : others.join(", ")}${sentOn}`;
}

/** Checks that alerts reach Alertmanager and notifications their receiver; reports whether one was delivered. */
async function alertsSent(lab: LabOutputs, url: string): Promise<string> {
  const filter = encodeURIComponent(`alertname="${WATCHDOG}"`);
  const alerts = await getJson<readonly unknown[]>(
    `${url}/api/v2/alerts?active=true&filter=${filter}`,
    signInHeaders(lab.webPassword),
  );
  if (alerts.length === 0) {
    throw new CheckError(
      `Alertmanager received no ${WATCHDOG} from Prometheus`,
      "check in make logs whether Prometheus reaches it",
    );
  }
  if (lab.alertReceiver === "nobody") {
    return "Alertmanager receives them and has no receiver";
  }
  const recent = seconds(GROUP_INTERVAL) + SCRAPES * seconds(lab.scrapeInterval);
  const queries = notificationQueries(recent);
  const [failed, retried, [delivered]] = await Promise.all([
    queryPrometheus(lab, queries.failed),
    queryPrometheus(lab, queries.retried),
    queryPrometheus(lab, queries.delivered),
  ]);
  const problems = [
    ...failed.map(
      ({ metric, value }) => `${value[1]} by ${describe(metric)} failed, the latest within ${String(recent)} s`,
    ),
    ...retried.map(({ metric, value }) => `${value[1]} attempts by ${describe(metric)} failed, none succeeded`),
  ];
  if (problems.length > 0) {
    throw new CheckError(
      `Alertmanager cannot send its notifications: ${problems.join("; ")}`,
      "read the receiver's response in make logs; start or fix the receiver, or set another alertWebhook",
    );
  }
  if (delivered === undefined) {
    throw new CheckError("Prometheus has no metrics of Alertmanager", "check the target alertmanager in Prometheus");
  }
  const count = Number(delivered.value[1]);
  return count === 0
    ? "Alertmanager receives them, no notification sent yet"
    : `Alertmanager receives them, notifications delivered: ${String(count)}`;
}

/** The receiver of a counter of Alertmanager, and the reason of the failure if it has one. */
function describe({ integration = "", reason }: Sample["metric"]): string {
  return reason === undefined || reason === "other" ? integration : `${integration} (${reason})`;
}

/**
 * Queries for the notifications that failed in the last so many seconds, those being retried, and all successful ones.
 * Counters restart with Alertmanager: failures of a previous container do not count.
 */
export function notificationQueries(recent: number): Readonly<Record<"failed" | "retried" | "delivered", string>> {
  const window = `[${writeDuration(recent)}]`;
  const [failed, attempts, failedAttempts] = [
    "alertmanager_notifications_failed_total",
    "alertmanager_notification_requests_total",
    "alertmanager_notification_requests_failed_total",
  ].map((metric) => `${metric}{job="alertmanager"}`) as [string, string, string];
  const grew = (counter: string): string => `increase(${counter}${window})`;
  return {
    failed: `${failed} > 0 and ${grew(failed)} > 0`,
    // a notification counts as failed after half a minute of retries
    retried:
      `${failedAttempts} > 0 and ${grew(failedAttempts)} > 0 and ${grew(failedAttempts)} >= ${grew(attempts)}` +
      ` unless on (integration) ${grew(failed)} > 0`,
    delivered: `sum(${attempts}) - sum(${failedAttempts})`,
  };
}
