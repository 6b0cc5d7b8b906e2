import { parse } from "yaml";
import { renderBlackboxConfig } from "../../components/monitoring/blackboxExporter";
import { renderPrometheusConfig } from "../../components/monitoring/prometheus";
import { ownDashboards } from "../../dashboards";
import { parseSettings } from "../../lib/settings/settings";
import { buildLab, DEFAULTS, settingsWith } from "../support/fixtures";

const PROBES = [
  { url: "https://example.org/health?deep=1" },
  { url: "http://host.docker.internal:8000" },
  { tcp: "db.example.org:5432" },
  { ping: "192.0.2.1" },
];

function problemsOf(probes: unknown): readonly string[] {
  const values = { ...DEFAULTS, probes: typeof probes === "string" ? probes : JSON.stringify(probes) };
  return parseSettings({ values, secrets: new Set() }).problems.map(
    ({ setting, value, problem }) => `${setting} ${JSON.stringify(value)} ${problem}`,
  );
}

describe("the setting probes", () => {
  it("accepts URLs, TCP ports and hosts", () => {
    expect(problemsOf(PROBES)).toStrictEqual([]);
  });

  it.each([
    ["text", "must be a list of {url, tcp, ping}"],
    [[{}], "needs exactly one of url, tcp and ping"],
    [[{ url: "https://example.org", ping: "example.org" }], "needs exactly one of url, tcp and ping"],
    [[{ uri: "https://example.org" }], "has an unknown field uri"],
    [[{ icmp: "example.org" }], "has an unknown field icmp"],
    [[{ url: "example.org" }], "is not an http or https URL"],
    [[{ url: "ftp://example.org" }], "is not an http or https URL"],
    [[{ url: "https://example.org/a b" }], "is not an http or https URL"],
    [[{ url: 7 }], "is not an http or https URL"],
    [[{ tcp: "example.org" }], "is not host:port"],
    [[{ tcp: "example.org:0" }], "is not host:port"],
    [[{ tcp: "example.org:65536" }], "is not host:port"],
    [[{ tcp: 22 }], "is not host:port"],
    [[{ ping: "example.org:80" }], "is not a host name"],
    [[{ ping: "https://example.org" }], "is not a host name"],
    [[{ ping: "" }], "is not a host name"],
    [[{ ping: 1 }], "is not a host name"],
    [[{ url: "http://localhost:3000" }], "is the loopback"],
    [[{ url: "http://127.1:3000" }], "is the loopback"],
    [[{ url: "http://[::1]:3000" }], "is the loopback"],
    [[{ url: "http://0.0.0.0:3000" }], "is the loopback"],
    [[{ tcp: "localhost:22" }], "is the loopback"],
    [[{ ping: "127.0.0.1" }], "is the loopback"],
    [[{ ping: "ip6-localhost" }], "is the loopback"],
    [[{ url: "http://localhost.:80" }], "is the loopback"],
    [[{ url: "http://[2001:db8::1]/" }], "is an IPv6 address"],
    [[{ ping: "2001:db8::1" }], "is an IPv6 address"],
    [[{ ping: "2001:db8:1:2:3:4:5:6" }], "is an IPv6 address"],
    [[{ tcp: "[2001:db8::1]:443" }], "is an IPv6 address"],
    [[{ ping: "example.org" }, { ping: "example.org" }], "is probed by another entry too"],
  ])("rejects %j", (probes, problem) => {
    const problems = problemsOf(probes);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.every((it) => it.startsWith("probes"))).toBe(true);
    expect(problems.join("\n")).toContain(problem);
  });

  it("does not show the credentials of a URL that it rejects", () => {
    for (const url of ["https://user:hunter22@example.org", "http//user:hunter22@example.org"]) {
      expect(problemsOf([{ url }]).join("\n")).not.toContain("hunter22");
      expect(problemsOf([{ url, ping: "example.org" }]).join("\n")).not.toContain("hunter22");
    }
  });
});

describe("the blackbox exporter", () => {
  const probes = JSON.stringify(PROBES);

  it("exists if there are probes", async () => {
    const names = async (settings: Record<string, string>): Promise<string[]> =>
      (await buildLab({ settings })).registrations
        .map(({ name }) => name)
        .filter((name) => name.startsWith("blackbox"));
    expect(await names({})).toStrictEqual([]);
    expect(await names({ probes })).toContain("blackbox-exporter-container");
  });

  it("is scraped for each probe with the module of its kind", () => {
    interface Config {
      scrape_configs: { job_name: string }[];
    }
    const { scrape_configs: jobs } = parse(renderPrometheusConfig(settingsWith({ probes }))) as Config;
    expect(jobs.find(({ job_name: name }) => name === "probes")).toStrictEqual({
      job_name: "probes",
      metrics_path: "/probe",
      static_configs: [
        {
          targets: ["https://example.org/health?deep=1", "http://host.docker.internal:8000"],
          labels: { __param_module: "http_2xx" },
        },
        { targets: ["db.example.org:5432"], labels: { __param_module: "tcp_connect" } },
        { targets: ["192.0.2.1"], labels: { __param_module: "icmp" } },
      ],
      relabel_configs: [
        { source_labels: ["__address__"], target_label: "__param_target" },
        { source_labels: ["__param_target"], target_label: "instance" },
        { target_label: "__address__", replacement: "blackbox_exporter:9115" },
      ],
    });
    const { modules } = parse(renderBlackboxConfig()) as { modules: object };
    expect(Object.keys(modules)).toStrictEqual(["http_2xx", "tcp_connect", "icmp"]);
  });

  it("requires the same password as the other programs", () => {
    const settings = settingsWith({ probes, webPassword: "long enough" });
    const text = renderPrometheusConfig(settings, undefined, new Set(["blackbox_exporter"]));
    expect(text.slice(text.indexOf("job_name: probes"))).toContain("password_file: /lab/web_password");
  });

  it("has a row in the overview, with certificates if a probe can see one", () => {
    const titles = (setting: string): unknown[] =>
      (ownDashboards(settingsWith({ probes: setting }))[0]?.model.panels ?? []).map(({ title }) => title);
    expect(titles(probes).slice(-4)).toStrictEqual(["Probes", "Probes", "Probe duration", "Certificates"]);
    expect(titles('[{"ping":"192.0.2.1"}]').slice(-3)).toStrictEqual(["Probes", "Probes", "Probe duration"]);
    expect(titles("[]")).not.toContain("Probes");
  });
});
