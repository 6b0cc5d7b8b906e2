import * as fc from "fast-check";
import * as ipaddr from "ipaddr.js";
import { parseSettings } from "../../lib/settings/settings";
import { DECLARATIONS, DEFAULTS, settingsWith } from "../support/fixtures";

/** Names of the settings with a problem if one has another value than its default. */
function invalid(setting: string, value: string): string[] {
  const { problems } = parseSettings({ values: { ...DEFAULTS, [setting]: value }, secrets: new Set(["alertWebhook"]) });
  return problems.map((problem) => problem.setting);
}

describe("Pulumi.yaml", () => {
  it("gives every setting a type, a default and a description", () => {
    for (const [name, { type, default: value, description }] of Object.entries(DECLARATIONS)) {
      expect({ name, type, described: (description ?? "").endsWith(".") }).toStrictEqual({
        name,
        type: expect.stringMatching(/^(string|integer|boolean|array)$/) as unknown,
        described: true,
      });
      expect(type === "array" ? Array.isArray(value) : typeof value).toBe(
        { array: true, boolean: "boolean", integer: "number", string: "string" }[type ?? ""],
      );
    }
  });

  it("declares exactly the settings that the program reads", () => {
    // without values the program misses what it reads; with unknown ones it refuses what it does not
    const missing = parseSettings({ values: {}, secrets: new Set() }).problems.filter(
      (it) => it.problem === "has no value",
    );
    expect(missing.map(({ setting }) => setting).sort()).toStrictEqual(Object.keys(DECLARATIONS).sort());
  });
});

describe("the defaults", () => {
  it("are read into typed settings without a problem", () => {
    expect(parseSettings({ values: DEFAULTS, secrets: new Set() })).toStrictEqual({
      problems: [],
      settings: {
        namePrefix: "",
        bindAddress: "127.0.0.1",
        prometheus: { port: 9090, image: DEFAULTS.prometheusImage, memory: 512 },
        grafana: { port: 3000, image: DEFAULTS.grafanaImage, memory: 512 },
        nodeExporter: { port: 9100, image: DEFAULTS.nodeExporterImage, memory: 128 },
        cadvisor: { port: 8080, image: DEFAULTS.cadvisorImage, memory: 256 },
        pushgateway: { port: 9091, image: DEFAULTS.pushgatewayImage, memory: 128 },
        alertmanager: { port: 9093, image: DEFAULTS.alertmanagerImage, memory: 128 },
        blackboxExporter: { port: 9115, image: DEFAULTS.blackboxExporterImage, memory: 64 },
        swarmDiscovery: { image: DEFAULTS.swarmDiscoveryImage, memory: 64 },
        flaskPort: 5000,
        scrapeInterval: "5s",
        retention: "7d",
        startTimeout: 120,
        keepData: false,
        grafanaBundledPlugins: true,
        extraScrapeTargets: [],
        extraScrapeServices: [],
        probes: [],
        dashboardRange: "15m",
        containerLabels: DEFAULTS.containerLabels,
        engine: "docker",
        overlaySubnet: "10.90.0.0/20",
        overlayGateway: "10.90.0.1",
        overlayEncryption: true,
        nodeLabel: undefined,
        subnet: "172.30.90.0/24",
        gateway: "172.30.90.1",
        nodeExporterNetwork: "lab",
        grafanaAdminPassword: undefined,
        webPassword: undefined,
        alertWebhook: undefined,
        remoteWrite: [],
        communityDashboards: DECLARATIONS.communityDashboards?.default,
        dashboardCatalogue: "https://grafana.com/api/dashboards",
      },
    });
  });
});

describe("settings", () => {
  it.each([
    ["prometheusImage", `registry.local:5000/team/prometheus@sha256:${"a".repeat(64)}`],
    ["grafanaImage", "registry.local/team/grafana:13.2.2-ubuntu-wget"],
    ["grafanaImage", `registry.local:5000/grafana:13.2.2@sha256:${"a".repeat(64)}`],
    ["namePrefix", "team_a.1-"],
    ["bindAddress", "0.0.0.0"],
    ["subnet", "10.0.0.0/16"],
    ["subnet", "192.168.7.16/28"],
    ["retention", "1y2w3d4h5m6s7ms"],
    ["nodeExporterNetwork", "host"],
    ["keepData", "true"],
    ["grafanaBundledPlugins", "false"],
    ["alertWebhook", "https://user:secret@example.org:8443/hook?token=1#a"],
    ["alertWebhook", "http://[::1]:8080"],
    // nothing listens there without a webhook
    ["grafanaPort", "9093"],
    [
      "remoteWrite",
      '[{"url": "https://example.org:8443/api/v1/write?tenant=a"}, {"url": "http://host.docker.internal:9091"}]',
    ],
    ["engine", "swarm"],
    ["overlaySubnet", "10.128.0.0/16"],
    ["overlayEncryption", "false"],
    ["nodeLabel", "tier=web-1"],
    ["extraScrapeTargets", '[{"job": "app", "targets": ["host.docker.internal:8000", "192.0.2.1:80"]}]'],
  ])("accept %s = %s", (setting, value) => {
    expect(invalid(setting, value)).toStrictEqual([]);
  });

  it("accept a password that is given as a secret", () => {
    expect(settingsWith({ grafanaAdminPassword: "12345678" }).grafanaAdminPassword).toBe("12345678");
  });

  it("accept credentials of receivers that are given as secrets", () => {
    const remoteWrite = [
      { url: "https://a.example.org", username: "lab", password: "it's: {a} #secret" },
      { url: "https://b.example.org", bearerToken: "T0K3N" },
    ];
    expect(settingsWith({ remoteWrite: JSON.stringify(remoteWrite) }).remoteWrite).toStrictEqual(remoteWrite);
  });

  it("accept any port from 1 to 65535, and no other number", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 65535 }), (port) => {
        fc.pre(!Object.values(DEFAULTS).includes(String(port)));
        expect(invalid("flaskPort", String(port))).toStrictEqual([]);
      }),
    );
    const outside = fc.oneof(
      fc.integer({ max: 0 }),
      fc.integer({ min: 65536 }),
      fc.double().filter((it) => it % 1 !== 0),
    );
    fc.assert(
      fc.property(outside, (port) => {
        expect(invalid("flaskPort", String(port))).toStrictEqual(["flaskPort"]);
      }),
    );
  });

  it("accept every duration of Prometheus' grammar above zero", () => {
    const parts = fc.record(
      Object.fromEntries(["y", "w", "d", "h", "m", "s", "ms"].map((unit) => [unit, fc.nat(unit === "y" ? 200 : 999)])),
      {
        requiredKeys: [],
      },
    );
    const durations = parts
      .map((amounts) => ["y", "w", "d", "h", "m", "s", "ms"].map((unit) => [unit, amounts[unit]] as const))
      .map((amounts) => amounts.filter((it): it is readonly [string, number] => it[1] !== undefined))
      .filter((amounts) => amounts.some(([, amount]) => amount > 0));
    fc.assert(
      fc.property(durations, (amounts) => {
        const duration = amounts.map(([unit, amount]) => `${String(amount)}${unit}`).join("");
        expect(invalid("retention", duration)).toStrictEqual([]);
      }),
    );
  });

  it("never end the program, whatever their values", () => {
    const anything = fc.dictionary(
      fc.oneof(fc.constantFrom(...Object.keys(DEFAULTS)), fc.string()),
      fc.oneof(fc.string(), fc.json(), fc.ipV4(), fc.webUrl()),
    );
    fc.assert(
      fc.property(anything, fc.boolean(), (values, bare) => {
        const secrets = new Set(["grafanaAdminPassword"]);
        expect(() => parseSettings({ values: bare ? values : { ...DEFAULTS, ...values }, secrets })).not.toThrow();
      }),
    );
  });

  it("put the gateway into the subnet, wherever that is", () => {
    const networks = fc.tuple(
      fc.constantFrom("10.", "172.20.", "192.168."),
      fc.ipV4(),
      fc.integer({ min: 16, max: 28 }),
    );
    fc.assert(
      fc.property(networks, ([begin, rest, bits]) => {
        const address = `${begin}${rest}`.split(".").slice(0, 4).join(".");
        const subnet = `${ipaddr.IPv4.networkAddressFromCIDR(`${address}/${String(bits)}`).toString()}/${String(bits)}`;
        const gateway = ipaddr.IPv4.parse(settingsWith({ subnet }).gateway);
        expect(gateway.match(ipaddr.IPv4.parseCIDR(subnet))).toBe(true);
        expect(gateway.toString()).not.toBe(subnet.split("/")[0]);
      }),
    );
  });
});
