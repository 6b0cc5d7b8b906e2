import { UNKNOWN_GRAFANA } from "../../lib/drift/grafana";
import { installedPanelPlugins, ObservedLab, PASSWORD_FILE } from "../../lib/drift/observe";
import { settingsWith } from "../support/fixtures";
import { foundContainer, FRESH, HOLDINGS } from "../support/observedLabs";
import { serve, TestServer } from "../support/servers";

let grafana: TestServer;

beforeAll(async () => {
  grafana = await serve({ "/api/plugins?type=panel": { body: '[{"id": "grafana-polystat-panel"}]' } });
});

afterAll(() => grafana.close());

/** What is known of a lab with this Grafana. */
function installed(changes: Partial<ObservedLab>, status = "running"): ReturnType<typeof installedPanelPlugins> {
  const container = foundContainer({
    State: { Status: status, ExitCode: 0 },
    NetworkSettings: {
      Networks: {},
      Ports: { "3000/tcp": [{ HostIp: "127.0.0.1", HostPort: String(grafana.port) }] },
    },
    files: new Map([[PASSWORD_FILE, "correct-horse-battery"]]),
  });
  return installedPanelPlugins(settingsWith(), { ...FRESH, containers: new Map([["grafana", container]]), ...changes });
}

const SIGNED_IN = { password: undefined, found: HOLDINGS };

describe("the panel plugins of the lab's Grafana", () => {
  it("are empty before it has data, and it is not asked", async () => {
    expect(await installed({})).toStrictEqual(new Set());
    expect(grafana.asked).toStrictEqual([]);
  });

  it.each<[string, Partial<ObservedLab>, string]>([
    [
      "refuses its password, and it is not asked again",
      { grafana: { password: "refused", found: undefined } },
      "running",
    ],
    ["does not say what it holds", { grafana: UNKNOWN_GRAFANA }, "running"],
    ["is stopped", { grafana: SIGNED_IN }, "exited"],
    ["is gone", { grafana: SIGNED_IN, containers: new Map() }, "running"],
  ])("are unknown if it %s", async (_, condition, status) => {
    expect(await installed(condition, status)).toBe("unknown");
    expect(grafana.asked).toStrictEqual([]);
  });

  it("are listed by one that runs and accepts the lab's login", async () => {
    expect(await installed({ grafana: SIGNED_IN })).toStrictEqual(new Set(["grafana-polystat-panel"]));
  });
});
