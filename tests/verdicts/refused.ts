import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { docker } from "../support/harness";
import { Fixture } from "./fixture";
import { addDashboard, HEALTHY, withPanel } from "./dashboards";

/** Something that a preview refuses before anything is changed, and in which words. */
export interface RefusedScenario {
  readonly scenario: string;
  /** Settings that bring it about; what it needs besides is made here, too. */
  readonly settings: (fixture: Fixture) => Readonly<Record<string, unknown>>;
  /** Settings that are secrets, besides. */
  readonly secrets?: Readonly<Record<string, string>>;
  readonly output: RegExp;
  readonly undo?: (fixture: Fixture) => unknown;
}

const FOREIGN = "strange-grafana";
let holder: net.Server | undefined;

/** The catalogue of the lab with one more dashboard. */
function withDashboard({ lab, catalogue }: Fixture, id: number, model: object): Readonly<Record<string, unknown>> {
  const { communityDashboards } = lab.own() as { communityDashboards: readonly object[] };
  return { communityDashboards: [...communityDashboards, addDashboard(catalogue, id, model)] };
}

/** Scenarios that a preview has to reject. */
export const REFUSED: readonly RefusedScenario[] = [
  {
    scenario: "a scrape interval that is not a duration",
    settings: () => ({ scrapeInterval: "5 seconds" }),
    output: /scrapeInterval = "5 seconds": is not a duration above zero; write it as Prometheus does/,
  },
  {
    scenario: "a port that another program holds",
    settings: ({ lab }) => {
      const others = Object.values(lab.ports);
      const port = others.map((it) => it + 1).find((it) => !others.includes(it));
      holder = net.createServer().listen(port, "127.0.0.1");
      return { grafanaPort: port };
    },
    output:
      /grafanaPort = \d+: is in use by another program on 127\.0\.0\.1 \(EADDRINUSE\); stop it, or set grafanaPort/,
    undo: () => {
      holder?.close();
    },
  },
  {
    scenario: "a container of somebody else",
    settings: ({ lab }) => {
      docker("create", "--name", FOREIGN, docker("inspect", "--format", "{{.Image}}", lab.container("grafana")));
      return { namePrefix: "strange-" };
    },
    output:
      /namePrefix = "strange-": a container named strange-grafana exists and does not belong to this lab; set another/,
    undo: () => docker("rm", FOREIGN),
  },
  {
    scenario: "a subnet that another network has",
    settings: () => ({
      subnet: docker("network", "inspect", "--format", "{{(index .IPAM.Config 0).Subnet}}", "bridge"),
    }),
    output: /subnet = "[\d./]+": overlaps/,
  },
  {
    scenario: "a dashboard that the catalogue does not have",
    settings: () => ({ communityDashboards: [{ id: 4711, revision: 1 }] }),
    output: /does not provide dashboard 4711 revision 1 .*; put the file there/,
  },
  {
    scenario: "a dashboard with panels of a plugin that Grafana lacks",
    settings: (fixture) => withDashboard(fixture, 90, { ...withPanel("vonage-status-panel", "up"), uid: "plugins" }),
    output: /dashboard 90 has panels of plugins that Grafana lacks: vonage-status-panel; take it out/,
  },
  {
    scenario: "two dashboards of one uid",
    settings: (fixture) => withDashboard(fixture, 91, Object.values(HEALTHY)[0] ?? {}),
    output: /dashboard 91 has the same uid as dashboard 1: verdict-empty/,
  },
  {
    scenario: "a webhook of a chat with a format of its own",
    settings: () => ({}),
    secrets: { alertWebhook: "https://chat.googleapis.com/v1/spaces/X/messages?key=K" },
    output: /alertWebhook: chat\.googleapis\.com is Google Chat, with a format of its own .*; set a webhook of Slack/,
  },
  {
    scenario: "a duration that Prometheus does not take",
    settings: () => ({ retention: "300y" }),
    output: /retention = "300y": must be at most 290y; set a shorter one/,
  },
];

/** A rule file of the checkout with other content while a task runs. */
export async function withRules<T>(
  checkout: string,
  change: (text: string) => string,
  task: () => Promise<T>,
): Promise<T> {
  const file = path.join(checkout, "assets", "prometheus", "lab.rules.yml");
  const before = fs.readFileSync(file, "utf8");
  fs.writeFileSync(file, change(before));
  try {
    return await task();
  } finally {
    fs.writeFileSync(file, before);
  }
}
