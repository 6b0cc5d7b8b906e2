import * as fc from "fast-check";
import * as os from "node:os";
import { DockerContainer, Machine } from "../../lib/docker/machine";
import { findMissingPython } from "../../lib/preflight/host";
import { findForeignContainers, findForeignNetwork } from "../../lib/preflight/names";
import { findOverlaps } from "../../lib/preflight/subnets";
import { LINUX, settingsWith } from "../support/fixtures";
import { FRESH, listed } from "../support/observedLabs";

/** The lab left nothing on the host. */
const { host: NOTHING } = FRESH;
const OURS = { "observability-lab.lab": "observability-lab" };

function withContainers(...containers: DockerContainer[]): Machine {
  return { ...LINUX, containers };
}

describe("a container with a name of the lab", () => {
  it("of somebody else is rejected, never replaced", () => {
    const others = [
      listed("grafana"),
      listed("prometheus", { Labels: { "observability-lab.lab": "other" } }),
      listed("grafana-config"),
      listed("cadvisor-config"),
    ];
    expect(findForeignContainers(settingsWith(), withContainers(...others))).toStrictEqual(
      ["prometheus", "grafana"].map((name) => ({
        setting: "namePrefix",
        value: "",
        problem: `a container named ${name} exists and does not belong to this lab`,
        fix: `set another namePrefix, or remove it with docker rm -f ${name}`,
      })),
    );
  });

  it("named alertmanager belongs to the lab only if there is a webhook", () => {
    const machine = withContainers(listed("alertmanager"));
    expect(findForeignContainers(settingsWith(), machine)).toStrictEqual([]);
    expect(findForeignContainers(settingsWith({ alertWebhook: "https://example.org" }), machine)).toMatchObject([
      { problem: "a container named alertmanager exists and does not belong to this lab" },
    ]);
  });

  it("is not a problem if it belongs to this lab, or the prefix differs", () => {
    const mine = withContainers(listed("grafana", { Labels: OURS }));
    expect(findForeignContainers(settingsWith(), mine)).toStrictEqual([]);
    expect(findForeignContainers(settingsWith({ namePrefix: "b-" }), withContainers(listed("grafana")))).toStrictEqual(
      [],
    );
  });
});

describe("a network with the lab's name", () => {
  const network = (Name: string, Labels: Record<string, string> | null): Machine => ({
    ...LINUX,
    networks: [{ Id: "1", Name, Labels, IPAM: { Config: null } }],
  });

  it.each<Record<string, string> | null>([null, {}, { "observability-lab.lab": "other" }])(
    "and the labels %j is rejected, never replaced",
    (labels) => {
      expect(findForeignNetwork(settingsWith(), network("observability-lab", labels))).toStrictEqual([
        {
          setting: "namePrefix",
          value: "",
          problem: "a network named observability-lab exists and does not belong to this lab",
          fix: "set another namePrefix, or remove it with docker network rm observability-lab",
        },
      ]);
    },
  );

  it("is not a problem if it belongs to this lab, or the prefix differs", () => {
    expect(findForeignNetwork(settingsWith(), network("observability-lab", OURS))).toStrictEqual([]);
    expect(findForeignNetwork(settingsWith({ namePrefix: "b-" }), network("observability-lab", null))).toStrictEqual(
      [],
    );
  });
});

describe("the subnet", () => {
  const subnet = "172.30.90.0/24";
  const network = (Subnet: string, Name = "other", Gateway = Subnet.replace("0/24", "1")): Machine => ({
    ...LINUX,
    networks: [{ Id: Name, Name, IPAM: { Config: [{ Subnet, Gateway }] } }],
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

  it("is reported with the owner of the other one", () => {
    expect(findOverlaps(settingsWith(), network("172.30.90.0/24"), {})).toStrictEqual([
      {
        setting: "subnet",
        value: subnet,
        problem: "overlaps with Docker's network other (172.30.90.0/24)",
        fix: "set a private network that nothing else here uses, such as 172.30.91.0/24",
      },
    ]);
  });

  it.each([
    ["172.30.0.0/16", ", such as 10.130.91.0/24"],
    ["0.0.0.0/0", ""],
  ])("that overlaps with %s is not to be changed to one that does, too", (other, suggestion) => {
    const fix = `set a private network that nothing else here uses${suggestion}`;
    expect(findOverlaps(settingsWith(), network(other), {})).toMatchObject([{ fix }]);
  });

  it("may be that of the lab's own network and of its bridge, but of no other link", () => {
    const link = (address: string): os.NetworkInterfaceInfo[] => [
      { address, cidr: `${address}/24`, family: "IPv4", netmask: "255.255.255.0", mac: "", internal: false },
    ];
    const own = network(subnet, "observability-lab");
    expect(findOverlaps(settingsWith(), own, { "br-1": link("172.30.90.1") })).toStrictEqual([]);
    const wider = settingsWith({ subnet: "172.30.0.0/16" });
    expect(findOverlaps(wider, own, { "br-1": link("172.30.90.1") })).toStrictEqual([]);
    for (const [name, address] of Object.entries({ tun0: "172.30.90.7", virbr0: "172.30.90.1" })) {
      expect(findOverlaps(settingsWith(), LINUX, { [name]: link(address) })).toMatchObject([
        { problem: `overlaps with the interface ${name} (${address}/24)` },
      ]);
    }
  });
});

describe("Python", () => {
  it("is reported with the packages to install if missing", async () => {
    expect(await findMissingPython(NOTHING, "/nonexistent")).toStrictEqual([
      {
        setting: "PYTHON",
        value: "/nonexistent",
        problem: "is missing, older than 3.10, or has no venv",
        fix: "install Python with venv (Debian, Ubuntu: apt-get install python3-venv), or set PYTHON to one",
      },
    ]);
  });

  it("is not needed once both environments exist", async () => {
    const { environments } = NOTHING;
    const one = { ...NOTHING, environments: { ...environments, flask: undefined } };
    expect(await findMissingPython(one, "/nonexistent")).toHaveLength(1);
    const both = { ...NOTHING, environments: { flask: undefined, ansible: undefined } };
    expect(await findMissingPython(both, "/nonexistent")).toStrictEqual([]);
  });
});
