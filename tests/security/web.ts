import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as http from "node:http";
import { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout } from "node:timers/promises";
import { docker, labelled } from "../support/harness";
import { documentedSnippets, PushingHost } from "../support/pushJob";
import { expectOk, UserLab } from "../support/userLab";

/** Of the lab's containers, as the lab's network has it. */
const GATEWAY = "172.30.106.1";
const PASSWORD = "a password of nobody's";
/** Whatever a program could make of it that leads back to it. */
const TRACES = [PASSWORD, Buffer.from(`admin:${PASSWORD}`).toString("base64"), "$2b$10$"];
const ORIGINS = ["http://evil.example", "null"];
const PAUSE_MS = 200;

const PUBLISHED = {
  prometheusPort: "/api/v1/query?query=up",
  grafanaPort: "/api/health",
  nodeExporterPort: "/metrics",
  cadvisorPort: "/metrics",
  pushgatewayPort: "/metrics",
  flaskPort: "/metrics",
} as const;
type Port = keyof typeof PUBLISHED | "alertmanagerPort";

/** What a page in the browser, a user of this machine, and a neighbour on the network do over HTTP. */
export function webAttacks(lab: () => UserLab): void {
  const url = (port: Port, path: string, host = "127.0.0.1"): string =>
    `http://${host}:${String(lab().ports[port])}${path}`;

  /** As a page does it: without a question before, as it is a simple request. */
  const push = (group: string, body: string): Promise<Response> =>
    fetch(url("pushgatewayPort", `/metrics/job/${group}`), {
      method: "POST",
      headers: { "content-type": "text/plain", origin: "http://evil.example" },
      body,
    });

  const query = async (promql: string): Promise<readonly unknown[]> => {
    const response = await fetch(url("prometheusPort", `/api/v1/query?query=${encodeURIComponent(promql)}`));
    return ((await response.json()) as { data: { result: readonly unknown[] } }).data.result;
  };

  /** Waits until both jobs of the Pushgateway have been scraped since now. */
  const scraped = async (): Promise<void> => {
    const since = `timestamp(up{job=~"ansible_jobs|pushgateway"}) > ${String(Date.now() / 1000)}`;
    while ((await query(since)).length < 2) {
      await setTimeout(PAUSE_MS);
    }
  };

  describe.each(ORIGINS)("a page of the origin %s", (origin) => {
    it.each(Object.entries(PUBLISHED) as [Port, string][])("reads nothing of %s", async (port, path) => {
      const asked = { "access-control-request-method": "POST", "access-control-request-headers": "content-type" };
      const responses = [
        await fetch(url(port, path), { headers: { origin } }),
        await fetch(url(port, path), { method: "OPTIONS", headers: { origin, ...asked } }),
      ];
      for (const { headers } of responses) {
        expect(headers.get("access-control-allow-origin")).toBeNull();
      }
    });
  });

  it("forges no series of a scrape job, and none that Prometheus makes", async () => {
    await push("linux_host", 'up{instance="forged"} 0\nforged 1\n');
    await push("ansible_jobs/instance/pushgateway:9091", "forged 1\npushgateway_build_info 7\n");
    await push("pushgateway/instance/pushgateway:9091", "forged 1\n");
    await push("x/exported_job/linux_host", "forged 1\n");
    await push("ansible_deployment/instance/x", 'up 0\nALERTS{alertname="Forged",alertstate="firing"} 1\n');
    await push("y", 'mine 1\nup 0\nscrape_samples_scraped 7\nALERTS{alertname="Forged",alertstate="firing"} 1\n');
    await scraped();
    const forged =
      'up{instance="forged"} or up == 0 or forged or ALERTS{alertname="Forged"} or pushgateway_build_info == 7';
    expect(await query(`${forged} or scrape_samples_scraped{job="y"}`)).toEqual([]);
    expect(await query('mine{job="y",instance=""}')).toHaveLength(1);
  });

  it("does not hide what the playbook reports by a flood", async () => {
    const flood = Array.from({ length: 20_000 }, (_, index) => `flood{series="${String(index)}"} 1\n`);
    expect((await push("flood", flood.join(""))).status).toBe(200);
    await scraped();
    expect(await query('timestamp(ansible_job_status{job="ansible_deployment"}) > time() - 10')).toHaveLength(1);
    expect(await query('up{job="ansible_jobs"} == 1')).toHaveLength(1);
    expect(await query('{job="flood"}')).toEqual([]);
    await Promise.all(
      ["flood", "x/exported_job/linux_host", "ansible_deployment/instance/x"].map((group) =>
        fetch(url("pushgatewayPort", `/metrics/job/${group}`), { method: "DELETE" }),
      ),
    );
  });

  it("gets nothing of node_exporter in the host's network without a password, as a neighbour or on this machine", async () => {
    for (const host of ["127.0.0.1", GATEWAY]) {
      expect((await fetch(url("nodeExporterPort", "/metrics", host))).status).toBe(401);
    }
    const image = docker("inspect", "--format", "{{.Config.Image}}", lab().container("node_exporter"));
    const ask = ["-q", "-O", "-", url("nodeExporterPort", "/metrics", GATEWAY)];
    const neighbour = spawnSync("docker", ["run", "--rm", "--entrypoint", "wget", image, ...ask], { encoding: "utf8" });
    expect(neighbour.stdout).toBe("");
    expect(neighbour.stderr).toContain("401");
  });

  describe("with a password that is set", () => {
    let receiver: http.Server;
    let watched = "";

    beforeAll(async () => {
      receiver = http.createServer((request, response) => {
        request.resume();
        response.end();
      });
      await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
      const { port } = receiver.address() as AddressInfo;
      const set = (name: string, value: string): unknown =>
        lab().run("pulumi", ["config", "set", "--secret", name, value]).outcome;
      await set("alertWebhook", `http://127.0.0.1:${String(port)}/hook`);
      await set("webPassword", PASSWORD);
      const watch = setInterval(
        () => (watched += execFileSync("ps", ["axww", "-o", "args"], { encoding: "utf8" })),
        100,
      );
      const { output } = await expectOk(lab().up());
      watched += output;
      clearInterval(watch);
    });

    afterAll(() => {
      receiver.close();
    });

    it.each(["prometheusPort", "alertmanagerPort", "pushgatewayPort", "nodeExporterPort"] as const)(
      "lets nobody into %s without it",
      async (port) => {
        const signedIn = { authorization: `Basic ${Buffer.from(`admin:${PASSWORD}`).toString("base64")}` };
        for (const [headers, status] of [
          [{}, 401],
          [{ authorization: `Basic ${Buffer.from("admin:another one").toString("base64")}` }, 401],
          [signedIn, 200],
        ] as const) {
          expect((await fetch(url(port, "/metrics"), { headers })).status).toBe(status);
        }
      },
    );

    it("takes no push without it", async () => {
      expect((await push("y", "mine 2\n")).status).toBe(401);
    });

    it("takes a job's push as docs/jobs.md says", () => {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-push-"));
      const host = new PushingHost(folder, "web1", lab().ports.pushgatewayPort);
      const [pushJob = ""] = documentedSnippets();
      try {
        expect(host.run(pushJob, "backup", "true").stderr).toContain("401");
        host.write(".netrc", `machine 127.0.0.1 login admin password "${PASSWORD}"\n`, 0o600);
        expect(host.run(pushJob, "backup", "true")).toEqual({ status: 0, stderr: "" });
      } finally {
        fs.rmSync(folder, { recursive: true });
      }
    });

    it("goes on working, and has nothing to change", async () => {
      // what the machine itself has nothing to show of is not what is tested
      expect((await lab().failedChecks()).filter((it) => !it.startsWith("panels:"))).toEqual([]);
      expect(await lab().preview()).toEqual([]);
    });

    it("shows it nowhere", () => {
      const containers = labelled("container", lab().lab);
      const inspected =
        docker("inspect", ...containers) + docker("volume", "inspect", ...labelled("volume", lab().lab));
      const logged = containers.map((it) => docker("logs", it)).join("");
      // in the script of a health check is the name of the file
      for (const trace of TRACES) {
        expect(inspected + logged + watched).not.toContain(trace);
        expect(spawnSync("grep", ["-rlF", trace, lab().stateDir, lab().logs], { encoding: "utf8" }).stdout).toBe("");
      }
    });
  });
}
