import { isIPv6, isLoopback, NO_IPV6, NOWHERE } from "../shared/names";
import { Problem } from "../shared/problems";

/** Receivers of Alertmanager that read their URL from a file; `webhook` posts Alertmanager's own format. */
export type Integration = "webhook" | "slack" | "discord" | "msteamsv2";

/** Interval after which Alertmanager retries failed notifications and sends new alerts of a group. */
export const GROUP_INTERVAL = "30s";

/** Addresses that would not show an alert to anybody, although some of them return 200. */
interface Refused extends Pick<Problem, "problem" | "fix"> {
  readonly host: RegExp;
  /** All paths, unless given. */
  readonly path?: RegExp;
}

// the second is GovSlack
const SLACK = /^hooks\.slack(-gov)?\.com$/;
const DISCORD = /^((canary|ptb)\.)?discord(app)?\.com$/;

/** The chats that Alertmanager has a receiver for. */
const CHATS: readonly { readonly integration: Integration; readonly host: RegExp }[] = [
  { integration: "slack", host: SLACK },
  { integration: "discord", host: DISCORD },
  // Teams' Workflows, https://learn.microsoft.com/power-platform/admin/online-requirements
  { integration: "msteamsv2", host: /\.(logic\.azure|powerplatform)\.(com|us|cn)$/ },
  { integration: "msteamsv2", host: /\.powerplatform\.(microsoft\.us|partner\.microsoftonline\.cn)$/ },
];

const WORKFLOW = "create a webhook in the Workflows of Teams";
const INCOMING = "create an incoming webhook in Slack, https://hooks.slack.com/services/…";

const REFUSED: readonly Refused[] = [
  // a workflow returns 200 and then fails
  { host: SLACK, path: /^\/(workflows|triggers)\//, ...ownFormat("a workflow of Slack"), fix: INCOMING },
  { host: /^([\w-]+\.)?slack(-gov)?\.com$/, path: /^\/api\//, ...ownFormat("Slack's API"), fix: INCOMING },
  {
    host: /^([\w-]+\.)?slack(-gov)?\.com$/,
    path: /^\/?$|^\/(archives|client)\//,
    problem: "is a page of Slack, not a webhook",
    fix: INCOMING,
  },
  { host: /^teams\.microsoft\.com$/, problem: "is a page of Teams, not a webhook", fix: WORKFLOW },
  {
    host: DISCORD,
    path: /^(?!\/api\/(v\d+\/)?webhooks\/[^/]+\/[^/]+)/,
    problem: "is not a Discord webhook",
    fix: "copy one from the settings of a channel, https://discord.com/api/webhooks/…",
  },
  {
    // https://devblogs.microsoft.com/microsoft365dev/retirement-of-office-365-connectors-within-microsoft-teams/
    host: /(^|\.)(webhook|outlook)\.office(365)?\.com$/,
    problem: "is an Office 365 connector, which Microsoft has retired",
    fix: WORKFLOW,
  },
  { host: /^chat\.googleapis\.com$/, ...ownFormat("Google Chat") },
  { host: /^events(\.eu)?\.pagerduty\.com$/, ...ownFormat("PagerDuty") },
  { host: /^api(\.eu)?\.opsgenie\.com$/, path: /^\/v2\//, ...ownFormat("Opsgenie") },
  { host: /^alert\.victorops\.com$/, path: /^\/integrations\/generic\//, ...ownFormat("Splunk On-Call") },
  { host: /^api\.telegram\.org$/, ...ownFormat("Telegram") },
  { host: /^api\.pushover\.net$/, ...ownFormat("Pushover") },
  // these three return 200 for messages that they reject
  { host: /^(api|oapi)\.dingtalk\.com$/, ...ownFormat("DingTalk") },
  { host: /^open\.(feishu\.cn|larksuite\.com)$/, ...ownFormat("Feishu and Lark") },
  { host: /^qyapi\.weixin\.qq\.com$/, ...ownFormat("WeCom") },
  { host: /^(webexapis|api\.ciscospark)\.com$/, ...ownFormat("Webex") },
  { host: /^(integrations|inbots)\.zoom\.us$/, ...ownFormat("Zoom") },
];

function ownFormat(name: string): Pick<Problem, "problem" | "fix"> {
  return {
    problem: `is ${name}, with a format of its own that the lab does not send`,
    fix: "set a webhook of Slack, Discord or Teams, or a relay that accepts Alertmanager's format",
  };
}

/** Alertmanager's receiver type for a webhook, by the host of its URL. */
export function integrationOf(webhook: string): Integration {
  const { hostname } = new URL(webhook);
  return CHATS.find(({ host }) => host.test(hostname))?.integration ?? "webhook";
}

/** Receiver type for the outputs: `nobody` in a preview's lab. */
export function alertReceiver(webhook: string): Integration | "nobody" {
  return new URL(webhook).hostname.endsWith(NOWHERE) ? "nobody" : integrationOf(webhook);
}

/** Why a webhook does not accept Alertmanager's messages, showing only its host; undefined if unknown. */
export function webhookProblem(webhook: string): Pick<Problem, "problem" | "fix"> | undefined {
  const { hostname, pathname } = new URL(webhook);
  const found = REFUSED.find(({ host, path = /^/ }) => host.test(hostname) && path.test(pathname));
  if (found === undefined) {
    // on loopback Alertmanager is in the host's network
    return isIPv6(webhook) && !isLoopback(webhook) ? { problem: NO_IPV6[0], fix: NO_IPV6[1] } : undefined;
  }
  return { problem: `${hostname} ${found.problem}`, fix: found.fix };
}

/** The URL to post to; for Discord without the suffix that selects another program's format. */
export function postUrl(webhook: string): string {
  if (integrationOf(webhook) !== "discord") {
    return webhook;
  }
  const url = new URL(webhook);
  url.pathname = url.pathname.replace(/\/(slack|github)\/?$/, "");
  return url.href;
}
