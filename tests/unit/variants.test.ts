import { parse } from "yaml";
import { Machine } from "../../lib/docker/machine";
import { buildLab, SWARM } from "../support/fixtures";
import { resource } from "../support/mocks";

/** Inputs of one resource of a lab on another machine or with other settings. */
async function inputsOf(
  name: string,
  machine: Partial<Machine>,
  settings: Record<string, string> = {},
): Promise<Readonly<Record<string, unknown>>> {
  const { registrations } = await buildLab({ machine, settings });
  return resource(registrations, name).inputs;
}

/** The listening addresses among node_exporter's flags. */
function listening(inputs: Readonly<Record<string, unknown>>): string[] {
  return (inputs.command as string[]).filter((flag) => flag.startsWith("--web.listen-address="));
}

describe("on Docker Desktop", () => {
  const desktop = { native: false, rootShared: false, systemd: false };

  it("prometheus gets no name for the host, as Docker Desktop has its own", async () => {
    expect((await inputsOf("prometheus-container", desktop)).hosts).toStrictEqual([]);
  });

  it("the app listens on loopback only, as the gateway is an address of the virtual machine", async () => {
    const { environment, triggers } = await inputsOf("flask-process", desktop);
    expect(environment).toMatchObject({ LISTEN: "127.0.0.1:5000", HEALTH: "127.0.0.1:5000" });
    expect((triggers as string[])[1]).toBe("127.0.0.1:5000");
  });
});

it.each([
  ["500ms", "500ms"],
  ["4s", "4s"],
  ["1m", "5s"],
])("cadvisor measures often enough for a scrape interval of %s", async (scrapeInterval, expected) => {
  const { command } = await inputsOf("cadvisor-container", {}, { scrapeInterval });
  expect(command).toContain(`--housekeeping_interval=${expected}`);
});

describe("node_exporter", () => {
  const cover = (target: string): object => ({
    type: "tmpfs",
    target,
    readOnly: true,
    tmpfsOptions: { sizeBytes: 4096, mode: 0o755 },
  });

  it("follows later mounts only where the root is shared, and needs nothing of /run", async () => {
    const machine = { rootShared: false, runPaths: [] };
    expect((await inputsOf("node-exporter-container", machine)).mounts).toStrictEqual([
      { type: "bind", source: "/", target: "/host", readOnly: true },
      cover("/host/run"),
    ]);
  });

  it("sees no socket elsewhere either, as its folder is covered and not measured", async () => {
    const sockets = ["/docker.sock", "/run/user/1000/docker.sock", "/runner/a.b (c)/docker.sock"];
    const { mounts, command } = await inputsOf("node-exporter-container", { sockets, runPaths: [] });
    expect(mounts).toStrictEqual([
      { type: "bind", source: "/", target: "/host", readOnly: true, bindOptions: { propagation: "rslave" } },
      { type: "bind", source: "/dev/null", target: "/host/docker.sock", readOnly: true },
      cover("/host/run"),
      cover("/host/runner/a.b (c)"),
    ]);
    const [, excluded = ""] = /mount-points-exclude=(.*)$/m.exec((command as string[]).join("\n")) ?? [];
    const measured = ["/", "/run/lock", "/runner", "/runner/a.b (c)", "/runner/aXb (c)", "/home"];
    expect(measured.filter((it) => !new RegExp(excluded).test(it))).toStrictEqual([
      "/",
      "/runner",
      "/runner/aXb (c)",
      "/home",
    ]);
  });

  it.each(["docker", "swarm"] as const)("runs in %s as a user of its own", async (engine) => {
    const { registrations } = await buildLab({ settings: { engine }, machine: SWARM });
    const users = registrations.flatMap(({ name, inputs }) => {
      const { containerSpec } = (inputs.taskSpec ?? {}) as { containerSpec?: { user?: unknown } };
      const user = inputs.user ?? containerSpec?.user;
      return user === undefined ? [] : [[name.replace(/-(container|service)$/, ""), user]];
    });
    expect(users).toStrictEqual([["node-exporter", "2:64130"]]);
  });

  it("asks systemd only where it runs", async () => {
    const inputs = await inputsOf("node-exporter-container", { systemd: false });
    expect(inputs.envs).toStrictEqual([]);
    expect(inputs.command).not.toContain("--collector.systemd");
  });
});

describe("cadvisor", () => {
  const target = "/run/containerd/containerd.sock";

  it("gets the socket of Docker's own containerd with the containerd image store, where it knows one", async () => {
    const managed = "/run/docker/containerd/containerd.sock";
    const known = { storageDriver: "overlayfs", containerdSocket: managed };
    const { mounts } = await inputsOf("cadvisor-container", known);
    expect(mounts).toContainEqual({ type: "bind", source: managed, target, readOnly: true });
    const unknown = await inputsOf("cadvisor-container", { ...known, containerdSocket: undefined });
    expect(JSON.stringify(unknown)).not.toContain("containerd");
  });

  it("gets the socket that Docker listens on, where Docker has another one", async () => {
    const { mounts } = await inputsOf("cadvisor-container", { socket: "/srv/docker.sock" });
    const there = { type: "bind", source: "/srv/docker.sock", target: "/var/run/docker.sock", readOnly: true };
    expect(mounts).toContainEqual(there);
  });

  it("gets the usual paths of Docker Desktop's virtual machine, which is not visible from the host", async () => {
    const desktop = { native: false, storageDriver: "overlayfs", containerdSocket: undefined };
    const { volumes, mounts } = await inputsOf("cadvisor-container", desktop);
    expect(mounts).toStrictEqual([]);
    expect(volumes).toContainEqual({ hostPath: target, containerPath: target, readOnly: true });
  });

  it("has no limits that Docker cannot set, which would be read back as none", async () => {
    const limits = async (machine: object): Promise<unknown> => {
      const { memory, memorySwap } = await inputsOf("cadvisor-container", machine);
      return [memory, memorySwap];
    };
    expect(await limits({})).toStrictEqual([256, 256]);
    expect(await limits({ swapLimit: false })).toStrictEqual([256, -1]);
    expect(await limits({ memoryLimit: false, swapLimit: false })).toStrictEqual([undefined, undefined]);
  });
});

describe("Docker with userns-remap", () => {
  it("gives the host's users to those that read its processes or its socket, and to no other", async () => {
    const { registrations } = await buildLab({ machine: { usersRemapped: true } });
    const modes = registrations.flatMap(({ name, inputs }) => (inputs.usernsMode === "host" ? [name] : []));
    expect(modes.sort()).toStrictEqual(["cadvisor-container", "node-exporter-container"]);
    expect(await inputsOf("cadvisor-container", {})).not.toHaveProperty("usernsMode");
  });
});

describe("health check", () => {
  it.each([
    [20, { interval: "3s" }],
    [24, { interval: "3s" }],
    [25, { interval: "30s", startInterval: "1s" }],
    [28, { interval: "30s", startInterval: "1s" }],
  ])("probes Docker %i in intervals it supports", async (dockerMajor, intervals) => {
    expect((await inputsOf("grafana-container", { dockerMajor })).healthcheck).toStrictEqual({
      tests: ["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:3000/api/health"],
      startPeriod: "1m0s",
      timeout: "5s",
      retries: 3,
      ...intervals,
    });
  });
});

describe("setting nodeExporterNetwork to host", () => {
  const settings = { nodeExporterNetwork: "host", nodeExporterPort: "9200" };

  it("puts node_exporter into the host's network, on loopback and the gateway only", async () => {
    const inputs = await inputsOf("node-exporter-container", {}, settings);
    expect(inputs.networkMode).toBe("host");
    for (const absent of ["hostname", "networksAdvanced", "ports"]) {
      expect(inputs).not.toHaveProperty(absent);
    }
    expect(listening(inputs)).toStrictEqual([
      "--web.listen-address=127.0.0.1:9200",
      "--web.listen-address=172.30.90.1:9200",
    ]);
    expect(inputs.healthcheck).toMatchObject({
      tests: ["CMD-SHELL", "nc 127.0.0.1 9200 </lab/health_request | head -n 1 | grep -q ' 200 '"],
    });
  });

  it("listens and is scraped on bindAddress if that is an address of its own", async () => {
    const inputs = await inputsOf("node-exporter-container", {}, { ...settings, bindAddress: "127.0.0.2" });
    expect(listening(inputs)[0]).toBe("--web.listen-address=127.0.0.2:9200");
    expect(inputs.healthcheck).toMatchObject({
      tests: ["CMD-SHELL", "nc 127.0.0.2 9200 </lab/health_request | head -n 1 | grep -q ' 200 '"],
    });
  });

  it("lets Prometheus find it under the same name, at its published port", async () => {
    const inputs = await inputsOf("prometheus-container", {}, settings);
    expect(inputs.hosts).toStrictEqual([
      { host: "host.docker.internal", ip: "172.30.90.1" },
      { host: "node_exporter", ip: "172.30.90.1" },
    ]);
    const { triggers } = await inputsOf("prometheus-config-files", {}, settings);
    const [, upload] = triggers as [string, { content: string }];
    expect(parse(upload.content)).toMatchObject({
      scrape_configs: expect.arrayContaining([
        {
          job_name: "linux_host",
          static_configs: [{ targets: ["node_exporter:9200"], labels: { instance: "node_exporter" } }],
          basic_auth: { username: "admin", password_file: "/lab/web_password" },
        },
      ]) as unknown,
    });
  });
});
