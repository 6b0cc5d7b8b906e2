import { problemsOf } from "../support/fixtures";

describe("the webhook for alerts", () => {
  const TEXT = "is not an http or https URL; write it as https://example.org/path, or leave it empty";

  it.each([
    "example.org/T0K3N",
    "ftp://example.org/T0K3N",
    "https:// example.org/T0K3N",
    "http://:80/T0K3N",
    "http://h/{{T0K3N}}",
  ])("%s is rejected without being shown", (alertWebhook) => {
    expect(problemsOf({ alertWebhook })).toStrictEqual([`alertWebhook: ${TEXT}`]);
  });

  it.each(["https://example.org/T0K3N", "example.org/T0K3N", "https://chat.googleapis.com/v1/spaces/T0K3N"])(
    "%s in plain text is rejected without being shown",
    (alertWebhook) => {
      expect(problemsOf({ alertWebhook }, [])).toStrictEqual([
        'alertWebhook: is in plain text; set it with make config ARGS="set --secret alertWebhook"',
      ]);
    },
  );

  const OWN = (name: string): string =>
    `is ${name}, with a format of its own that the lab does not send; ` +
    "set a webhook of Slack, Discord or Teams, or a relay that accepts Alertmanager's format";
  const SLACK = "create an incoming webhook in Slack, https://hooks.slack.com/services/…";
  const CONNECTOR =
    "is an Office 365 connector, which Microsoft has retired; create a webhook in the Workflows of Teams";

  it.each([
    ["https://chat.googleapis.com/v1/spaces/T0K3N/messages?key=T0K3N", "chat.googleapis.com", OWN("Google Chat")],
    ["https://events.pagerduty.com/v2/enqueue/T0K3N", "events.pagerduty.com", OWN("PagerDuty")],
    ["https://events.eu.pagerduty.com/v2/enqueue/T0K3N", "events.eu.pagerduty.com", OWN("PagerDuty")],
    ["https://api.eu.opsgenie.com/v2/alerts?T0K3N", "api.eu.opsgenie.com", OWN("Opsgenie")],
    ["https://alert.victorops.com/integrations/generic/1/alert/T0K3N", "alert.victorops.com", OWN("Splunk On-Call")],
    ["https://api.telegram.org/botT0K3N/sendMessage", "api.telegram.org", OWN("Telegram")],
    ["https://api.pushover.net/1/messages.json?token=T0K3N", "api.pushover.net", OWN("Pushover")],
    ["https://oapi.dingtalk.com/robot/send?access_token=T0K3N", "oapi.dingtalk.com", OWN("DingTalk")],
    ["https://open.feishu.cn/open-apis/bot/v2/hook/T0K3N", "open.feishu.cn", OWN("Feishu and Lark")],
    ["https://open.larksuite.com/open-apis/bot/v2/hook/T0K3N", "open.larksuite.com", OWN("Feishu and Lark")],
    ["https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=T0K3N", "qyapi.weixin.qq.com", OWN("WeCom")],
    ["https://webexapis.com/v1/webhooks/incoming/T0K3N", "webexapis.com", OWN("Webex")],
    ["https://integrations.zoom.us/chat/webhooks/incomingwebhook/T0K3N", "integrations.zoom.us", OWN("Zoom")],
    [
      "https://hooks.slack.com/triggers/T0/1/T0K3N",
      "hooks.slack.com",
      `is a workflow of Slack, with a format of its own that the lab does not send; ${SLACK}`,
    ],
    [
      "https://slack.com/api/chat.postMessage?token=T0K3N",
      "slack.com",
      `is Slack's API, with a format of its own that the lab does not send; ${SLACK}`,
    ],
    ["https://acme.slack.com/archives/T0K3N", "acme.slack.com", `is a page of Slack, not a webhook; ${SLACK}`],
    [
      "https://teams.microsoft.com/l/channel/T0K3N",
      "teams.microsoft.com",
      "is a page of Teams, not a webhook; create a webhook in the Workflows of Teams",
    ],
    [
      "https://discord.com/channels/1/T0K3N",
      "discord.com",
      "is not a Discord webhook; copy one from the settings of a channel, https://discord.com/api/webhooks/…",
    ],
    ["https://acme.webhook.office.com/webhookb2/T0K3N", "acme.webhook.office.com", CONNECTOR],
    ["https://outlook.office.com/webhook/T0K3N", "outlook.office.com", CONNECTOR],
  ])("%s is rejected by its host alone, with an alternative", (alertWebhook, host, text) => {
    expect(problemsOf({ alertWebhook })).toStrictEqual([`alertWebhook: ${host} ${text}`]);
  });

  it("makes the port of Alertmanager one of the lab's", () => {
    expect(problemsOf({ alertWebhook: "https://example.org", flaskPort: "9093" })).toStrictEqual([
      "flaskPort = 9093: is also the value of alertmanagerPort; set a different port for each",
    ]);
  });
});
