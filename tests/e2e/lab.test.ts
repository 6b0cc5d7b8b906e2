import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout } from "node:timers/promises";
import {
  configure,
  createTestLab,
  docker,
  doctor,
  eventually,
  inspect,
  labelled,
  listenAddresses,
  previewChanges,
  removeTestLab,
  sample,
  TestLab,
  verify,
} from "../support/harness";
import { isAlive } from "../support/processes";
import { describeHardening } from "./hardening";
import { describeSecrets } from "./secrets";

jest.setTimeout(300_000);

const SCRAPE_MS = 5000;
const CONTAINERS = ["prometheus", "grafana", "node_exporter", "cadvisor", "pushgateway"];
let lab: TestLab;

beforeAll(async () => {
  lab = await createTestLab("e2e-", "172.30.93.0/24");
  await lab.stack.up();
});

afterAll(async () => {
  await removeTestLab(lab);
});

function id(name: string): string {
  return docker("inspect", "--format", "{{.Id}}", `${lab.prefix}${name}`);
}

async function adminPassword(): Promise<string> {
  return (await lab.stack.outputs()).grafanaAdminPassword?.value as string;
}

describe("a lab that is up", () => {
  it("passes every check of verify", async () => {
    expect((await verify(lab)).checks.filter(({ ok }) => !ok)).toEqual([]);
  });

  it("does not fail doctor, whose container reaches the app itself", async () => {
    const checks = await doctor(lab);
    expect(checks.filter(({ state }) => state === "problem" || state === "skipped")).toEqual([]);
    expect(checks.find(({ check }) => check === "firewall")?.seen).toContain(
      `reaches this machine at 172.30.93.1:${String(lab.ports.flaskPort)}`,
    );
  });

  it("is not changed by a second up", async () => {
    const { summary } = await lab.stack.up();
    expect(Object.keys(summary.resourceChanges ?? {})).toEqual(["same"]);
  });

  it("is not changed by a refresh", async () => {
    expect(await previewChanges(lab, { refresh: true })).toEqual({});
    const { summary } = await lab.stack.refresh();
    expect(Object.keys(summary.resourceChanges ?? {})).toEqual(["same"]);
  });

  it("has a configuration that promtool accepts", () => {
    const output = docker("exec", `${lab.prefix}prometheus`, "promtool", "check", "config", "/lab/prometheus.yml");
    expect(output).toContain("SUCCESS");
  });

  it("reports the host, and not a container", async () => {
    const total = /MemTotal:\s+(\d+) kB/.exec(fs.readFileSync("/proc/meminfo", "utf8"))?.[1];
    expect(await eventually(() => sample(lab, "node_memory_MemTotal_bytes"))).toBe(Number(total) * 1024);
    const root = fs.statfsSync("/");
    expect(await sample(lab, 'node_filesystem_size_bytes{mountpoint="/"}')).toBe(root.blocks * root.bsize);
    // between the fewest and the most that there were since the last scrape, give or take a few; threads, or a
    // container's own, are off by far more
    const counts: number[] = [];
    const watch = setInterval(() => counts.push(fs.readdirSync("/proc").filter((it) => /^\d+$/.test(it)).length), 100);
    await setTimeout(1.5 * SCRAPE_MS);
    clearInterval(watch);
    const seen = await sample(lab, "sum(node_processes_state)");
    expect(seen).toBeGreaterThanOrEqual(Math.min(...counts) - 3);
    expect(seen).toBeLessThanOrEqual(Math.max(...counts) + 3);
    for (const collector of ["processes", "tcpstat", "interrupts"]) {
      expect(await sample(lab, `node_scrape_collector_success{collector="${collector}"}`)).toBe(1);
    }
  });

  it("exposes the name of every container", async () => {
    for (const name of CONTAINERS) {
      const query = `count(container_memory_usage_bytes{name="${lab.prefix}${name}"})`;
      expect(await eventually(() => sample(lab, query))).toBe(1);
    }
  });

  it("keeps pushed metrics over a restart", async () => {
    docker("restart", `${lab.prefix}pushgateway`);
    const url = `http://127.0.0.1:${String(lab.ports.pushgatewayPort)}/metrics`;
    const metrics = await eventually(async () => (await fetch(url).catch(() => undefined))?.text());
    expect(metrics).toMatch(/ansible_job_status\{.*job="ansible_deployment".*playbook="monitor_playbook".*\} [01]/);
  });

  it("comes back after a crash", async () => {
    const name = `${lab.prefix}cadvisor`;
    process.kill(inspect(name, ".State.Pid") as number, "SIGKILL");
    const restarts = await eventually(() => Promise.resolve((inspect(name, ".RestartCount") as number) || undefined));
    expect(restarts).toBe(1);
    const health = await eventually(() =>
      Promise.resolve(inspect(name, ".State.Health.Status") === "healthy" || undefined),
    );
    expect(health).toBe(true);
  });
});

describe("a lab that is closed", () => {
  describeHardening(() => lab, adminPassword);
});

describe("one changed setting", () => {
  it("reloads Prometheus, touches its datasource and nothing else", async () => {
    const before = CONTAINERS.map(id);
    configure(lab, { scrapeInterval: "7s" });
    const expected = {
      replace: ["prometheus-config-files"],
      update: ["grafana-datasource", "prometheus-reload"],
    };
    expect(await previewChanges(lab)).toEqual(expected);
    await lab.stack.up();
    expect(CONTAINERS.map(id)).toEqual(before);
    const response = await fetch(`http://127.0.0.1:${String(lab.ports.prometheusPort)}/api/v1/status/config`);
    expect(await response.text()).toContain("scrape_interval: 7s");
    expect(await previewChanges(lab)).toEqual({});
  });

  it("moves node_exporter into the host's network and back", async () => {
    configure(lab, { nodeExporterNetwork: "host" });
    await lab.stack.up();
    expect((await verify(lab)).checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(await eventually(() => sample(lab, 'node_network_info{device="docker0"}'))).toBe(1);
    expect(listenAddresses(lab.ports.nodeExporterPort)).toEqual(["127.0.0.1", "172.30.93.1"]);
    expect(await previewChanges(lab, { refresh: true })).toEqual({});
    configure(lab, { nodeExporterNetwork: "lab" });
    await lab.stack.up();
    expect((await verify(lab)).checks.filter(({ ok }) => !ok)).toEqual([]);
  });
});

describe("the admin's password", () => {
  describeSecrets(() => lab);
});

describe("a fault", () => {
  it("of the app is shown by a preview and repaired by the next up, once", async () => {
    const record = path.join(lab.stateHome, "observability-lab", lab.lab, "flask", "record.json");
    const { pid } = JSON.parse(fs.readFileSync(record, "utf8")) as { pid: number };
    process.kill(pid, "SIGKILL");
    expect(await previewChanges(lab)).toEqual({ replace: ["flask-process"] });
    await lab.stack.up();
    expect((await fetch(`http://127.0.0.1:${String(lab.ports.flaskPort)}/healthz`)).status).toBe(200);
    expect(await previewChanges(lab)).toEqual({});
  });

  it("of a container's start shows the container's last lines", async () => {
    // the gateway's program does not know Prometheus' flags, and says so
    const image = docker("inspect", "--format", "{{.Config.Image}}", `${lab.prefix}pushgateway`);
    const right = docker("inspect", "--format", "{{.Config.Image}}", `${lab.prefix}prometheus`);
    configure(lab, { prometheusImage: image });
    const failure = await lab.stack.up().catch((error: unknown) => String(error));
    expect(failure).toContain(`the last lines that the container ${lab.prefix}prometheus wrote`);
    expect(failure).toMatch(/unknown long flag/);
    configure(lab, { prometheusImage: right });
    await lab.stack.up();
    expect((await verify(lab)).ok).toBe(true);
  });
});

describe("destroy", () => {
  it("leaves no container, network, volume, process or file", async () => {
    const record = path.join(lab.stateHome, "observability-lab", lab.lab, "flask", "record.json");
    const { pid } = JSON.parse(fs.readFileSync(record, "utf8")) as { pid: number };
    // a container of somebody else's that has joined the network stays
    const image = docker("inspect", "--format", "{{.Image}}", `${lab.prefix}pushgateway`);
    const guest = docker("run", "--rm", "--detach", "--network", lab.lab, image);
    try {
      await lab.stack.destroy();
      expect(docker("inspect", "--format", "{{.State.Running}}", guest)).toBe("true");
    } finally {
      docker("rm", "--force", guest);
    }
    expect(labelled("container", lab.lab)).toEqual([]);
    expect(labelled("network", lab.lab)).toEqual([]);
    expect(labelled("volume", lab.lab)).toEqual([]);
    expect(isAlive(pid)).toBe(false);
    expect(fs.readdirSync(lab.stateHome)).toEqual([]);
  });
});
