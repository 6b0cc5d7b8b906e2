import { alertsEvaluated, notificationQueries } from "../../tools/verify/alerts";
import { LabOutputs } from "../../tools/verify/lab";
import { serve, TestServer } from "../support/servers";

const WATCHDOG = { name: "Watchdog", health: "ok", state: "firing" };
const RECORDING = { name: "path:requests:rate5m", health: "ok", type: "recording" };
const QUIET = { name: "TargetDown", health: "ok", state: "inactive" };

let servers: TestServer[] = [];

afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  servers = [];
});

type Counters = Partial<Record<keyof ReturnType<typeof notificationQueries>, readonly object[]>>;

/** A sample of Alertmanager's counters. */
function counted(value: number, labels: Record<string, string> = {}): object {
  return { metric: { job: "alertmanager", ...labels }, value: [0, String(value)] };
}

/** What the check says of a Prometheus with these rules, and of an Alertmanager with these alerts where there is one. */
async function ask(
  rules: readonly object[],
  alerts?: readonly object[],
  counters: Counters = { delivered: [counted(0)] },
  outputs: Partial<LabOutputs> = {},
): Promise<string> {
  const found = JSON.stringify({ data: { groups: [{ rules }] } });
  const queries = Object.entries(notificationQueries(45)) as [keyof Counters, string][];
  const responses = queries.map(([name, query]) => [
    `/api/v1/query?query=${encodeURIComponent(query)}`,
    { body: JSON.stringify({ data: { result: counters[name] ?? [] } }) },
  ]);
  const server = await serve({
    "/api/v1/rules": { body: found },
    "/api/v2/alerts?active=true&filter=alertname%3D%22Watchdog%22": { body: JSON.stringify(alerts) },
    ...(Object.fromEntries(responses) as Record<string, { body: string }>),
  });
  servers.push(server);
  const alertmanagerUrl = alerts === undefined ? undefined : server.url;
  return alertsEvaluated({
    prometheusUrl: server.url,
    alertmanagerUrl,
    scrapeInterval: "5s",
    ...outputs,
  } as unknown as LabOutputs);
}

describe("the check of the alerts", () => {
  it("reports the rules and the alerts that fire besides the watchdog", async () => {
    expect(await ask([WATCHDOG, QUIET])).toBe("2 rules; firing: none");
    expect(await ask([WATCHDOG, { ...QUIET, state: "firing" }])).toBe("2 rules; firing: TargetDown");
    expect(await ask([WATCHDOG, RECORDING])).toBe("2 rules; firing: none");
  });

  it.each([
    [{ ...QUIET, health: "err", lastError: "many-to-many matching" }, "TargetDown: many-to-many matching"],
    [
      { ...RECORDING, health: "err", lastError: "many-to-many matching" },
      "path:requests:rate5m: many-to-many matching",
    ],
    [{ ...QUIET, health: "unknown" }, "TargetDown: not evaluated yet"],
  ])("fails for a rule that is not evaluated: %j", async (rule, expected) => {
    await expect(ask([WATCHDOG, rule])).rejects.toThrow(expected);
  });

  it("fails if the watchdog does not fire, as without any rule", async () => {
    await expect(ask([QUIET])).rejects.toThrow("Watchdog does not fire (1 rules loaded)");
    await expect(ask([])).rejects.toThrow("Watchdog does not fire (0 rules loaded)");
  });

  it("queries Alertmanager for the watchdog, if there is one", async () => {
    expect(await ask([WATCHDOG], [{}])).toBe(
      "1 rules; firing: none; Alertmanager receives them, no notification sent yet",
    );
    await expect(ask([WATCHDOG], [])).rejects.toThrow("Alertmanager received no Watchdog from Prometheus");
  });
});

describe("the notifications of Alertmanager", () => {
  const sent = (counters: Counters): Promise<string> => ask([WATCHDOG], [{}], counters);

  it("are counted once they are delivered", async () => {
    expect(await sent({ delivered: [counted(3)] })).toBe(
      "1 rules; firing: none; Alertmanager receives them, notifications delivered: 3",
    );
  });

  it("make it fail while they fail, by receiver and reason, whatever was delivered before", async () => {
    const failed = [
      counted(11, { integration: "slack", reason: "clientError" }),
      counted(1, { integration: "slack", reason: "other" }),
    ];
    await expect(sent({ failed, delivered: [counted(3)] })).rejects.toThrow(
      /^Alertmanager cannot send its notifications: 11 by slack \(clientError\) failed, the latest within 45 s; 1 by slack failed, the latest within 45 s$/,
    );
  });

  it("make it fail while they are tried in vain", async () => {
    const retried = [counted(4, { integration: "webhook" })];
    await expect(sent({ retried, delivered: [counted(0)] })).rejects.toThrow(
      /^Alertmanager cannot send its notifications: 4 attempts by webhook failed, none succeeded$/,
    );
  });

  it("are not checked in a preview's lab, which has no receivers", async () => {
    const failed = [counted(11, { integration: "webhook", reason: "other" })];
    expect(await ask([WATCHDOG], [{}], { failed }, { alertReceiver: "nobody" })).toBe(
      "1 rules; firing: none; Alertmanager receives them and has no receiver",
    );
  });

  it("do not count as delivered if Prometheus has no data about them", async () => {
    await expect(sent({})).rejects.toThrow("Prometheus has no metrics of Alertmanager");
  });

  it("are checked over the interval in which Alertmanager sends again, and three scrapes", async () => {
    expect(notificationQueries(45).failed).toBe(
      'alertmanager_notifications_failed_total{job="alertmanager"} > 0' +
        ' and increase(alertmanager_notifications_failed_total{job="alertmanager"}[45s]) > 0',
    );
    await expect(ask([WATCHDOG], [{}], {}, { scrapeInterval: "2m" })).rejects.toThrow();
    const queries = servers[0]?.asked.filter((it) => it.startsWith("/api/v1/query?")).map(decodeURIComponent);
    expect(queries).toContain(`/api/v1/query?query=${notificationQueries(390).failed}`);
  });

  it("are checked at any scrapeInterval: PromQL's durations have no decimal point", () => {
    expect(notificationQueries(31.5).failed).toContain("[31s500ms]");
  });
});
