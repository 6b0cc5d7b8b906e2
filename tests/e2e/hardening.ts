import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { inspect, labelled, listenAddresses, TestLab } from "../support/harness";

/** The only container that runs as root, with a capability and the engine's socket: it measures the other ones. */
const MEASURES = "cadvisor";
/** CAP_DAC_READ_SEARCH, as a mask of the kernel. */
const READ_SEARCH = "0000000000000004";
const NO_CAPABILITY = "0000000000000000";

/** One line of the kernel's description of a process. */
function kernelSays(pid: number, line: string): string {
  const status = fs.readFileSync(`/proc/${String(pid)}/status`, "utf8");
  return new RegExp(`^${line}:\\s*(.*)$`, "m").exec(status)?.[1] ?? "";
}

/** The memory that the kernel grants a process, in bytes, from whichever version of cgroups there is. */
function memoryLimit(pid: number): string {
  const groups = fs.readFileSync(`/proc/${String(pid)}/cgroup`, "utf8");
  const first = /^\d+:memory:(.+)$/m.exec(groups)?.[1];
  const file =
    first === undefined
      ? `/sys/fs/cgroup${/^0::(.+)$/m.exec(groups)?.[1] ?? ""}/memory.max`
      : `/sys/fs/cgroup/memory${first}/memory.limit_in_bytes`;
  return fs.readFileSync(file, "utf8").trim();
}

/** What a shell in a container answers; as root, since more is open to it than to the program's user. */
function shell(container: string, script: string): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync("docker", ["exec", "--user", "0", container, "sh", "-c", script], {
    encoding: "utf8",
  });
  return { status, output: `${stdout}${stderr}`.trim() };
}

/** Every default that docs/security.md states, asked of a running lab. */
export function describeHardening(given: () => TestLab, password: () => Promise<string>): void {
  let lab: TestLab;
  /** Names on the host: of all containers, and of those that run. */
  let all: string[], running: string[];

  beforeAll(() => {
    lab = given();
    all = labelled("container", lab.lab).map((id) => (inspect(id, ".Name") as string).slice(1));
    running = all.filter((name) => inspect(name, ".State.Running") === true);
  });

  const measures = (name: string): boolean => name === `${lab.prefix}${MEASURES}`;
  const pid = (name: string): number => inspect(name, ".State.Pid") as number;
  const ask = async (setting: keyof TestLab["ports"], path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${String(lab.ports[setting])}${path}`, init);
  const signIn = async (): Promise<RequestInit> => ({
    headers: { authorization: `Basic ${Buffer.from(`admin:${await password()}`).toString("base64")}` },
  });

  it("listens on loopback, and for the app on the lab's gateway, and nowhere else", () => {
    for (const name of all) {
      const { PublishAllPorts, PortBindings } = inspect(name, ".HostConfig") as {
        PublishAllPorts: boolean;
        PortBindings: Record<string, { HostIp: string }[]> | null;
      };
      const published = Object.values(PortBindings ?? {}).flatMap((it) => it.map(({ HostIp }) => HostIp));
      expect({ PublishAllPorts, published }).toEqual({
        PublishAllPorts: false,
        published: running.includes(name) ? ["127.0.0.1"] : [],
      });
    }
    const gateway = inspect(lab.lab, "(index .IPAM.Config 0).Gateway") as string;
    const { flaskPort, ...ports } = lab.ports;
    expect(listenAddresses(flaskPort)).toEqual(["127.0.0.1", gateway].sort());
    for (const port of Object.values(ports)) {
      expect(["127.0.0.1", ""]).toContain(listenAddresses(port).join());
    }
  });

  it("runs nothing privileged, and no program as root or with a capability it does not need", () => {
    for (const name of all) {
      expect(inspect(name, ".HostConfig")).toMatchObject({
        Privileged: false,
        CapDrop: ["ALL"],
        CapAdd: measures(name) ? ["CAP_DAC_READ_SEARCH"] : null,
        SecurityOpt: expect.arrayContaining(["no-new-privileges:true"]) as unknown,
      });
    }
    for (const name of running) {
      const [user] = kernelSays(pid(name), "Uid").split(/\s/);
      expect({
        name,
        root: user === "0",
        effective: kernelSays(pid(name), "CapEff"),
        bounding: kernelSays(pid(name), "CapBnd"),
        noNewPrivileges: kernelSays(pid(name), "NoNewPrivs"),
      }).toEqual({
        name,
        root: measures(name),
        effective: measures(name) ? READ_SEARCH : NO_CAPABILITY,
        bounding: measures(name) ? READ_SEARCH : NO_CAPABILITY,
        noNewPrivileges: "1",
      });
    }
  });

  it("has root file systems and configurations that even root cannot write to", () => {
    for (const name of running) {
      expect([name, inspect(name, ".HostConfig.ReadonlyRootfs")]).toEqual([name, true]);
      expect(shell(name, "touch /bin/written")).toMatchObject({
        status: 1,
        output: expect.stringContaining("Read-only file system") as unknown,
      });
      const mounts = inspect(name, ".Mounts") as { Type: string; Destination: string; RW: boolean; Name?: string }[];
      const writable = mounts.filter(({ RW, Type }) => RW && Type !== "tmpfs");
      // the volumes of data, and nothing of the host
      expect(writable.map(({ Type }) => Type)).toEqual(writable.map(() => "volume"));
      if (mounts.some(({ Destination }) => Destination === "/lab")) {
        expect(shell(name, "touch /lab/written").output).toContain("Read-only file system");
      }
    }
  });

  it("limits the memory of every program, and its log", () => {
    for (const name of running) {
      const { Memory, MemorySwap, LogConfig } = inspect(name, ".HostConfig") as Record<string, unknown>;
      expect(LogConfig).toEqual({ Type: "json-file", Config: { "max-size": "10m", "max-file": "3" } });
      expect(MemorySwap).toBe(Memory);
      expect([name, memoryLimit(pid(name))]).toEqual([name, String(Memory)]);
      expect(Memory).toBeGreaterThan(0);
    }
  });

  it("shows the host's processes to node_exporter only, and the host's network to none", () => {
    for (const name of running) {
      const { PidMode, NetworkMode, IpcMode } = inspect(name, ".HostConfig") as Record<string, string>;
      expect([name, PidMode, NetworkMode === "host", IpcMode]).toEqual([
        name,
        name === `${lab.prefix}node_exporter` ? "host" : "",
        false,
        "private",
      ]);
      const networks = inspect(name, ".NetworkSettings.Networks") as Record<string, unknown>;
      expect(Object.keys(networks)).toEqual([lab.lab]);
    }
  });

  it("gives Docker's socket and containerd's to cadvisor only, and mounts neither with a root", () => {
    for (const name of running.filter((it) => !measures(it))) {
      const mounts = inspect(name, ".Mounts") as { Source: string; Destination: string }[];
      expect(mounts.filter(({ Source }) => Source.endsWith(".sock"))).toEqual([]);
      const found = shell(name, "find /run /var/run/ /host/run /host/var/run/ -type s 2>/dev/null");
      expect([name, found.output.split("\n").filter((it) => /\/(docker|containerd)\.sock$/.test(it))]).toEqual([
        name,
        [],
      ]);
    }
    // it would find them if they were there
    const found = shell(`${lab.prefix}${MEASURES}`, "find /run /var/run/ -type s 2>/dev/null");
    expect(found.output).toMatch(/docker\.sock$/m);
  });

  it("admits nobody to Grafana without a password, and no sign-up", async () => {
    for (const path of ["/api/org", "/api/search", "/api/dashboards/home", "/api/admin/settings"]) {
      expect([path, (await ask("grafanaPort", path)).status]).toEqual([path, 401]);
    }
    const signUp = await ask("grafanaPort", "/api/user/signup", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email: "somebody@example.org" }),
    });
    expect(signUp.status).toBeGreaterThanOrEqual(400);
    const users = (await (await ask("grafanaPort", "/api/users", await signIn())).json()) as { login: string }[];
    expect(users.map(({ login }) => login)).toEqual(["admin"]);
  });

  it("lets Grafana send nothing to the internet, and its settings keep the password secret", async () => {
    const settings = await (await ask("grafanaPort", "/api/admin/settings", await signIn())).text();
    expect(JSON.parse(settings)).toMatchObject({
      "auth.anonymous": { enabled: "false" },
      users: { allow_sign_up: "false" },
      analytics: { reporting_enabled: "false", check_for_updates: "false", check_for_plugin_updates: "false" },
      security: { disable_gravatar: "true", admin_password: "*********" },
      snapshots: { external_enabled: "false" },
    });
    expect(settings).not.toContain(await password());
  });

  it("has no interface that administers or ends Prometheus or the Pushgateway", async () => {
    for (const [setting, method, path, status, output] of [
      ["prometheusPort", "POST", "/api/v1/admin/tsdb/snapshot", 500, "admin APIs disabled"],
      ["prometheusPort", "POST", "/api/v1/admin/tsdb/delete_series?match[]=up", 500, "admin APIs disabled"],
      ["prometheusPort", "POST", "/-/reload", 403, "Lifecycle API is not enabled."],
      ["prometheusPort", "POST", "/-/quit", 403, "Lifecycle API is not enabled."],
      ["prometheusPort", "POST", "/api/v1/write", 404, "remote write receiver needs to be enabled"],
      ["pushgatewayPort", "PUT", "/api/v1/admin/wipe", 404, ""],
      ["pushgatewayPort", "PUT", "/-/quit", 403, "Lifecycle API is not enabled."],
    ] as const) {
      const response = await ask(setting, path, { method });
      expect([path, response.status, await response.text()]).toEqual([
        path,
        status,
        expect.stringContaining(output) as unknown,
      ]);
    }
  });
}
