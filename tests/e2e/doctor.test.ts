import { execFileSync } from "node:child_process";
import * as net from "node:net";
import { docker } from "../support/harness";
import { UserLab } from "../support/userLab";

jest.setTimeout(300_000);

const SUBNET = "172.30.109.0/24";
let lab: UserLab;

beforeAll(async () => {
  lab = await UserLab.create("doctor-", SUBNET);
  await lab.prepare();
});

afterEach(() => {
  const own = ["--quiet", "--filter", "label=observability-lab.temporary", "--filter", `name=${lab.lab}`];
  expect([docker("ps", "--all", ...own), docker("network", "ls", ...own)]).toEqual(["", ""]);
});

afterAll(async () => {
  await lab.remove();
});

/** What doctor finds of each check, and whether it lets the lab pass. */
async function doctor(
  env: NodeJS.ProcessEnv = {},
): Promise<{ ok: boolean; checks: Record<string, { state: string; seen: string; fix?: string }> }> {
  const { ok, stdout } = await lab.run("doctor", ["--json"], env).outcome;
  const output = JSON.parse(stdout) as { ok: boolean; checks: { check: string; state: string; seen: string }[] };
  expect(output.ok).toBe(ok);
  return { ok, checks: Object.fromEntries(output.checks.map(({ check, ...it }) => [check, it])) };
}

describe("doctor, on this machine", () => {
  it("finds no problem, and shows that in a table", async () => {
    const { ok, checks } = await doctor();
    expect(Object.entries(checks).filter(([, { state }]) => state === "problem" || state === "skipped")).toEqual([]);
    expect(ok).toBe(true);
    expect(Object.keys(checks)).toEqual([
      "node",
      "python",
      "lab's folder",
      "home disk",
      "settings",
      "docker",
      "storage",
      "cgroups",
      "memory",
      "docker disk",
      "mounts",
      "root",
      "users",
      "network",
      "names",
      "subnet",
      "ports",
      "firewall",
      "neighbours",
      "grafana's key",
    ]);
    expect(checks.firewall).toEqual({
      state: "ok",
      seen: `a container of ${SUBNET} reaches this machine at 172.30.109.1:${String(lab.ports.flaskPort)}`,
    });
    const table = await lab.run("doctor").outcome;
    expect(table.output).toMatch(/^This machine can run the lab(, with \d+ warnings?)?\.$/m);
  });

  it("finds a firewall between the lab's containers and the host", async () => {
    const port = String(lab.ports.flaskPort);
    const rule = ["INPUT", "-s", SUBNET, "-p", "tcp", "--dport", port, "-j", "DROP"];
    execFileSync("iptables", ["-w", "-I", ...rule]);
    try {
      const { ok, checks } = await doctor();
      expect(ok).toBe(false);
      expect(checks.firewall).toEqual({
        state: "problem",
        seen: `a container of ${SUBNET} cannot reach this machine at 172.30.109.1:${port}: Prometheus cannot scrape the Flask app`,
        fix: `allow it: iptables -I INPUT -s ${SUBNET} -p tcp --dport ${port} -j ACCEPT, or ufw allow from ${SUBNET} to any port ${port} proto tcp`,
      });
    } finally {
      execFileSync("iptables", ["-w", "-D", ...rule]);
    }
  });

  it("finds a port that is taken, and every other problem", async () => {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(lab.ports.grafanaPort, "127.0.0.1", resolve));
    try {
      const { ok, checks } = await doctor({ PYTHON: "no-such-python" });
      expect(ok).toBe(false);
      expect(checks.ports?.seen).toContain(
        `grafanaPort = ${String(lab.ports.grafanaPort)}: is in use by another program`,
      );
      expect(checks.python).toMatchObject({ state: "problem" });
      expect(checks.firewall?.state).toBe("ok");
    } finally {
      server.close();
    }
  });

  it("reports what it can without Docker", async () => {
    const { ok, checks } = await doctor({ DOCKER_HOST: "unix:///nonexistent.sock" });
    expect(ok).toBe(false);
    expect(checks.docker).toMatchObject({
      state: "problem",
      seen: expect.stringContaining("Docker does not respond at /nonexistent.sock") as unknown,
    });
    expect(checks.python?.state).toBe("ok");
  });
});
