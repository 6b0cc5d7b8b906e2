import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout } from "node:timers/promises";
import { copyCheckout } from "../support/checkouts";
import { docker, pruneLab } from "../support/harness";
import { expectOk, UserLab } from "../support/userLab";
import { Fixture } from "./fixture";
import { BROKEN } from "./broken";
import { HEALTHY, writeCatalogue } from "./dashboards";
import { REFUSED, withRules } from "./refused";

jest.setTimeout(300_000);

const GATEWAY = "172.30.108.1";
const ASKS = 10;
/** Seconds for which a verdict that has to be red is waited for. */
const PATIENCE = 1;
const KNOWN_WITHIN_MS = 60_000;
let fixture: Fixture;

/** What is unusual about the lab, and nothing is wrong with: all of it is there at once. */
const UNUSUAL = [
  ...Object.keys(HEALTHY),
  "the real dashboards 1860 and 14282, where they are here",
  "an extra job on the host",
  "a webhook and a receiver of remote write on the host",
  "a password of the user's own, and data that is kept",
  "a dashboard and a datasource that somebody made in Grafana",
  "a container on a further network",
  "a silenced alert",
  "a container of somebody else that is paused",
];

beforeAll(async () => {
  const lab = await UserLab.create("verdict-", "172.30.108.0/24");
  const catalogue = path.join(lab.folder, "catalogue");
  // a checkout of its own: rules are changed in it
  lab.checkout = path.join(lab.folder, "checkout");
  copyCheckout(lab.checkout);
  fixture = new Fixture(lab, catalogue);
  await lab.prepare();
  lab.configure({ ...writeCatalogue(catalogue), keepData: true });
  await lab.configureSecrets({ grafanaAdminPassword: "a password of one's own" });
  await expectOk(lab.up());
  fixture.useApp();
  // the gateway is there once the network is
  const port = await fixture.receiver(GATEWAY);
  const host = `host.docker.internal:${String(port)}`;
  lab.configure({
    extraScrapeTargets: [{ job: "of_a_user", targets: [host] }],
    remoteWrite: [{ url: `http://${host}/write` }],
  });
  await lab.configureSecrets({ alertWebhook: `http://${GATEWAY}:${String(port)}/hook` });
  await expectOk(lab.up());
});

afterAll(async () => {
  fixture.close();
  fixture.lab.configure({ keepData: false });
  await fixture.lab.up();
  await fixture.lab.remove();
});

describe(`a lab with ${UNUSUAL.join("; ")}`, () => {
  const stranger = "verdict-stranger";

  beforeAll(async () => {
    const { lab } = fixture;
    await fixture.save({
      uid: "mine",
      title: "Mine",
      panels: [{ type: "stat", title: "A", targets: [{ expr: "up" }] }],
    });
    await fixture.grafana("POST", "/api/datasources", {
      name: "Mine",
      type: "prometheus",
      url: "http://x",
      access: "proxy",
    });
    docker("network", "connect", "bridge", lab.container("pushgateway"));
    docker("run", "--detach", "--name", stranger, "--entrypoint", "sleep", lab.setting("pushgatewayImage"), "600");
    docker("pause", stranger);
    await fixture.postToAlertmanager("/api/v2/silences", {
      matchers: [{ name: "alertname", value: "PlaybookFailed", isRegex: false, isEqual: true }],
      startsAt: new Date().toISOString(),
      endsAt: new Date(Date.now() + 3_600_000).toISOString(),
      createdBy: "a test",
      comment: "not now",
    });
  });

  afterAll(() => {
    docker("rm", "--force", stranger);
  });

  const push = (body: string, method = "PUT"): Promise<unknown> => {
    const url = `http://127.0.0.1:${String(fixture.lab.ports.pushgatewayPort)}/metrics/job/of_a_user`;
    return fetch(url, method === "PUT" ? { method, body } : { method });
  };

  /** What happens while the lab is asked. */
  const happenings: readonly (() => unknown)[] = [
    () => undefined,
    () => push("pushed 1\n"),
    () => docker("restart", fixture.container("pushgateway")),
    () => push("", "DELETE"),
    () => docker("kill", fixture.container("node_exporter")) && docker("start", fixture.container("node_exporter")),
    () => docker("restart", fixture.container("cadvisor")),
    () => fetch(`http://127.0.0.1:${String(fixture.lab.ports.flaskPort)}/slow`).then((it) => it.text()),
    () => pruneLab(fixture.lab.lab),
    () => docker("kill", "--signal", "HUP", fixture.container("prometheus")),
    () => setTimeout(3000),
  ];

  it.each(Array.from({ length: ASKS }, (_, ask) => ask + 1))("is green at ask %i", async (ask) => {
    await happenings[ask - 1]?.();
    expect(await fixture.red()).toEqual([]);
  });

  it("has nothing to change, also after a refresh", async () => {
    expect(await fixture.lab.preview()).toEqual([]);
    expect((await expectOk(fixture.lab.run("pulumi", ["preview", "--refresh"]).outcome)).changes).toEqual([]);
  });
});

describe("make verify fails, with cause and remedy, for", () => {
  beforeAll(() => fixture.green());

  it.each(BROKEN.map((it) => [it.scenario, it] as const))("%s", async (_, { cause, red, mayBe = /^$/, undo }) => {
    await cause(fixture);
    try {
      const wrong = async (): Promise<readonly unknown[]> => {
        const output = await fixture.red(PATIENCE);
        return [
          // nothing else is red: the previous scenario was repaired
          output.filter((line) => ![...red, mayBe].some((it) => it.test(line))),
          red.filter((it) => !output.some((line) => it.test(line))).map(String),
        ];
      };
      // Prometheus knows of some only with its next scrape, or has to try again first
      const end = Date.now() + KNOWN_WITHIN_MS;
      let seen = await wrong();
      while (seen.flat().length > 0 && Date.now() < end) {
        seen = await wrong();
      }
      expect(seen).toEqual([[], []]);
    } finally {
      await undo(fixture);
    }
  });

  it("nothing any more once all is repaired", async () => {
    await expectOk(fixture.lab.up());
    expect(await fixture.red()).toEqual([]);
    expect(await fixture.lab.preview()).toEqual([]);
  });
});

describe("a preview refuses, before anything is changed,", () => {
  const refusal = async (): Promise<string> => {
    const { ok, output } = await fixture.lab.run("pulumi", ["preview"]).outcome;
    expect([ok, output]).toEqual([false, expect.stringContaining("nothing was changed:")]);
    return output;
  };

  it.each(REFUSED.map((it) => [it.scenario, it] as const))(
    "%s",
    async (_, { settings, secrets = {}, output, undo }) => {
      const before = fixture.lab.own();
      const changes = settings(fixture);
      fixture.lab.configure(changes);
      await fixture.lab.configureSecrets(secrets);
      try {
        expect(await refusal()).toMatch(output);
      } finally {
        fixture.lab.configure(
          Object.fromEntries(Object.keys({ ...changes, ...secrets }).map((key) => [key, before[key]])),
        );
        await undo?.(fixture);
      }
    },
  );

  it("a rule that Prometheus would reject, with file and line; so does an up, each time", async () => {
    const words =
      /assets\/prometheus\/lab\.rules\.yml: Prometheus would reject it: \d+:\d+: .*"Watchdog": could not parse .*; correct/;
    const { lab } = fixture;
    await withRules(
      lab.checkout,
      (text) => text.replace("expr: vector(1)", "expr: vector(1"),
      async () => {
        expect(await refusal()).toMatch(words);
        for (const { ok, output } of [await lab.up(), await lab.up()]) {
          expect([ok, output]).toEqual([false, expect.stringMatching(words)]);
        }
        // what runs is not what is declared
        expect(await fixture.red(PATIENCE)).toEqual([
          expect.stringMatching(/^configuration: .*: lab\.rules\.yml differs from assets\/prometheus -> run make up/),
        ]);
      },
    );
    expect(await lab.preview()).toEqual([]);
  });

  it("nothing once the settings are restored", async () => {
    expect(await fixture.lab.preview()).toEqual([]);
    expect(fs.existsSync(fixture.lab.hostFolder)).toBe(true);
  });
});
