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

  it.each<[string, object]>([
    ["write it", { job_name: "b" }],
    ["metrics_path", { metrics_path: "/m" }],
    ["static_configs", { static_configs: [] }],
    ["names a file", { tls_config: { ca_file: "/etc/ca.pem" } }],
    ["names a file", { basic_auth: { username: "a", password_file: "/secret" } }],
    ["names a file", { file_sd_configs: [{ files: ["targets.json"] }] }],
    ["holds credentials", { proxy_url: "http://user:hunter2@proxy:3128" }],
    ["labels that are not texts", { labels: { a: 1 } }],
    ["has an unknown field", { tagets: ["a:1"], basic_auth: { password: "hunter2" } }],
    ["targets as a list", { targets: "app", basic_auth: { password: "hunter2" } }],
  ])("is rejected: %s, %j", (_, fields) => {
    const problems = problemsOf({ job: "a", targets: ["app:80"], ...fields });
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join("\n")).not.toContain("hunter2");
  });

  it("needs targets or a discovery", () => {
    expect(problemsOf({ job: "a", dns_sd_configs: [{ names: ["a.example.org"] }] })).toStrictEqual([]);
    expect(problemsOf({ job: "a", scheme: "https" }).join()).toContain("needs targets");
  });
});

it("every example of docs/targets.md is valid", () => {
  const text = readFileSync(path.join(PROJECT, "docs", "targets.md"), "utf8");
  const entries = [...text.matchAll(/^```yaml\n(.*?)^```/gms)].flatMap(
    ([, yaml]) => parse(yaml ?? "") as ScrapeTarget[],
  );
  expect(entries.length).toBeGreaterThan(4);
  expect(entries.flatMap((entry) => problemsOf(entry))).toStrictEqual([]);
});
