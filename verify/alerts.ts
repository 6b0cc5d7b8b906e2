import { CheckError, getJson, LabOutputs } from "./lab";

/** A rule of Prometheus, as its API tells it. */
interface Rule {
  readonly name: string;
  /** `unknown` until it has been evaluated once. */
  readonly health: "ok" | "err" | "unknown";
  readonly lastError?: string;
  readonly state: "firing" | "pending" | "inactive";
}

/** The alert that always fires. */
const WATCHDOG = "Watchdog";

/** Whether every rule is evaluated without an error, and the watchdog gets as far as it should. */
export async function alertsEvaluated(lab: LabOutputs): Promise<string> {
  const { data } = await getJson<{ data: { groups: readonly { rules: readonly Rule[] }[] } }>(
    `${lab.prometheusUrl}/api/v1/rules?type=alert`,
  );
  const rules = data.groups.flatMap((group) => group.rules);
  const sick = rules.filter(({ health }) => health !== "ok");
  if (sick.length > 0) {
    const list = sick.map(({ name, lastError }) => `${name}: ${lastError ?? "not evaluated yet"}`);
    throw new CheckError(list.join("; "), "mend the rule in assets/prometheus, then run make up");
  }
  const firing = rules.filter(({ state }) => state === "firing").map(({ name }) => name);
  if (!firing.includes(WATCHDOG)) {
    throw new CheckError(`of ${String(rules.length)} rules ${WATCHDOG} does not fire`, "run make up");
  }
  const sentOn = lab.alertmanagerUrl === undefined ? "" : `; ${await askAlertmanager(lab.alertmanagerUrl)}`;
  const others = firing.filter((name) => name !== WATCHDOG);
  return `${String(rules.length)} rules; firing: ${others.length === 0 ? "none" : others.join(", ")}${sentOn}`;
}

async function askAlertmanager(url: string): Promise<string> {
  const filter = encodeURIComponent(`alertname="${WATCHDOG}"`);
  const alerts = await getJson<readonly unknown[]>(`${url}/api/v2/alerts?active=true&filter=${filter}`);
  if (alerts.length === 0) {
    throw new CheckError(
      `Alertmanager has no ${WATCHDOG} from Prometheus`,
      "look whether Prometheus reaches it: make logs",
    );
  }
  return "Alertmanager gets them";
}
