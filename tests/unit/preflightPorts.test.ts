import * as net from "node:net";
import { DockerContainer, Machine } from "../../lib/docker/machine";
import { findProblems } from "../../lib/preflight";
import { findTakenPorts } from "../../lib/preflight/ports";
import { Settings } from "../../lib/settings/settings";
import { LINUX, settingsWith } from "../support/fixtures";
import { FRESH, listed } from "../support/observedLabs";

/** The lab left nothing on the host. */
const { host: NOTHING } = FRESH;
const OURS = { "observability-lab.lab": "observability-lab" };
const PORTS = ["prometheusPort", "grafanaPort", "nodeExporterPort", "cadvisorPort", "pushgatewayPort", "flaskPort"];

let servers: net.Server[] = [];

afterEach(async () => {
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  servers = [];
  delete process.env.PYTHON;
});

function withContainers(...containers: DockerContainer[]): Machine {
  return { ...LINUX, containers };
}

/** A port of loopback that another program holds until the test ends. */
async function holdPort(): Promise<number> {
  const server = net.createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as net.AddressInfo).port;
}

/** Settings whose ports are free, but for those given. */
async function onFreePorts(changes: Record<string, string> = {}): Promise<Settings> {
  const before = servers;
  servers = [];
  const free = await Promise.all(PORTS.map(async (setting) => [setting, String(await holdPort())] as const));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  servers = before;
  return settingsWith({ ...Object.fromEntries(free), ...changes });
}

describe("a port", () => {
  it("held by another program is reported with a free one", async () => {
    const taken = await holdPort();
    const [found, ...more] = await findTakenPorts(await onFreePorts({ grafanaPort: String(taken) }), LINUX, NOTHING);
    expect(more).toStrictEqual([]);
    expect(found).toMatchObject({
      setting: "grafanaPort",
      value: taken,
      problem: "is in use by another program on 127.0.0.1 (EADDRINUSE)",
    });
    const free = Number(/such as (\d+)$/.exec(found?.fix ?? "")?.[1]);
    expect(free).toBeGreaterThan(taken);
  });

  it("below 1024 is left to Docker, which publishes it as root, but not the app's", async () => {
    if (process.geteuid?.() !== 0) {
      return; // CI runs as root; then this user can be another one
    }
    const settings = await onFreePorts({ grafanaPort: "81", flaskPort: "82" });
    process.seteuid?.(65534);
    try {
      expect(await findTakenPorts(settings, LINUX, NOTHING)).toStrictEqual([
        { setting: "flaskPort", value: 82, problem: "is a privileged port", fix: "set a port of 1024 or above" },
      ]);
    } finally {
      process.seteuid?.(0);
    }
  });

  it("of the app is reported if a similar process of another user holds it", async () => {
    const taken = String(await holdPort());
    const settings = await onFreePorts({ flaskPort: taken });
    const [found] = await findTakenPorts(settings, LINUX, { ...NOTHING, foreignApp: 7 });
    expect(found?.problem).toBe(
      "is in use by another program (perhaps process 7, which another user started as this lab's app) on 127.0.0.1 (EADDRINUSE)",
    );
    expect(found?.fix).toMatch(
      /^stop it as that user, such as with sudo if you started the lab with sudo, or set flaskPort/,
    );
  });

  it("held by another container is reported with its name", async () => {
    const taken = await holdPort();
    const machine = withContainers(listed("web", { Ports: [{ IP: "127.0.0.1", PublicPort: taken }] }));
    expect(await findTakenPorts(await onFreePorts({ flaskPort: String(taken) }), machine, NOTHING)).toMatchObject([
      { setting: "flaskPort", problem: "is in use by the container web on 127.0.0.1 (EADDRINUSE)" },
    ]);
  });

  it("held by the lab itself is not a problem", async () => {
    const [published, ofHost, ofCrashed, ofApp, ofPaused] = await Promise.all([1, 2, 3, 4, 5].map(() => holdPort()));
    const machine = withContainers(
      listed("grafana", { Labels: OURS, Ports: [{ IP: "127.0.0.1", PublicPort: published }] }),
      listed("node_exporter", {
        Labels: OURS,
        HostConfig: { NetworkMode: "host" },
        Command: `/bin/node_exporter --web.listen-address=127.0.0.1:${String(ofHost)}`,
      }),
      // the engine holds its port before it lists it
      listed("cadvisor", { Labels: OURS, State: "restarting" }),
      listed("pushgateway", { Labels: OURS, State: "paused", Ports: [{ IP: "127.0.0.1", PublicPort: ofPaused ?? 0 }] }),
    );
    const settings = await onFreePorts({
      grafanaPort: String(published),
      nodeExporterPort: String(ofHost),
      cadvisorPort: String(ofCrashed),
      pushgatewayPort: String(ofPaused),
      flaskPort: String(ofApp),
    });
    expect(await findTakenPorts(settings, machine, { ...NOTHING, appPort: settings.flaskPort })).toStrictEqual([]);
  });

  it("of Alertmanager is checked only with a webhook, and may be held by the lab itself", async () => {
    const taken = await holdPort();
    const changes = { alertmanagerPort: String(taken) };
    expect(await findTakenPorts(await onFreePorts(changes), LINUX, NOTHING)).toStrictEqual([]);
    const settings = await onFreePorts({ ...changes, alertWebhook: "http://127.0.0.1" });
    expect(await findTakenPorts(settings, LINUX, NOTHING)).toMatchObject([
      { setting: "alertmanagerPort", value: taken },
    ]);
    const inHostNetwork = {
      Labels: OURS,
      HostConfig: { NetworkMode: "host" },
      Command: `/bin/alertmanager --web.listen-address=127.0.0.1:${String(taken)} --cluster.listen-address=`,
    };
    const elsewhere = {
      ...inHostNetwork,
      Command: `/bin/alertmanager --web.listen-address=127.0.0.1:${String(taken)}0`,
    };
    expect(await findTakenPorts(settings, withContainers(listed("alertmanager", elsewhere)), NOTHING)).toHaveLength(1);
    const ofLab = withContainers(listed("alertmanager", inHostNetwork));
    expect(await findTakenPorts(settings, ofLab, NOTHING)).toStrictEqual([]);
    const other = withContainers(listed("node_exporter", inHostNetwork));
    expect(await findTakenPorts(settings, other, NOTHING)).toHaveLength(1);
  });

  it("held by another part of the lab is reported with its name, as it is free only after that one's update", async () => {
    const [ofGrafana, ofApp] = await Promise.all([1, 2].map(() => holdPort()));
    const settings = await onFreePorts({ prometheusPort: String(ofGrafana), cadvisorPort: String(ofApp) });
    const grafana = listed("grafana", { Labels: OURS, Ports: [{ IP: "127.0.0.1", PublicPort: ofGrafana ?? 0 }] });
    const problems = await findTakenPorts(settings, withContainers(grafana), { ...NOTHING, appPort: ofApp });
    expect(problems).toMatchObject([
      {
        setting: "prometheusPort",
        problem: "is in use by the lab's own container grafana on 127.0.0.1 (EADDRINUSE)",
        fix: expect.stringMatching(
          /^set prometheusPort to a free port such as \d+, or change only the port of that one, run make up, and then set this one$/,
        ) as unknown,
      },
      { setting: "cadvisorPort", problem: "is in use by the lab's own Flask app on 127.0.0.1 (EADDRINUSE)" },
    ]);
  });

  it("held by a renamed container of the lab is reported with the command that removes it", async () => {
    const taken = await holdPort();
    const renamed = listed("mine", { Labels: OURS, Ports: [{ IP: "127.0.0.1", PublicPort: taken }] });
    const settings = await onFreePorts({ grafanaPort: String(taken) });
    expect(await findTakenPorts(settings, withContainers(renamed), NOTHING)).toMatchObject([
      {
        problem: "is in use by the renamed container mine of this lab on 127.0.0.1 (EADDRINUSE)",
        fix: "remove it with docker rm -f mine; up creates it again under its own name, with its data",
      },
    ]);
  });

  it.each([
    ["127.0.0.1", 0],
    ["0.0.0.0", 0],
    [undefined, 0],
    ["192.0.2.1", 1],
  ])("held by the lab itself on %s gives %d problems on 127.0.0.1", async (address, count) => {
    const taken = await holdPort();
    const port = { PublicPort: taken, ...(address === undefined ? {} : { IP: address }) };
    const machine = withContainers(listed("grafana", { Labels: OURS, Ports: [port] }));
    const problems = await findTakenPorts(await onFreePorts({ grafanaPort: String(taken) }), machine, NOTHING);
    expect(problems).toHaveLength(count);
    expect(problems.every(({ problem }) => problem.startsWith("is in use by another program"))).toBe(true);
  });

  it("held by the lab until it was stopped may be somebody else's now", async () => {
    const taken = await holdPort();
    const stopped = listed("node_exporter", {
      Labels: OURS,
      State: "exited",
      HostConfig: { NetworkMode: "host" },
    });
    const settings = await onFreePorts({ nodeExporterPort: String(taken) });
    expect(await findTakenPorts(settings, withContainers(stopped), NOTHING)).toMatchObject([
      { setting: "nodeExporterPort", value: taken },
    ]);
  });

  it("that is suggested is not used by the lab itself", async () => {
    const taken = await holdPort();
    const settings = await onFreePorts({ grafanaPort: String(taken), flaskPort: String(taken + 1) });
    const problems = await findTakenPorts(settings, LINUX, NOTHING);
    const fix = problems.find(({ setting }) => setting === "grafanaPort")?.fix;
    expect(fix).toMatch(/ such as \d+$/);
    expect(fix).not.toContain(String(taken + 1));
  });

  it("on an address that is not this machine's is a problem of bindAddress", async () => {
    const running = withContainers(listed("grafana", { Labels: OURS, Ports: [{ IP: "127.0.0.1", PublicPort: 3000 }] }));
    const settings = settingsWith({ bindAddress: "192.0.2.1" });
    expect(await findTakenPorts(settings, running, { ...NOTHING, appPort: settings.flaskPort })).toStrictEqual([
      {
        setting: "bindAddress",
        value: "192.0.2.1",
        problem: "is not an address of this machine (EADDRNOTAVAIL)",
        fix: "use 127.0.0.1, or an address that ip addr shows",
      },
    ]);
  });
});

describe("preflight problems", () => {
  it("are all reported at once", async () => {
    process.env.PYTHON = "/nonexistent";
    const settings = await onFreePorts({ nodeExporterNetwork: "host", grafanaPort: String(await holdPort()) });
    const machine = { ...withContainers(listed("grafana")), native: false };
    const problems = await findProblems(settings, machine, NOTHING);
    expect(problems.filter((it) => it.setting !== "subnet").map((it) => [it.setting, it.problem])).toStrictEqual([
      ["PYTHON", "is missing, older than 3.10, or has no venv"],
      ["nodeExporterNetwork", "needs Docker on Linux: Docker Desktop's containers run in a virtual machine"],
      ["namePrefix", "a container named grafana exists and does not belong to this lab"],
      ["grafanaPort", "is in use by another program on 127.0.0.1 (EADDRINUSE)"],
    ]);
  });
});
