import { readFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { extraTargetJobs, extraTargetSecrets } from "../../components/monitoring/extraTargets";
import { parseSettings, ScrapeTarget } from "../../lib/settings/settings";
import { buildLab, DEFAULTS, PROJECT, settingsWith } from "../support/fixtures";

const EXPORTER = {
  job: "exporter",
  targets: ["exporter.example.org:443"],
  labels: { team: "shop", password: "a label" },
  metricsPath: "/federate",
  scheme: "https",
  params: { "match[]": ['{job="a"}'], key: ["a parameter"] },
  basic_auth: { username: "prometheus", password: "hunter2-basic" },
  tls_config: { cert: "CERTIFICATE", key: "hunter2-key\n" },
  http_headers: { "X-Scope": { secrets: ["hunter2-one", "hunter2-two"], values: ["open"] } },
  http_sd_configs: [{ url: "https://inventory.example.org", authorization: { credentials: "hunter2-sd" } }],
};

/** As exporters want it that ask others, such as blackbox and SNMP. */
const RELABELLED = [
  { source_labels: ["__address__"], target_label: "__param_target" },
  { target_label: "__address__", replacement: "exporter.example.org:9115" },
];

function problemsOf(entry: unknown, secret = false): readonly string[] {
  const values = { ...DEFAULTS, extraScrapeTargets: JSON.stringify([entry]) };
  const secrets = new Set(secret ? ["extraScrapeTargets"] : []);
  return parseSettings({ values, secrets }).problems.map(
    ({ setting, value, problem }) => `${setting} ${JSON.stringify(value)} ${problem}`,
  );
}

describe("an extra scrape target with fields of a scrape_config", () => {
  const extraScrapeTargets = JSON.stringify([{ job: "plain", targets: ["app:80"] }, EXPORTER]);

  it("is rendered unchanged, with each secret in a file of its own", () => {
    const settings = settingsWith({ extraScrapeTargets });
    expect(extraTargetJobs(settings)).toStrictEqual([
      { job_name: "plain", static_configs: [{ targets: ["app:80"] }] },
      {
        job_name: "exporter",
        static_configs: [{ targets: EXPORTER.targets, labels: EXPORTER.labels }],
        metrics_path: "/federate",
        scheme: "https",
        params: EXPORTER.params,
        basic_auth: { username: "prometheus", password_file: "/lab/scrape_secret_1_0" },
        tls_config: { cert_file: "/lab/scrape_secret_1_1", key_file: "/lab/scrape_secret_1_2" },
        http_headers: {
          "X-Scope": { files: ["/lab/scrape_secret_1_3", "/lab/scrape_secret_1_4"], values: ["open"] },
        },
        http_sd_configs: [
          { url: "https://inventory.example.org", authorization: { credentials_file: "/lab/scrape_secret_1_5" } },
        ],
      },
    ]);
    expect(extraTargetSecrets(settings).map(({ file }) => file)).toStrictEqual(
      [0, 1, 2, 3, 4, 5].map((number) => `scrape_secret_1_${String(number)}`),
    );
  });

  it("has its secrets in no input that is shown", async () => {
    const { registrations } = await buildLab({ settings: { extraScrapeTargets } });
    const shown = registrations.map(({ inputs, secretInputs }) =>
      Object.entries(inputs).filter(([name]) => !secretInputs.includes(name)),
    );
    expect(JSON.stringify(registrations.map(({ inputs }) => inputs))).toContain("hunter2-basic");
    expect(JSON.stringify(shown)).not.toContain("hunter2");
  });

  it("is accepted as a secret, and each secret of it in plain text is rejected by its path", () => {
    expect(problemsOf(EXPORTER, true)).toStrictEqual([]);
    const problems = problemsOf(EXPORTER);
    expect(problems.map((problem) => problem.split(" ")[0])).toStrictEqual([
      "extraScrapeTargets[0].basic_auth.password",
      "extraScrapeTargets[0].tls_config.key",
      'extraScrapeTargets[0].http_headers["X-Scope"].secrets',
      "extraScrapeTargets[0].http_sd_configs[0].authorization.credentials",
    ]);
    expect(problems.every((problem) => problem.endsWith("is in plain text"))).toBe(true);
    expect(problems.join("\n")).not.toContain("hunter2");
  });

  it("is set as a secret by a command whose quotes pass a shell and make", () => {
    const { problems } = parseSettings({
      values: { ...DEFAULTS, extraScrapeTargets: JSON.stringify([EXPORTER]) },
      secrets: new Set(),
    });
    expect(problems.map(({ fix }) => fix)).toContain(
      String.raw`set it with make config ARGS="set --secret --path 'extraScrapeTargets[0].http_headers[\"X-Scope\"].secrets[0]'"`,
    );
  });

  it.each<[string, object]>([
    ["not a field of an entry", { job_name: "b" }],
    ["not a field of an entry", { metrics_path: "/m" }],
    ["not a field of an entry", { static_configs: [] }],
    ["names a file", { tls_config: { ca_file: "/etc/ca.pem" } }],
    ["names a file", { basic_auth: { username: "a", password_file: "/secret" } }],
    ["names a file", { file_sd_configs: [{ files: ["targets.json"] }] }],
    ["is in plain text", { basic_auth: { username: "a", password: 12345678 } }],
    ["holds credentials", { targets: ["https://a:hunter2@b"], relabel_configs: RELABELLED }],
    ["only", { ec2_sd_configs: [{ region: "eu-west-1", access_key: "a", secret_key: "hunter2" }] }],
    ["only", { consul_sd_configs: [{ server: "consul:8500", token: "hunter2" }] }],
    ["only", { azure_sd_configs: [{ subscription_id: "a", client_secret: "hunter2" }] }],
    ["only", { proxy_url: "http://proxy:3128", proxy_connect_header: { "Proxy-Authorization": ["hunter2"] } }],
    ["only", { oauth2: { client_id: "a", token_url: "https://a", endpoint_params: { password: "hunter2" } } }],
    ["loopback", { proxy_url: "http://127.0.0.1:3128" }],
    ["loopback", { consul_sd_configs: [{ server: "localhost:8500" }] }],
    ["loopback", { http_sd_configs: [{ url: "http://localhost/targets" }] }],
    ["loopback", { marathon_sd_configs: [{ servers: ["https://marathon", "https://localhost"] }] }],
    ["loopback", { docker_sd_configs: [{ host: "tcp://[::1]:2375" }] }],
    ["loopback", { relabel_configs: [{ target_label: "__address__", replacement: "127.0.0.1:9115" }] }],
    [
      "loopback",
      {
        targets: undefined,
        http_sd_configs: [{ url: "http://targets/" }],
        relabel_configs: [{ target_label: "__address__", replacement: "127.0.0.1:9115" }],
      },
    ],
    ["is a socket", { docker_sd_configs: [{ host: "unix:///var/run/docker.sock" }] }],
    ["no targets", { targets: undefined, labels: { a: "b" }, dns_sd_configs: [{ names: ["a.example.org"] }] }],
    ["labels that are not a map of strings", { labels: ["a"] }],
    ["holds credentials", { proxy_url: "http://user:hunter2@proxy:3128" }],
    ["labels that are not a map of strings", { labels: { a: 1 } }],
    ["has an unknown field bearerToken", { bearerToken: "hunter2" }],
    ["has an unknown field basicAuth", { basicAuth: { user: "a", password: "hunter2" } }],
    ["has an unknown field", { tagets: ["a:1"], basic_auth: { password: "hunter2" } }],
    ["targets as a list", { targets: "app", basic_auth: { password: "hunter2" } }],
  ])("is rejected: %s, %j", (text, fields) => {
    const problems = problemsOf({ job: "a", targets: ["app:80"], ...fields });
    expect(problems.join("\n")).toContain(text);
    expect(problems.join("\n")).not.toContain("hunter2");
  });

  it.each([
    { targets: ["http://app:80/?t=hunter2"] },
    { targets: ["localhost:80/?t=hunter2"] },
    { targets: "hunter2" },
    { labels: ["hunter2"] },
    { job: "linux_host", metricsPath: "hunter2" },
    { tagets: "hunter2" },
    { http_sd_configs: [{ url: "http://localhost/targets?t=hunter2" }] },
    { docker_sd_configs: [{ host: "unix:///hunter2" }] },
    { relabel_configs: [{ target_label: "__address__", replacement: "localhost/?t=hunter2" }] },
  ])("is rejected without its values, but with its place, as a secret: %j", (fields) => {
    const problems = problemsOf({ job: "a", targets: ["app:80"], ...fields }, true);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join("\n")).not.toContain("hunter2");
    expect(problems.every((problem) => problem.startsWith("extraScrapeTargets[0]"))).toBe(true);
  });

  it("may name a header as it likes, and an address with a sign in its query", () => {
    const fields = { http_headers: { token: { values: ["a"] }, key: { values: ["b"] } } };
    expect(problemsOf({ job: "a", targets: ["app:80"], ...fields })).toStrictEqual([]);
    expect(problemsOf({ job: "a", http_sd_configs: [{ url: "https://inv.example.org?mail=a@b.org" }] })).toStrictEqual(
      [],
    );
  });

  it("is rejected with a token that has the word before it", () => {
    const fields = { authorization: { credentials: "Bearer hunter2" } };
    const problems = problemsOf({ job: "a", targets: ["app:80"], ...fields }, true);
    expect(problems).toStrictEqual([
      expect.stringMatching(/^extraScrapeTargets\[0\]\.authorization\.credentials .*begins with Bearer/),
    ]);
  });

  const COPY = { source_labels: ["__address__"], target_label: "__address__" };

  it.each<[string, object]>([
    ["localhost", { ...COPY, replacement: "$1:9100" }],
    ["localhost:8000", { ...COPY, action: "lowercase" }],
    ["db", { ...COPY, regex: "(.*)", replacement: "localhost:${1}" }],
    ["not a host", { ...COPY, action: "lowercase" }],
  ])("is rejected for the target %s with the relabelling %j", (target, rule) => {
    expect(problemsOf({ job: "a", targets: [target], relabel_configs: [rule] })).toHaveLength(1);
  });

  it.each<[string, object]>([
    ["db", { ...COPY, replacement: "${1}:9100" }],
    ["localhost:8000", { ...COPY, regex: "localhost:(.*)", replacement: "host.docker.internal:$1" }],
    ["127.0.0.1", { source_labels: ["exporter"], target_label: "__address__", replacement: "$1" }],
  ])("may have the target %s with the relabelling %j", (target, rule) => {
    expect(problemsOf({ job: "a", targets: [target], relabel_configs: [rule] })).toStrictEqual([]);
  });

  it("may have a secret with the word before it where Prometheus sends another, and hides a user in an address", () => {
    const fields = { authorization: { type: "Token", credentials: "Bearer hunter2" } };
    expect(problemsOf({ job: "a", targets: ["app:80"], ...fields }, true)).toStrictEqual([]);
    const url = "http://hunter2@x";
    expect(problemsOf({ job: 5, targets: ["app:80"], http_sd_configs: [{ url }] }).join()).not.toContain("hunter2");
  });

  it.each(["https://example.org/a?b=c", "192.0.2.1", "localhost", "[2001:db8::1]", "core switch"])(
    "names %s as what another exporter shall ask",
    (target) => {
      expect(problemsOf({ job: "a", targets: [target], relabel_configs: RELABELLED })).toStrictEqual([]);
    },
  );

  it.each([
    { ec2_sd_configs: [{ region: "eu-west-1", port: 9100 }] },
    { docker_sd_configs: [{ host: "tcp://docker.example.org:2375" }] },
    {
      http_sd_configs: [
        { url: "http://a", authorization: { type: "Token" }, tls_config: { server_name: "localhost" } },
      ],
    },
    { kubernetes_sd_configs: [{ role: "pod", api_server: "https://k8s.example.org", namespaces: { names: ["web"] } }] },
  ])("may be discovered by %j", (discovery) => {
    expect(problemsOf({ job: "a", ...discovery })).toStrictEqual([]);
  });

  it("has a secret in an http_headers of any name in a file", () => {
    const entry = { job: "a", targets: ["app:80"], http_headers: { labels: { secrets: ["hunter2"] } } };
    const settings = settingsWith({ extraScrapeTargets: JSON.stringify([entry]) });
    expect(JSON.stringify(extraTargetJobs(settings))).not.toContain("hunter2");
  });

  it("needs targets or a discovery", () => {
    expect(problemsOf({ job: "a", dns_sd_configs: [{ names: ["a.example.org"] }] })).toStrictEqual([]);
    expect(problemsOf({ job: "a", scheme: "https" }).join()).toContain("needs targets");
  });
});

it("every example of docs/targets.md is valid", () => {
  const text = readFileSync(path.join(PROJECT, "docs", "targets.md"), "utf8");
  const entries = [...text.matchAll(/^```yaml\n(.*?)^```/gms)].flatMap(([, yaml]) => {
    const example = parse(yaml ?? "") as ScrapeTarget[] | { config: Record<string, ScrapeTarget[]> };
    return "config" in example ? Object.values(example.config).flat() : example;
  });
  expect(entries.length).toBeGreaterThan(4);
  expect(entries.flatMap((entry) => problemsOf(entry))).toStrictEqual([]);
});
