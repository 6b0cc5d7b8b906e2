import { parse } from "yaml";
import { Lab } from "../../components/lab";
import { renderAlertmanagerConfig, urlFromContainer } from "../../components/monitoring/alertmanager";
import { needsHostNetwork } from "../../lib/docker/machine";
import { alertReceiver, integrationOf, postUrl, webhookProblem } from "../../lib/settings/alertReceivers";
import { buildLab, DEFAULTS, LabFixture, LINUX } from "../support/fixtures";
import { Registration, resource } from "../support/mocks";

const REMOTE = "https://example.org/hook?token=T0K3N";
const LOCAL = "http://127.0.0.1:8080/T0K3N";
const DESKTOP = { ...LINUX, native: false };

/** A lab with a webhook. */
async function withWebhook(
  alertWebhook: string,
  fixture: LabFixture = {},
): Promise<{ lab: Lab; registrations: readonly Registration[]; inputs: Registration["inputs"] }> {
  const built = await buildLab({ ...fixture, settings: { ...fixture.settings, alertWebhook } });
  return { ...built, inputs: resource(built.registrations, "alertmanager-container").inputs };
}

/** Prometheus' configuration for Alertmanager. */
function prometheusConfig(registrations: readonly Registration[]): unknown {
  const { triggers } = resource(registrations, "prometheus-config-files").inputs as {
    triggers: readonly { file?: string; content?: string }[];
  };
  return parse(triggers.find(({ file }) => file === "prometheus.yml")?.content ?? "");
}

describe("a lab without a webhook", () => {
  it("has no Alertmanager", async () => {
    const { lab, registrations } = await buildLab();
    expect(lab.alertmanager).toBeUndefined();
    expect(registrations.filter(({ name }) => name.startsWith("alertmanager"))).toStrictEqual([]);
    expect(prometheusConfig(registrations)).not.toHaveProperty("alerting");
  });
});

describe("a lab with a webhook on another host", () => {
  it("has an Alertmanager on the lab's network", async () => {
    const { lab, inputs, registrations } = await withWebhook(REMOTE);
    expect(inputs).toMatchObject({
      name: "alertmanager",
      image: DEFAULTS.alertmanagerImage,
      networkMode: "bridge",
      networksAdvanced: [{ name: "observability-lab", aliases: ["alertmanager"] }],
      ports: [{ internal: 9093, external: 9093, ip: "127.0.0.1" }],
      hosts: [{ host: "host.docker.internal", ip: "172.30.90.1" }],
      memory: 128,
      command: [
        "--config.file=/lab/alertmanager.yml",
        "--storage.path=/alertmanager",
        "--cluster.listen-address=",
        "--web.external-url=http://127.0.0.1:9093",
        "--web.listen-address=:9093",
        // before 0.34.2 it lets every web page read it and silence alerts
        "--web.config.file=/lab/web.yml",
      ],
    });
    expect(resource(registrations, "prometheus-container").inputs.command).toContain("--rules.alert.resend-delay=15s");
    expect(lab.alertmanager?.url).toBe("http://127.0.0.1:9093");
    expect(prometheusConfig(registrations)).toMatchObject({
      alerting: { alertmanagers: [{ static_configs: [{ targets: ["alertmanager:9093"] }] }] },
    });
  });

  it("keeps its silences", async () => {
    expect((await withWebhook(REMOTE)).inputs.volumes).toContainEqual({
      volumeName: "observability-lab-alertmanager",
      containerPath: "/alertmanager",
    });
  });

  it("puts the URL of a chat where the receiver of that chat reads it", async () => {
    const { registrations } = await withWebhook("https://discord.com/api/webhooks/1/T0K3N/slack");
    expect(resource(registrations, "alertmanager-config-files").inputs.triggers).toStrictEqual([
      "declared",
      { file: "alertmanager.yml", content: expect.stringContaining("discord_configs:") as unknown },
      { file: "webhook_url", content: "https://discord.com/api/webhooks/1/T0K3N" },
      ...["web.yml", "health_request"].map((file) => ({ file, content: "made-by-the-command" })),
    ]);
  });

  it("holds the URL in one secret only", async () => {
    const { registrations } = await withWebhook(REMOTE);
    const holders = registrations.filter(({ inputs }) => JSON.stringify(inputs).includes("T0K3N"));
    expect(holders.map(({ name, secretInputs }) => [name, secretInputs])).toStrictEqual([
      ["alertmanager-config-files", ["triggers"]],
    ]);
    expect(holders[0]?.inputs.triggers).toContainEqual({ file: "webhook_url", content: REMOTE });
  });
});

describe("a lab with a webhook on the loopback of this machine", () => {
  it("runs Alertmanager in the host's network, listening on loopback and the gateway only", async () => {
    const { inputs, registrations } = await withWebhook(LOCAL, { settings: { alertmanagerPort: "9193" } });
    expect(inputs).toMatchObject({ networkMode: "host" });
    for (const absent of ["hostname", "networksAdvanced", "ports"]) {
      expect(inputs).not.toHaveProperty(absent);
    }
    expect((inputs.command as string[]).filter((flag) => flag.includes("address"))).toStrictEqual([
      "--cluster.listen-address=",
      "--web.listen-address=127.0.0.1:9193",
      "--web.listen-address=172.30.90.1:9193",
    ]);
    expect(inputs.healthcheck).toMatchObject({
      tests: ["CMD-SHELL", "nc 127.0.0.1 9193 </lab/health_request | head -n 1 | grep -q ' 200 '"],
    });
    expect(prometheusConfig(registrations)).toMatchObject({
      alerting: {
        alertmanagers: [
          {
            basic_auth: { username: "admin", password_file: "/lab/web_password" },
            static_configs: [{ targets: ["172.30.90.1:9193"] }],
          },
        ],
      },
    });
  });

  it("starts Alertmanager after the network whose gateway it listens on", async () => {
    const { registrations } = await withWebhook(LOCAL);
    const network = resource(registrations, "lab-network").urn;
    const component = registrations.find(({ type, name }) => type.endsWith(":LabContainer") && name === "alertmanager");
    expect(component?.dependencies).toContain(network);
  });

  it("runs Alertmanager on the lab's network on Docker Desktop, which provides a name for the host", async () => {
    const { inputs, registrations } = await withWebhook(LOCAL, { machine: { native: false } });
    expect(inputs).toMatchObject({ networkMode: "bridge", hosts: [] });
    expect(resource(registrations, "alertmanager-config-files").inputs.triggers).toContainEqual({
      file: "webhook_url",
      content: "http://host.docker.internal:8080/T0K3N",
    });
  });

  it.each([
    ["http://localhost/a", true],
    ["https://LOCALHOST:8443/a?b=c", true],
    ["http://hooks.localhost", true],
    ["http://127.9.9.9", true],
    ["http://[::1]:1", true],
    ["http://user:password@127.0.0.1", true],
    ["http://192.168.0.1", false],
    ["http://localhost.example.org", false],
    ["http://example.org/127.0.0.1", false],
  ])("recognises such a webhook by its address: %s, %s", (webhook, expected) => {
    expect(needsHostNetwork(webhook, LINUX)).toBe(expected);
    expect(needsHostNetwork(webhook, DESKTOP)).toBe(false);
    expect(urlFromContainer(webhook, LINUX)).toBe(webhook);
    expect(new URL(urlFromContainer(webhook, DESKTOP)).hostname === "host.docker.internal").toBe(expected);
  });
});

describe("alertmanager.yml", () => {
  it("sends every alert but the watchdog, and its resolution", () => {
    expect(parse(renderAlertmanagerConfig(REMOTE))).toStrictEqual({
      route: {
        receiver: "webhook",
        group_by: ["alertname"],
        group_wait: "10s",
        group_interval: "30s",
        repeat_interval: "4h",
        routes: [{ receiver: "nobody", matchers: ['alertname="Watchdog"'] }],
      },
      receivers: [
        { name: "webhook", webhook_configs: [{ url_file: "/lab/webhook_url", send_resolved: true }] },
        { name: "nobody" },
      ],
    });
  });

  it("sends Slack the problem, its status and the remedy", () => {
    expect(receiverFor("https://hooks.slack.com/services/T0/B0/T0K3N")).toStrictEqual({
      slack_configs: [
        {
          api_url_file: "/lab/webhook_url",
          message_text:
            '{{ range .Alerts }}{{ if eq .Status "resolved" }}Resolved: {{ end }}' +
            '{{ .Annotations.summary }} {{ .Annotations.dashboard }}{{ "\\n" }}{{ end }}',
          send_resolved: true,
        },
      ],
    });
  });

  it.each([
    ["discord", "https://discord.com/api/webhooks/1/T0K3N"],
    ["msteamsv2", "https://prod-11.westeurope.logic.azure.com:443/workflows/a/triggers/manual/paths/invoke?sig=T0K3N"],
  ])("has a receiver %s for %s", (integration, webhook) => {
    expect(receiverFor(webhook)).toStrictEqual({
      [`${integration}_configs`]: [{ webhook_url_file: "/lab/webhook_url", send_resolved: true }],
    });
  });

  it("holds no URL", () => {
    expect(renderAlertmanagerConfig("https://hooks.slack.com/services/T0/B0/T0K3N")).not.toContain("slack.com");
  });
});

describe("the receiver type of Alertmanager", () => {
  it.each([
    ["slack", "http://hooks.slack.com:8080/services/x"],
    ["slack", "https://HOOKS.slack.com/services/T0/B0/x"],
    ["slack", "https://hooks.slack-gov.com/services/T0/B0/x"],
    ["discord", "https://discord.com/api/webhooks/1/x?wait=true"],
    ["discord", "https://discordapp.com/api/v10/webhooks/1/x"],
    ["discord", "https://canary.discord.com/api/webhooks/1/x"],
    ["discord", "https://ptb.discord.com/api/webhooks/1/x/slack"],
    ["msteamsv2", "https://prod-58.usgovtexas.logic.azure.us:443/workflows/a"],
    [
      "msteamsv2",
      "https://default1.11.environment.api.powerplatform.com:443/powerautomate/automations/direct/workflows/a",
    ],
    ["msteamsv2", "https://default1.11.environment.api.gov.powerplatform.microsoft.us/powerautomate/a"],
    ["webhook", "https://example.org/hooks.slack.com/services/T0/B0/x"],
    ["webhook", "https://hooks.slack.com.example.org/services/T0/B0/x"],
    ["webhook", "https://notdiscord.com/api/webhooks/1/x"],
    ["webhook", "https://mattermost.example.org/hooks/x"],
    ["webhook", "http://127.0.0.1:8125/services/T0/B0/x"],
  ])("is %s for %s, which accepts its format", (integration, webhook) => {
    expect([integrationOf(webhook), alertReceiver(webhook)]).toStrictEqual([integration, integration]);
    expect(webhookProblem(webhook)).toBeUndefined();
  });

  it("is empty for the stand-in of a preview", () => {
    expect(alertReceiver("http://nobody.invalid/x")).toBe("nobody");
  });

  it.each([
    ["https://discord.com/api/webhooks/1/x/slack", "https://discord.com/api/webhooks/1/x"],
    ["https://discord.com/api/webhooks/1/x/github?wait=true", "https://discord.com/api/webhooks/1/x?wait=true"],
    ["https://discord.com/api/v10/webhooks/1/x?thread_id=2", "https://discord.com/api/v10/webhooks/1/x?thread_id=2"],
    ["https://example.org/slack", "https://example.org/slack"],
  ])("uses Discord's format for Discord: %s", (webhook, expected) => {
    expect(postUrl(webhook)).toBe(expected);
  });
});

/** The receiver of alerts for a webhook, without its name. */
function receiverFor(webhook: string): object {
  const { receivers } = parse(renderAlertmanagerConfig(webhook)) as { receivers: readonly { name: string }[] };
  const [{ name, ...receiver }, nobody] = receivers as [{ name: string }, object];
  expect([name, nobody]).toStrictEqual(["webhook", { name: "nobody" }]);
  return receiver;
}
