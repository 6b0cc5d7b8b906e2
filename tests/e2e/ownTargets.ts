import { execFileSync } from "node:child_process";
import * as http from "node:http";
import * as https from "node:https";
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
const METRICS = { "content-type": "text/plain; version=0.0.4" };
/** This machine, as the lab's containers see it. */
const HOST = "host.docker.internal";

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

/** An exporter that asks for a password, a header and a parameter. */
function createExporter(): http.Server {
  const wanted = signInHeaders(PASSWORD).authorization;
  return http.createServer(({ url, headers }, response) => {
    const allowed =
      url === "/own?format=prometheus" && headers.authorization === wanted && headers["x-scope"] === SCOPE;
    response.writeHead(allowed ? 200 : 403, METRICS);
    response.end(allowed ? "own_metric 42\nunwanted_metric 1\n" : "");
  });
}

/** An exporter that asks for a client's certificate. */
function createTlsExporter({ key, cert }: KeyPair): http.Server {
  return https.createServer({ key, cert, ca: cert, requestCert: true }, (_, response) => {
    response.writeHead(200, METRICS).end("tls_metric 43\n");
  });
}

/** An inventory for Prometheus' HTTP discovery, which asks for a password. */
function createInventory(port: number): http.Server {
  const wanted = signInHeaders(PASSWORD).authorization;
  return http.createServer(({ headers }, response) => {
    response.writeHead(headers.authorization === wanted ? 200 : 403, { "content-type": "application/json" });
    response.end(JSON.stringify([{ targets: [`${HOST}:${String(port)}`], labels: { site: "north" } }]));
  });
}

/** Starts a server on the lab's gateway, and returns its port. */
async function listen(server: http.Server, gateway: string): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, gateway, resolve));
  return (server.address() as AddressInfo).port;
}

interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

/** A key for a server and its client, and a certificate that each trusts as its own authority. */
function createKeyPair(): KeyPair {
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const name = ["-subj", "/CN=test", "-addext", `subjectAltName=DNS:${HOST}`];
  const [key, cert] = execFileSync("openssl", ["req", "-x509", ...curve, ...name, "-keyout", "-"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).split(/(?=-----BEGIN CERTIFICATE-----)/);
  return { key: key ?? "", cert: cert ?? "" };
}

/** Takes a running lab's webhook away, and gives it probes and a scrape job with secrets. */
export function describeOwnTargets(given: () => TestLab, gateway: string): void {
  let lab: TestLab;
  const servers: http.Server[] = [];

  beforeAll(async () => {
    lab = given();
    const pair = createKeyPair();
    const [exporter, tlsExporter] = [createExporter(), createTlsExporter(pair)];
    const [port, tlsPort] = [await listen(exporter, gateway), await listen(tlsExporter, gateway)];
    const inventory = createInventory(tlsPort);
    const inventoryPort = await listen(inventory, gateway);
    servers.push(exporter, tlsExporter, inventory);
    const target = {
      job: "own",
      targets: [`${HOST}:${String(port)}`],
      labels: { team: "shop" },
      metricsPath: "/own",
      params: { format: ["prometheus"] },
      basic_auth: { username: "admin" },
      metric_relabel_configs: [{ source_labels: ["__name__"], regex: "unwanted_.+", action: "drop" }],
    };
    const url = `http://${HOST}:${String(inventoryPort)}/`;
    const discovered = {
      job: "discovered",
      scheme: "https",
      tls_config: { ca: pair.cert, cert: pair.cert },
      http_sd_configs: [{ url, basic_auth: { username: "admin" } }],
    };
    const named = { job: "named", dns_sd_configs: [{ names: ["grafana"], type: "A", port: 3000 }] };
    configure(lab, {
      alertWebhook: "",
      probes: PROBES.map(([probe]) => probe),
      extraScrapeTargets: [target, discovered, named],
    });
    for (const [place, value] of [
      ["[0].basic_auth.password", PASSWORD],
      ['[0].http_headers["X-Scope"].secrets[0]', SCOPE],
      ["[1].http_sd_configs[0].basic_auth.password", PASSWORD],
      ["[1].tls_config.key", pair.key],
    ] as const) {
      await lab.stack.setConfig(`extraScrapeTargets${place}`, { value, secret: true }, true);
    }
    await lab.stack.up();
  });

  afterAll(() => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
  });

  it("has no Alertmanager any more, and the same alerts", async () => {
    expect(() => inspect(`${lab.prefix}alertmanager`, ".State")).toThrow();
    expect(Object.keys(await lab.stack.outputs())).not.toContain("alertmanagerUrl");
    expect((await verify(lab)).checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(await firing(lab, "Watchdog")).toHaveLength(1);
  });

  it.each(PROBES)("exposes whether the probe %j succeeds: %d", async (probe, success) => {
    const [target] = Object.values(probe);
    const seen = await eventually(() => sample(lab, `probe_success{job="probes", instance="${target ?? ""}"}`));
    expect(seen).toBe(success);
  });

  it("fires for every failing probe, and for no other", async () => {
    const failed = PROBES.flatMap(([probe, success]) => (success === 0 ? Object.values(probe) : []));
    const found = await eventually(async () => {
      const instances = await firing(lab, "ProbeFailed");
      return instances.length < failed.length ? undefined : instances;
    });
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

  it("scrapes targets of HTTP discovery over HTTPS with a certificate, and targets of DNS discovery", async () => {
    expect(await eventually(() => sample(lab, 'tls_metric{job="discovered", site="north"}'))).toBe(43);
    expect(await eventually(() => sample(lab, 'up{job="named"}'))).toBe(1);
  });

  it("has the target's secrets in files that prometheus.yml only names", () => {
    const shown = docker("exec", `${lab.prefix}prometheus`, "cat", "/lab/prometheus.yml");
    expect(shown).toContain("/lab/scrape_secret_0_0");
    for (const secret of [PASSWORD, SCOPE]) {
      expect(shown + docker("inspect", `${lab.prefix}prometheus`)).not.toContain(secret);
    }
  });

  it("rejects a field that Prometheus does not know, with promtool's message", async () => {
    const target = { job: "own", targets: [`${HOST}:1`], scrape_intervall: "5s" };
    configure(lab, { extraScrapeTargets: [target] });
    await expect(previewChanges(lab)).rejects.toThrow(/Prometheus would reject it: .*field scrape_intervall not found/);
  });
}
