import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import * as fc from "fast-check";
import { EngineContainer, Machine } from "../../components/machine";
import {
  findForeignContainers,
  findMissingPython,
  findObstacles,
  findOverlaps,
  findTakenPorts,
} from "../../components/preflight";
import { Settings } from "../../components/settings";
import { LINUX, settingsWith } from "./fixtures";

const DEAD = { generation: 0, alive: false };
const OURS = { "observability-lab.lab": "observability-lab" };
const PORTS = ["prometheusPort", "grafanaPort", "nodeExporterPort", "cadvisorPort", "pushgatewayPort", "flaskPort"];

let folder: string;
let servers: net.Server[] = [];

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-preflight-"));
});

afterEach(async () => {
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  servers = [];
  fs.rmSync(folder, { recursive: true });
  delete process.env.PYTHON;
});

/** A container as the engine lists it, running without ports and labels unless told. */
function container(name: string, more: Partial<EngineContainer> = {}): EngineContainer {
  return {
    Names: [`/${name}`],
    Labels: {},
    State: "running",
    Status: "Up 1 second",
    Ports: [],
    HostConfig: { NetworkMode: "bridge" },
    ...more,
  };
}

function withContainers(...containers: EngineContainer[]): Machine {
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

describe("a container with a name of the lab", () => {
  it("that is somebody else's is refused, never replaced", () => {
    const others = [container("grafana"), container("prometheus", { Labels: { "observability-lab.lab": "other" } })];
    expect(findForeignContainers(settingsWith(), withContainers(...others))).toStrictEqual(
      ["prometheus", "grafana"].map((name) => ({
        setting: "namePrefix",
        value: "",
        problem: `a container named ${name} exists that is not this lab's`,
        fix: `set another namePrefix, or remove it with docker rm -f ${name}`,
      })),
    );
  });

  it("is no fault where it is this lab's, or the prefix differs", () => {
    const mine = withContainers(container("grafana", { Labels: OURS }));
    expect(findForeignContainers(settingsWith(), mine)).toStrictEqual([]);
    expect(
      findForeignContainers(settingsWith({ namePrefix: "b-" }), withContainers(container("grafana"))),
    ).toStrictEqual([]);
  });
});

describe("a port", () => {
  it("that another program holds is told with one that is free", async () => {
    const taken = await holdPort();
    const [fault, ...more] = await findTakenPorts(await onFreePorts({ grafanaPort: String(taken) }), LINUX, DEAD);
    expect(more).toStrictEqual([]);
    expect(fault).toMatchObject({
      setting: "grafanaPort",
      value: taken,
      problem: "is in use by another program on 127.0.0.1 (EADDRINUSE)",
    });
    const free = Number(/such as (\d+)$/.exec(fault?.fix ?? "")?.[1]);
    expect(free).toBeGreaterThan(taken);
  });

  it("that another container holds is told with its name", async () => {
    const taken = await holdPort();
    const machine = withContainers(container("web", { Ports: [{ IP: "127.0.0.1", PublicPort: taken }] }));
    expect(await findTakenPorts(await onFreePorts({ flaskPort: String(taken) }), machine, DEAD)).toMatchObject([
      { setting: "flaskPort", problem: "is in use by the container web on 127.0.0.1 (EADDRINUSE)" },
    ]);
  });

  it("that the lab itself holds is no fault", async () => {
    const [published, ofHost, ofApp] = await Promise.all([holdPort(), holdPort(), holdPort()]);
    const machine = withContainers(
      container("grafana", { Labels: OURS, Ports: [{ IP: "127.0.0.1", PublicPort: published }] }),
      container("node_exporter", { Labels: OURS, HostConfig: { NetworkMode: "host" } }),
    );
    const settings = await onFreePorts({
      grafanaPort: String(published),
      nodeExporterPort: String(ofHost),
      flaskPort: String(ofApp),
    });
    expect(await findTakenPorts(settings, machine, { generation: 0, alive: true })).toStrictEqual([]);
  });

  it("that the lab held until it was stopped may be somebody else's now", async () => {
    const taken = await holdPort();
    const stopped = container("node_exporter", {
      Labels: OURS,
      State: "exited",
      HostConfig: { NetworkMode: "host" },
    });
    const settings = await onFreePorts({ nodeExporterPort: String(taken) });
    expect(await findTakenPorts(settings, withContainers(stopped), DEAD)).toMatchObject([
      { setting: "nodeExporterPort", value: taken },
    ]);
  });

  it("that is suggested is none that the lab uses itself", async () => {
    const taken = await holdPort();
    const settings = await onFreePorts({ grafanaPort: String(taken), flaskPort: String(taken + 1) });
    const faults = await findTakenPorts(settings, LINUX, DEAD);
    const fix = faults.find(({ setting }) => setting === "grafanaPort")?.fix;
    expect(fix).toMatch(/ such as \d+$/);
    expect(fix).not.toContain(String(taken + 1));
  });

  it("on an address that is not this machine's is a fault of bindAddress", async () => {
    const faults = await findTakenPorts(await onFreePorts({ bindAddress: "192.0.2.1" }), LINUX, DEAD);
    expect(new Set(faults.map(({ setting }) => setting))).toStrictEqual(new Set(["bindAddress"]));
  });
});

describe("the subnet", () => {
  const subnet = "172.30.90.0/24";
  const network = (cidr: string, Name = "other"): Machine => ({
    ...LINUX,
    networks: [{ Name, IPAM: { Config: [{ Subnet: cidr }] } }],
  });
  const overlaps = (own: string, other: string): boolean =>
    findOverlaps(settingsWith({ subnet: own }), network(other), {}).length > 0;

  it.each([
    [subnet, true],
    ["172.30.0.0/16", true],
    ["172.30.90.128/25", true],
    ["0.0.0.0/0", true],
    ["172.30.91.0/24", false],
    ["10.0.0.0/8", false],
    ["fd00::/64", false],
  ])("overlaps with %s: %s", (other, expected) => {
    expect(overlaps(subnet, other)).toBe(expected);
  });

  it("overlaps with another one exactly if that overlaps with it", () => {
    const subnets = fc
      .tuple(fc.nat(3), fc.integer({ min: 16, max: 28 }))
      .map(([third, bits]) => `172.30.${String(bits < 24 ? 0 : third)}.0/${String(bits)}`);
    fc.assert(
      fc.property(subnets, subnets, (one, other) => {
        expect(overlaps(one, other)).toBe(overlaps(other, one));
        expect(overlaps(one, one)).toBe(true);
      }),
    );
  });

  it("names who has it", () => {
    expect(findOverlaps(settingsWith(), network("172.30.0.0/16"), {})).toStrictEqual([
      {
        setting: "subnet",
        value: subnet,
        problem: "overlaps with Docker's network other (172.30.0.0/16)",
        fix: "set a private network that nothing else here uses, such as 172.30.91.0/24",
      },
    ]);
  });

  it("may be that of the lab's own network and of its bridge, but of no other link", () => {
    const link = (address: string): os.NetworkInterfaceInfo[] => [
      { address, cidr: `${address}/24`, family: "IPv4", netmask: "255.255.255.0", mac: "", internal: false },
    ];
    const own = network(subnet, "observability-lab");
    expect(findOverlaps(settingsWith(), own, { "br-1": link("172.30.90.1") })).toStrictEqual([]);
    expect(findOverlaps(settingsWith(), LINUX, { tun0: link("172.30.90.7") })).toMatchObject([
      { problem: "overlaps with the interface tun0 (172.30.90.7/24)" },
    ]);
  });
});

describe("Python", () => {
  it("that is missing is told with what to install", async () => {
    expect(await findMissingPython(folder, "/nonexistent")).toStrictEqual([
      {
        setting: "python3",
        value: "/nonexistent",
        problem: "is missing, older than 3.10, or has no venv",
        fix: "install Python with venv (Debian, Ubuntu: apt-get install python3-venv), or set PYTHON to one",
      },
    ]);
  });

  it("is not needed once both environments are made", async () => {
    fs.mkdirSync(path.join(folder, "flask", "venv"), { recursive: true });
    expect(await findMissingPython(folder, "/nonexistent")).toHaveLength(1);
    fs.mkdirSync(path.join(folder, "ansible", "venv"), { recursive: true });
    expect(await findMissingPython(folder, "/nonexistent")).toStrictEqual([]);
  });
});

describe("all obstacles", () => {
  it("are found at once", async () => {
    process.env.PYTHON = "/nonexistent";
    const settings = await onFreePorts({ nodeExporterNetwork: "host", grafanaPort: String(await holdPort()) });
    const machine = { ...withContainers(container("grafana")), native: false };
    const faults = await findObstacles(settings, machine, DEAD, folder);
    expect(faults.filter((it) => it.setting !== "subnet").map((it) => [it.setting, it.problem])).toStrictEqual([
      ["namePrefix", "a container named grafana exists that is not this lab's"],
      ["nodeExporterNetwork", "needs Docker on Linux: Docker Desktop's containers run in a virtual machine"],
      ["grafanaPort", "is in use by another program on 127.0.0.1 (EADDRINUSE)"],
      ["python3", "is missing, older than 3.10, or has no venv"],
    ]);
  });
});
