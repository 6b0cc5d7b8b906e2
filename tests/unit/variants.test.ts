import { parse } from "yaml";
import { Machine } from "../../components/machine";
import { buildLab } from "./fixtures";
import { resource } from "./mocks";

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

  it("prometheus gets no name for the host: Docker Desktop has its own", async () => {
    expect((await inputsOf("prometheus-container", desktop)).hosts).toStrictEqual([]);
  });

  it("the app listens on loopback only: the gateway is an address of the virtual machine", async () => {
    const { environment, triggers } = await inputsOf("flask-process", desktop);
    expect(environment).toMatchObject({ LISTEN: "127.0.0.1:5000", HEALTH: "127.0.0.1:5000" });
    expect((triggers as string[])[1]).toBe("127.0.0.1:5000");
  });
});

describe("node_exporter", () => {
  it("follows later mounts only where the root is shared", async () => {
    expect((await inputsOf("node-exporter-container", { rootShared: false })).mounts).toStrictEqual([
      { type: "bind", source: "/", target: "/host", readOnly: true },
      { type: "bind", source: "/dev/null", target: "/host/run/docker.sock", readOnly: true },
    ]);
  });

  it("asks systemd only where it runs", async () => {
    const inputs = await inputsOf("node-exporter-container", { systemd: false });
    expect(inputs.envs).toStrictEqual([]);
    expect(inputs.command).not.toContain("--collector.systemd");
  });
});

describe("cadvisor", () => {
  it("gets containerd's socket with the containerd image store", async () => {
    expect((await inputsOf("cadvisor-container", { storageDriver: "overlayfs" })).volumes).toContainEqual({
      hostPath: "/run/containerd/containerd.sock",
      containerPath: "/run/containerd/containerd.sock",
      readOnly: true,
    });
  });
});

describe("health check", () => {
  it.each([
    [20, { interval: "3s" }],
    [24, { interval: "3s" }],
    [25, { interval: "30s", startInterval: "1s" }],
    [28, { interval: "30s", startInterval: "1s" }],
  ])("asks an engine %i in intervals that it knows", async (engineMajor, intervals) => {
    expect((await inputsOf("grafana-container", { engineMajor })).healthcheck).toStrictEqual({
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
      tests: ["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:9200/"],
    });
  });

  it("listens and is asked on bindAddress where that is an address of its own", async () => {
    const inputs = await inputsOf("node-exporter-container", {}, { ...settings, bindAddress: "127.0.0.2" });
    expect(listening(inputs)[0]).toBe("--web.listen-address=127.0.0.2:9200");
    expect(inputs.healthcheck).toMatchObject({
      tests: ["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.2:9200/"],
    });
  });

  it("lets Prometheus find it under the same name, at its published port", async () => {
    const inputs = await inputsOf("prometheus-container", {}, settings);
    expect(inputs.hosts).toStrictEqual([
      { host: "host.docker.internal", ip: "172.30.90.1" },
      { host: "node_exporter", ip: "172.30.90.1" },
    ]);
    const { uploads } = await inputsOf("prometheus-config-carrier", {}, settings);
    const [upload] = uploads as [{ content: string }];
    expect(parse(upload.content)).toMatchObject({
      scrape_configs: expect.arrayContaining([
        {
          job_name: "linux_host",
          static_configs: [{ targets: ["node_exporter:9200"], labels: { instance: "node_exporter" } }],
        },
      ]) as unknown,
    });
  });
});
