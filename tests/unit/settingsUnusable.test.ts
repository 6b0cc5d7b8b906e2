import { parseSettings } from "../../lib/settings/settings";
import { Problem } from "../../lib/shared/problems";
import { DEFAULTS } from "../support/fixtures";

const IPV6 = "is an IPv6 address, and the lab's network has IPv4 only; write a host name or an IPv4 address";
const NO_HOST = "is not a host name; write it as db.example.org or 192.0.2.1";
const NO_IMAGE =
  "is not the name of an image; write it in lower case and without a scheme, as registry.example.org:5000/name:tag";
const NO_FILE = "names a file, but your files are not in Prometheus' container";

function problemsWith(changes: Record<string, string>, secrets: readonly string[] = []): readonly Problem[] {
  return parseSettings({ values: { ...DEFAULTS, ...changes }, secrets: new Set(secrets) }).problems;
}

/** Problems of one setting, without the values. */
function problemsOf(setting: string, value: unknown, secrets: readonly string[] = []): readonly string[] {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return problemsWith({ [setting]: text }, secrets).map((it) => `${it.setting}: ${it.problem}; ${it.fix}`);
}

/** Problems of one scrape job, by the path of each. */
function jobProblems(fields: object): readonly string[] {
  const place = "extraScrapeTargets[0]";
  const found = problemsOf("extraScrapeTargets", [{ job: "a", targets: ["app:80"], ...fields }]);
  return found.map((it) => it.replace(`${place}.`, ""));
}

describe("an image", () => {
  it.each([
    "https://ghcr.io/prom/prometheus:v1",
    "docker://prom/prometheus:v1",
    "prom//prometheus:v1",
    "prom/pro..m:1",
    "prom/Prometheus:v1",
  ])("is not named %s", (image) => {
    expect(problemsOf("prometheusImage", image)).toStrictEqual([`prometheusImage: ${NO_IMAGE}`]);
  });

  it.each([
    "REGISTRY.corp:5000/prom/x:v1",
    "localhost/x:1",
    `registry:5000/a-b__c/d.e@sha256:${"a".repeat(64)}`,
    `ghcr.io/a/b:1.2.3-x@sha256:${"b".repeat(64)}`,
    "[::1]:5000/x:1",
  ])("may be named %s", (image) => {
    expect(problemsOf("prometheusImage", image)).toStrictEqual([]);
  });
});

describe("an address that the lab's network cannot reach", () => {
  it("is reported in every setting that has one", () => {
    expect(problemsOf("remoteWrite", [{ url: "http://[2001:db8::1]/w" }])).toStrictEqual([
      `remoteWrite[0].url: ${IPV6}`,
    ]);
    expect(problemsOf("alertWebhook", "http://[2001:db8::1]/h", ["alertWebhook"])).toStrictEqual([
      `alertWebhook: ${IPV6}`,
    ]);
    expect(jobProblems({ targets: undefined, http_sd_configs: [{ url: "http://[2001:db8::1]/t" }] })).toStrictEqual([
      `http_sd_configs[0].url: ${IPV6}`,
    ]);
    expect(jobProblems({ proxy_url: "http://[2001:db8::1]:3128" })).toStrictEqual([`proxy_url: ${IPV6}`]);
    const relabelled = { target_label: "__address__", replacement: "[2001:db8::5]:9116" };
    expect(jobProblems({ relabel_configs: [relabelled] })).toStrictEqual([`relabel_configs: ${IPV6}`]);
  });

  it("is not that of a webhook on this machine", () => {
    expect(problemsOf("alertWebhook", "http://[::1]:9000/h", ["alertWebhook"])).toStrictEqual([]);
  });

  it.each([{ ping: "10.0.0.256" }, { tcp: "10.0.0.256:22" }, { ping: "..." }, { ping: "-" }, { ping: "010.0.0.1" }])(
    "is %j",
    (probe) => {
      expect(problemsOf("probes", [probe])).toStrictEqual([`probes[0].${Object.keys(probe).join()}: ${NO_HOST}`]);
    },
  );

  it("is a list where a text is expected", () => {
    expect(problemsOf("probes", [{ tcp: ["db:5432"] }])).toHaveLength(1);
  });
});

describe("a field of a scrape job that its container has nothing for", () => {
  it.each([
    [
      { proxy_from_environment: true },
      "proxy_from_environment: reads variables that Prometheus' container does not have; " +
        'write proxy_url: "http://proxy.example.org:3128", and no_proxy for exceptions',
    ],
    [
      { http_headers: { "X-Scope-OrgID": { files: ["/run/secret"] } } },
      `http_headers["X-Scope-OrgID"].files: ${NO_FILE}; write its content as secrets`,
    ],
    [
      { kubernetes_sd_configs: [{ role: "pod", api_server: "https://k8s:6443", kubeconfig_file: "/k" }] },
      `kubernetes_sd_configs[0].kubeconfig_file: ${NO_FILE}; set api_server, authorization and tls_config`,
    ],
    [
      { kubernetes_sd_configs: [{ role: "pod" }] },
      "kubernetes_sd_configs[0]: needs api_server: the default is in Prometheus' own container; " +
        "write it as https://kubernetes.example.org:6443",
    ],
    [
      { consul_sd_configs: [{ services: ["web"] }] },
      "consul_sd_configs[0]: needs server: the default is in Prometheus' own container; write it as consul.example.org:8500",
    ],
    [
      { scheme: "https", tls_config: { ca: "/etc/ssl/ca.pem" } },
      "tls_config.ca: is a path, but your files are not in Prometheus' container; write the file's content",
    ],
    [{ proxy_url: "proxy:3128" }, "proxy_url: has no scheme of a proxy; write it as http://proxy.example.org:3128"],
    [{ scheme: "https://" }, "scheme: is not http or https; write one of these"],
    [
      { proxy_url: "http://user:pw@proxy:3128" },
      "proxy_url: holds credentials, which everybody could read; use a proxy that requires none",
    ],
    [
      { scaleway_sd_configs: [{ role: "instance", secret_key_file: "/k" }] },
      `scaleway_sd_configs[0].secret_key_file: ${NO_FILE}; leave it out, and use a discovery or a proxy that requires none`,
    ],
    [
      { stackit_sd_configs: [{ project: "p", private_key_path: "/k" }] },
      `stackit_sd_configs[0].private_key_path: ${NO_FILE}; leave it out`,
    ],
    [
      { stackit_sd_configs: [{ project: "p", service_account_key: "hunter2" }] },
      "stackit_sd_configs[0].service_account_key: is a secret that Prometheus accepts only in plain text; " +
        "leave it out, and use a discovery or a proxy that requires none",
    ],
  ])("is %j", (fields, problem) => {
    expect(jobProblems(fields)).toStrictEqual([problem]);
  });
});

it("shows no secret of a list that is not one", () => {
  const [found, ...more] = problemsWith({
    extraScrapeTargets: '{"job": "a", "basic_auth": {"username": "u", "password": "hunter2"}}',
  });
  expect(more).toStrictEqual([]);
  expect(found).toMatchObject({ setting: "extraScrapeTargets", value: undefined });
});

it("has no prefix with a dot in a swarm", () => {
  expect(problemsWith({ namePrefix: "team.a-" })).toStrictEqual([]);
  expect(problemsWith({ namePrefix: "team.a-", engine: "swarm" })).toMatchObject([
    { setting: "namePrefix", value: "team.a-", fix: "set team-a-, or set engine: docker" },
  ]);
});
