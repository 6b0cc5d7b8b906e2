import { alertsEvaluated } from "../../verify/alerts";
import { LabOutputs } from "../../verify/lab";
import { serve, TestServer } from "./servers";

const WATCHDOG = { name: "Watchdog", health: "ok", state: "firing" };
const QUIET = { name: "TargetDown", health: "ok", state: "inactive" };

let servers: TestServer[] = [];

afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  servers = [];
});

/** What the check says of a Prometheus with these rules, and of an Alertmanager with these alerts where there is one. */
async function ask(rules: readonly object[], alerts?: readonly object[]): Promise<string> {
  const found = JSON.stringify({ data: { groups: [{ rules }] } });
  const server = await serve({
    "/api/v1/rules?type=alert": { body: found },
    "/api/v2/alerts?active=true&filter=alertname%3D%22Watchdog%22": { body: JSON.stringify(alerts) },
  });
  servers.push(server);
  const alertmanagerUrl = alerts === undefined ? undefined : server.url;
  return alertsEvaluated({ prometheusUrl: server.url, alertmanagerUrl } as unknown as LabOutputs);
}

describe("the check of the alerts", () => {
  it("tells the rules and what fires besides the watchdog", async () => {
    expect(await ask([WATCHDOG, QUIET])).toBe("2 rules; firing: none");
    expect(await ask([WATCHDOG, { ...QUIET, state: "firing" }])).toBe("2 rules; firing: TargetDown");
  });

  it.each([
    [{ ...QUIET, health: "err", lastError: "many-to-many matching" }, "TargetDown: many-to-many matching"],
    [{ ...QUIET, health: "unknown" }, "TargetDown: not evaluated yet"],
  ])("fails for a rule that is not evaluated: %j", async (rule, expected) => {
    await expect(ask([WATCHDOG, rule])).rejects.toThrow(expected);
  });

  it("fails where the watchdog does not fire, as without any rule", async () => {
    await expect(ask([QUIET])).rejects.toThrow("of 1 rules Watchdog does not fire");
    await expect(ask([])).rejects.toThrow("of 0 rules Watchdog does not fire");
  });

  it("asks Alertmanager for the watchdog, where there is one", async () => {
    expect(await ask([WATCHDOG], [{}])).toBe("1 rules; firing: none; Alertmanager gets them");
    await expect(ask([WATCHDOG], [])).rejects.toThrow("Alertmanager has no Watchdog from Prometheus");
  });
});
