import { parseSettings } from "../../lib/settings/settings";
import { throwProblems } from "../../lib/shared/problems";
import { DEFAULTS, problemsOf } from "../support/fixtures";

const PORT = "must be a port from 1 to 65535; set one in this range";
const IMAGE = "needs a name with a fixed tag or a digest; write it as name:tag or name@sha256:…";
const DISTROLESS = "has no wget, which the health check runs; set the same tag without -distroless";
const SLIM =
  "has no bundled plugins, and so no Prometheus datasource; set the same tag without -slim; " +
  "grafanaBundledPlugins: false leaves out those that take memory";
const UBUNTU =
  "has no wget, which the health check runs; set the same tag without -ubuntu, or an image of your own with wget under another tag";
const DURATION = "is not a duration above zero; write it as Prometheus does, such as 5s, 1m30s or 7d";
const ADDRESS = "is not an IPv4 address; use 127.0.0.1, or another address of this machine";
const PREFIX =
  'must be up to 32 letters, digits, "_", "." and "-", starting with a letter or digit; write it like team-a-';
const NETWORK = "use a private network such as 172.30.90.0/24";
const MEMORY = "must be a whole number of MiB from 32 to 1048576; set one in this range";

describe("a bad setting", () => {
  it.each([
    ["grafanaPort", "0", PORT],
    ["grafanaPort", "65536", PORT],
    ["grafanaPort", "3000.5", PORT],
    ["grafanaPort", "", PORT],
    ["grafanaImage", "grafana/grafana", IMAGE],
    ["grafanaImage", "grafana/grafana:latest", IMAGE],
    ["grafanaImage", "grafana/grafana@sha256:12", IMAGE],
    ["grafanaImage", "grafana/grafana:13.2.2-slim", SLIM],
    ["grafanaImage", "registry.example:5000/grafana:slim", SLIM],
    ["grafanaImage", "grafana/grafana:13.2.2-ubuntu", UBUNTU],
    ["grafanaImage", `registry.example/grafana-oss:13.2.2-ubuntu@sha256:${"0".repeat(64)}`, UBUNTU],
    ["prometheusImage", "prom/prometheus:v3.14.0-distroless", DISTROLESS],
    ["containerLabels", "a, b", "is not a list of names; write it as com.example.team,com.example.tier"],
    ["dashboardRange", "now-15m", "is not a time range; write it as 15m, 6h, 7d or 2w"],
    ["dashboardRange", "1h30m", "is not a time range; write it as 15m, 6h, 7d or 2w"],
    ["nodeExporterImage", `prom/node-exporter:v1-distroless@sha256:${"0".repeat(64)}`, DISTROLESS],
    ["grafanaImage", "grafana/grafana:13.2.2@sha256:12", IMAGE],
    ["grafanaImage", `grafana/grafana:@sha256:${"a".repeat(64)}`, IMAGE],
    ["startTimeout", "2m", "must be a whole number of seconds from 10 to 3600; set one in this range"],
    ["grafanaMemory", "31", MEMORY],
    ["grafanaMemory", "512m", MEMORY],
    ["scrapeInterval", "5", DURATION],
    ["scrapeInterval", "0s", DURATION],
    ["scrapeInterval", "1s1m", DURATION],
    ["retention", "", DURATION],
    ["scrapeInterval", "2m1ms", "must be at most 2m; set a shorter one"],
    ["retention", "290y1d", "must be at most 290y; set a shorter one"],
    ["bindAddress", "localhost", ADDRESS],
    ["bindAddress", "::1", ADDRESS],
    ["namePrefix", "-a", PREFIX],
    ["namePrefix", "a/b", PREFIX],
    ["nodeExporterNetwork", "bridge", "must be lab or host; set one of these"],
    ["keepData", "yes", "must be false or true; set one of these"],
    ["grafanaBundledPlugins", "loki", "must be false or true; set one of these"],
    ["subnet", "172.30.90.0", `is not an IPv4 network in CIDR notation; ${NETWORK}`],
    ["subnet", "fd00::/64", `is not an IPv4 network in CIDR notation; ${NETWORK}`],
    ["subnet", "10.0.0.0/8", `must have a prefix length from 16 to 28; ${NETWORK}`],
    ["subnet", "10.0.0.0/29", `must have a prefix length from 16 to 28; ${NETWORK}`],
    ["subnet", "8.8.8.0/24", `must be the address of a private network; ${NETWORK}`],
    ["subnet", "172.30.90.1/24", `must be the address of a private network; ${NETWORK}`],
    [
      "extraScrapeTargets",
      "[",
      "must be a list of {job, targets, labels, metricsPath}; see its description in Pulumi.yaml",
    ],
    ["communityDashboards", "{}", "must be a list of {id, revision, sha256}; see its description in Pulumi.yaml"],
    ["communityDashboards", "[1860]", "must be a list of {id, revision, sha256}; see its description in Pulumi.yaml"],
  ])("%s = %j is reported with the allowed values", (setting, value, text) => {
    expect(problemsOf({ [setting]: value })).toStrictEqual([`${setting} = ${JSON.stringify(value)}: ${text}`]);
  });

  it("that equals another port is reported with that one", () => {
    expect(problemsOf({ flaskPort: "3000" })).toStrictEqual([
      "flaskPort = 3000: is also the value of grafanaPort; set a different port for each",
    ]);
  });

  it("that equals another port in another spelling is reported, too, and an invalid one only as such", () => {
    expect(problemsOf({ flaskPort: "03000" })).toHaveLength(1);
    expect(problemsOf({ flaskPort: "x", grafanaPort: "x" })).toHaveLength(2);
  });

  it("that is misspelt is reported with the right name", () => {
    expect(problemsOf({ grafnaPort: "3000" })).toStrictEqual([
      'grafnaPort: is not a setting of the lab; did you mean grafanaPort? Remove it from Pulumi.<stack>.yaml, or with make config ARGS="rm grafnaPort"',
    ]);
  });

  it("that resembles none is reported without a guess", () => {
    expect(problemsOf({ region: "eu" })).toStrictEqual([
      expect.stringMatching(/^region: is not a setting of the lab; see Pulumi.yaml\b.* make config ARGS="rm region"$/),
    ]);
  });
});

describe("a bad scrape target", () => {
  const TARGETS = 'needs targets as a list of host:port; write targets: ["host.docker.internal:8000"]';
  const FORM = "host:port; write it as example.org:443, and what else its URL has as scheme, metricsPath and params";
  const targets = ["app:80"];

  it.each([
    "localhost",
    "127.0.0.1",
    "[::1]",
    "0.0.0.0",
    "api.localhost",
    "localhost.localdomain",
    "localhost6",
    "127.1",
    "[::ffff:7f00:1]",
  ])("with the host %s is rejected", (host) => {
    const [problem] = problemsOf({
      extraScrapeTargets: JSON.stringify([{ job: "a", targets: ["app:80", `${host}:81`] }]),
    });
    expect(problem).toContain(
      `extraScrapeTargets[0].targets[1] = "${host}:81": is a loopback address, which in Prometheus' container is the container itself`,
    );
    expect(problem).toContain("write host.docker.internal:81 for this machine");
  });

  it.each([
    [{ targets }, "has no job; give it one, such as job: my_app"],
    [{ job: "", targets }, "has no job; give it one, such as job: my_app"],
    [
      { job: "flask_app", targets },
      "uses the job flask_app, which another entry or the lab has; give the entry its own job",
    ],
    [{ job: "a" }, TARGETS],
    [{ job: "a", targets: "app:80" }, TARGETS],
    [{ job: "a", targets: [] }, TARGETS],
    [{ job: "a", targets: ["app:80", 80] }, TARGETS],
    [{ job: 7, targets }, "has a job that is not a string; write it in quotes, or set it with --type string"],
    [
      { job: "a", targets, metricsPath: "metrics" },
      "has a metricsPath that is not a path; start it with /, or leave it out",
    ],
    [
      { job: "a", targets, metricsPath: "/metrics?format=prometheus" },
      "has a metricsPath with a ?, which Prometheus would escape; write what follows it as params, such as params: {format: [prometheus]}",
    ],
    [
      { job: "a", targets, metricPath: "/metrics" },
      "has an unknown field metricPath; did you mean metricsPath? Write it as a list of {job, targets, labels, metricsPath}",
    ],
    [
      { job: "a", targets, label: { a: "b" } },
      "has an unknown field label; did you mean labels? Write it as a list of {job, targets, labels, metricsPath}",
    ],
  ])("is reported: %j", (entry, text) => {
    expect(problemsOf({ extraScrapeTargets: JSON.stringify([entry]) })).toStrictEqual([
      `extraScrapeTargets[0] = ${JSON.stringify(entry)}: ${text}`,
    ]);
  });

  it.each<readonly [string, string]>([
    ...["app", "app:0", "app:65536", "http://app:80", "app:80/metrics", "10.0.0.256:9100", "1.2.3.4.5:80"].map(
      (target) => [target, `is not ${FORM}`] as const,
    ),
    [
      "[2001:db8::1]:80",
      "is an IPv6 address, and the lab's network has IPv4 only; write a host name or an IPv4 address",
    ],
  ])("%s is reported as such", (target, text) => {
    expect(problemsOf({ extraScrapeTargets: JSON.stringify([{ job: "a", targets: [target] }]) })).toStrictEqual([
      `extraScrapeTargets[0].targets[0] = "${target}": ${text}`,
    ]);
  });

  it("with a field of Prometheus in another spelling is reported without its value", () => {
    const entry = { job: "a", targets, bearerToken: "hunter2" };
    expect(problemsOf({ extraScrapeTargets: JSON.stringify([entry]) })).toStrictEqual([
      "extraScrapeTargets[0]: has an unknown field bearerToken; " +
        "did you mean bearer_token? Write it as a list of {job, targets, labels, metricsPath}",
    ]);
  });

  it.each([
    [{ jobName: "a" }, "did you mean job?"],
    [{ staticConfigs: [] }, "did you mean targets and labels?"],
  ])("with %j is reported with what it is here", (fields, hint) => {
    const [problem] = problemsOf({ extraScrapeTargets: JSON.stringify([{ job: "a", targets, ...fields }]) });
    expect(problem).toContain(hint);
  });

  it("with the job of another one is reported", () => {
    const entry = { job: "a", targets };
    expect(problemsOf({ extraScrapeTargets: JSON.stringify([entry, entry]) })).toStrictEqual([
      `extraScrapeTargets[1] = ${JSON.stringify(entry)}: uses the job a, which another entry or the lab has; give the entry its own job`,
    ]);
  });
});

describe("a bad dashboard", () => {
  const SUM = "needs the sha256 of the file, 64 lower-case hex digits; take it from sha256sum of a file you trust";
  const COUNTS = "needs id and revision as whole numbers; write it as {id: 1860, revision: 45, sha256: …}";
  const sha256 = "0".repeat(64);

  it.each([
    [{ id: "1860", revision: 1, sha256 }, COUNTS],
    [{ id: 1860, revision: 0, sha256 }, COUNTS],
    [{ id: 1860, sha256 }, COUNTS],
    [{ id: 1860, revision: 1 }, SUM],
    [{ id: 1860, revision: 1, sha256: "0" }, SUM],
  ])("is reported: %j", (entry, text) => {
    expect(problemsOf({ communityDashboards: JSON.stringify([entry]) })).toStrictEqual([
      `communityDashboards[0] = ${JSON.stringify(entry)}: ${text}`,
    ]);
  });

  it("that is listed twice is reported", () => {
    const [first, second] = [1, 2].map((revision) => ({ id: 1860, revision, sha256 }));
    expect(problemsOf({ communityDashboards: JSON.stringify([first, second]) })).toStrictEqual([
      `communityDashboards[1] = ${JSON.stringify(second)}: names dashboard 1860 again; keep one revision of it`,
    ]);
  });

  it("needs no checksum in a folder, but a wrong one is reported", () => {
    const folder = (entry: object): string[] =>
      problemsOf({ dashboardCatalogue: "dashboards", communityDashboards: JSON.stringify([entry]) });
    expect(folder({ id: 1860, revision: 1 })).toStrictEqual([]);
    expect(folder({ id: 1860, revision: 1, sha256: "x" })).toHaveLength(1);
  });
});

describe("the error", () => {
  it("reports all problems at once, in the order of the settings", () => {
    const { problems } = parseSettings({
      values: { ...DEFAULTS, grafanaPort: "0", retention: "long", subnet: "here" },
      secrets: new Set(),
    });
    expect(() => {
      throwProblems(problems);
    }).toThrow(
      [
        "3 problems, nothing was changed:",
        `  - grafanaPort = "0": ${PORT}`,
        `  - subnet = "here": is not an IPv4 network in CIDR notation; ${NETWORK}`,
        `  - retention = "long": ${DURATION}`,
      ].join("\n"),
    );
  });

  it("counts a single problem as one, and is not thrown without problems", () => {
    const invalid = { setting: "a", problem: "b", fix: "c" };
    expect(() => {
      throwProblems([invalid]);
    }).toThrow("1 problem, nothing was changed:\n  - a: b; c");
    expect(() => {
      throwProblems([]);
    }).not.toThrow();
  });

  it("rejects any other setting as a secret, and does not show it", () => {
    const problems = problemsOf({ dashboardCatalogue: "https://user:hunter2@example.org", retention: "hunter2" }, [
      "dashboardCatalogue",
      "retention",
    ]);
    expect(problems).toEqual([
      expect.stringMatching(/^retention: is not a duration above zero; /),
      "dashboardCatalogue: must not be a secret; set it without --secret",
      "retention: must not be a secret; set it without --secret",
    ]);
  });
});
