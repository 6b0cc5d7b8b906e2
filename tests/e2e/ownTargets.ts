import * as http from "node:http";
import { AddressInfo } from "node:net";
import { signInHeaders } from "../../lib/shared/webSignIn";
import {
  configure,
  docker,
  eventually,
  inspect,
  listenAddresses,
  previewChanges,
  sample,
  TestLab,
  verify,
} from "../support/harness";

const PROBES = [
  [{ url: "http://grafana:3000/login" }, 1],
  [{ url: "http://grafana:3000/api/user" }, 0],
  [{ tcp: "grafana:3000" }, 1],
  [{ tcp: "grafana:1" }, 0],
  [{ ping: "host.docker.internal" }, 1],
  [{ ping: "nobody.invalid" }, 0],
] as const;
const [PASSWORD, SCOPE] = ["the-exporters-password", "the-exporters-scope"];
/** Seconds until an alert of a minute fires. */
const FIRES_WITHIN = 120;

/** Instances for which an alert fires. */
async function firing(lab: TestLab, alert: string): Promise<string[]> {
  const response = await fetch(`http://127.0.0.1:${String(lab.ports.prometheusPort)}/api/v1/alerts`);
  const { data } = (await response.json()) as {
    data: { alerts: { state: string; labels: Record<string, string> }[] };
  };
  return data.alerts
    .filter(({ state, labels }) => state === "firing" && labels.alertname === alert)
    .map(({ labels }) => labels.instance ?? "");
}

/** An exporter on the lab's gateway that asks for a password, a header and a parameter. */
async function startExporter(gateway: string): Promise<http.Server> {
  const wanted = signInHeaders(PASSWORD).authorization;
  const server = http.createServer(({ url, headers }, response) => {
    const allowed =
      url === "/own?format=prometheus" && headers.authorization === wanted && headers["x-scope"] === SCOPE;
    response.writeHead(allowed ? 200 : 403, { "content-type": "text/plain; version=0.0.4" });
    response.end(allowed ? "own_metric 42\nunwanted_metric 1\n" : "");
  });
  await new Promise<void>((resolve) => server.listen(0, gateway, resolve));
  return server;
}

/** Takes a running lab's webhook away, and gives it probes and a scrape job with secrets. */
export function describeOwnTargets(given: () => TestLab, gateway: string): void {
  let lab: TestLab;
  let exporter: http.Server;

  beforeAll(async () => {
    lab = given();
    exporter = await startExporter(gateway);
    const { port } = exporter.address() as AddressInfo;
    const target = {
      job: "own",
      targets: [`host.docker.internal:${String(port)}`],
      labels: { team: "shop" },
      metricsPath: "/own",
      params: { format: ["prometheus"] },
      basic_auth: { username: "admin" },
      metric_relabel_configs: [{ source_labels: ["__name__"], regex: "unwanted_.+", action: "drop" }],
    };
    configure(lab, { alertWebhook: "", probes: PROBES.map(([probe]) => probe), extraScrapeTargets: [target] });
    for (const [place, value] of [
      ["basic_auth.password", PASSWORD],
      ['http_headers["X-Scope"].secrets[0]', SCOPE],
    ] as const) {
      await lab.stack.setConfig(`extraScrapeTargets[0].${place}`, { value, secret: true }, true);
    }
    await lab.stack.up();
  });

  afterAll(() => {
    exporter.closeAllConnections();
    exporter.close();
  });

  it("has no Alertmanager any more, and the same alerts", async () => {
    expect(() => inspect(`${lab.prefix}alertmanager`, ".State")).toThrow();
    expect(Object.keys(await lab.stack.outputs())).not.toContain("alertmanagerUrl");
    expect((await verify(lab)).checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(await firing(lab, "Watchdog")).toHaveLength(1);
  });

  it.each(PROBES)("knows of the probe %j whether it is answered: %d", async (probe, success) => {
    const [target] = Object.values(probe);
    const seen = await eventually(() => sample(lab, `probe_success{job="probes", instance="${target ?? ""}"}`));
    expect(seen).toBe(success);
  });

  it("fires for every probe that is not answered, and for no other", async () => {
    const failed = PROBES.flatMap(([probe, success]) => (success === 0 ? Object.values(probe) : []));
    const found = await eventually(async () => {
      const instances = await firing(lab, "ProbeFailed");
      return instances.length < failed.length ? undefined : instances;
    }, FIRES_WITHIN);
    expect([...found].sort()).toEqual([...failed].sort());
  });

  it("publishes the blackbox exporter on loopback alone, without privileges", () => {
    expect(listenAddresses(lab.ports.blackboxExporterPort)).toEqual(["127.0.0.1"]);
    expect(inspect(`${lab.prefix}blackbox_exporter`, ".HostConfig")).toMatchObject({
      CapAdd: null,
      CapDrop: ["ALL"],
      Privileged: false,
      ReadonlyRootfs: true,
    });
    expect(inspect(`${lab.prefix}blackbox_exporter`, ".Config.User")).toBe("65534:65534");
  });

  it("scrapes a target with a password, a header, parameters and labels of its own", async () => {
    expect(await eventually(() => sample(lab, 'own_metric{job="own", team="shop"}'))).toBe(42);
    expect(await sample(lab, "unwanted_metric")).toBeUndefined();
  });

  it("has the target's secrets in files that prometheus.yml only names", () => {
    const shown = docker("exec", `${lab.prefix}prometheus`, "cat", "/lab/prometheus.yml");
    expect(shown).toContain("/lab/scrape_secret_0_0");
    for (const secret of [PASSWORD, SCOPE]) {
      expect(shown + docker("inspect", `${lab.prefix}prometheus`)).not.toContain(secret);
    }
  });

  it("is refused a field that Prometheus does not know, in promtool's words", async () => {
    const target = { job: "own", targets: ["host.docker.internal:1"], scrape_intervall: "5s" };
    configure(lab, { extraScrapeTargets: [target] });
    await expect(previewChanges(lab)).rejects.toThrow(/Prometheus would reject it: .*field scrape_intervall not found/);
  });
}
