import { Machine } from "../../lib/docker/machine";
import { Swarm, SwarmService } from "../../lib/docker/swarm";
import { findForeignNetwork } from "../../lib/preflight/names";
import { findOverlaps } from "../../lib/preflight/subnets";
import { findSwarmProblems } from "../../lib/preflight/swarm";
import { parseSettings } from "../../lib/settings/settings";
import { describeProblemAndFix } from "../../lib/shared/problems";
import { DEFAULTS, LINUX, settingsWith, SWARM, swarmNode } from "../support/fixtures";
import { listed, swarmService } from "../support/observedLabs";

const OURS = { "observability-lab.lab": "observability-lab" };
const MINE = { ...OURS, "observability-lab.manager": "workstation" };

/** Problems of a swarm with these differences from one in which the lab runs. */
async function findProblems(
  swarm: Partial<Swarm>,
  settings: Record<string, string> = {},
  connect: (host: string, port: number) => Promise<string | undefined> = () => Promise.resolve(undefined),
): Promise<string[]> {
  const machine: Machine = { ...SWARM, swarm: { ...SWARM.swarm, ...swarm } };
  const problems = await findSwarmProblems(settingsWith({ engine: "swarm", ...settings }), machine, connect);
  return problems.map(describeProblemAndFix);
}

/** A node with another version of the engine. */
function engine(name: string, EngineVersion: string): ReturnType<typeof swarmNode> {
  return swarmNode(name, { Description: { Hostname: name, Engine: { EngineVersion } } });
}

describe("a swarm", () => {
  it("with a manager here and reachable nodes has no problems", async () => {
    expect(await findProblems({})).toStrictEqual([]);
  });

  it("is not checked if the lab watches one machine", async () => {
    expect(await findSwarmProblems(settingsWith(), LINUX)).toStrictEqual([]);
  });

  it.each<[string, Partial<Swarm>, string]>([
    [
      "none",
      { LocalNodeState: "inactive", ControlAvailable: false },
      "Docker is not in a swarm; run docker swarm init",
    ],
    [
      "a worker",
      { ControlAvailable: false },
      "this machine is a worker of its swarm, and only a manager can run services; " +
        "run this on a manager, or make it one with docker node promote there",
    ],
    [
      "a locked one",
      { LocalNodeState: "locked", ControlAvailable: false },
      "the swarm is locked; run docker swarm unlock",
    ],
    [
      "a broken one",
      { LocalNodeState: "error", ControlAvailable: false, Error: "no leader" },
      "the swarm is not usable (error: no leader); read Docker's log",
    ],
  ])("that is %s is reported with one error", async (_, swarm, problem) => {
    expect(await findProblems({ nodes: [], ...swarm })).toStrictEqual([
      `engine = "swarm": ${problem}, or set engine: docker`,
    ]);
  });

  it("without a node that has the label is reported", async () => {
    const nodes = [
      swarmNode("a", { Spec: { Labels: { tier: "db" }, Availability: "active" } }),
      swarmNode("b", {
        Spec: { Labels: { tier: "web" }, Availability: "active" },
        Status: { State: "down", Addr: "" },
      }),
    ];
    expect(await findProblems({ nodes }, { nodeLabel: "tier=web" })).toStrictEqual([
      'nodeLabel = "tier=web": no node with this label is ready and accepts tasks; ' +
        "add it to a node (docker node update --label-add tier=web NODE), or activate one that has it " +
        "(docker node update --availability active NODE)",
    ]);
    expect(await findProblems({ nodes }, { nodeLabel: "tier=db" })).toStrictEqual([]);
  });

  it("without a node that takes tasks is reported", async () => {
    const nodes = ["drain", "pause"].map((it) => swarmNode(it, { Spec: { Labels: {}, Availability: it } }));
    expect(await findProblems({ nodes })).toStrictEqual([
      'engine = "swarm": no node of the swarm is ready and accepts tasks; ' +
        "run docker node update --availability active NODE, or set engine: docker",
    ]);
  });

  it("of several major versions of Docker is reported, unlike several minor ones", async () => {
    expect(await findProblems({ nodes: [engine("a", "28.2.2"), engine("b", "28.5.0")] })).toStrictEqual([]);
    expect(await findProblems({ nodes: [engine("a", "28.2.2"), engine("b", "20.10.24+dfsg1")] })).toStrictEqual([
      'engine = "swarm": its nodes run different major versions of Docker (a 28.2.2, b 20.10.24+dfsg1); ' +
        "upgrade them to one major version, or select nodes of one version with nodeLabel",
    ]);
  });

  it("with two nodes of one name is reported, also if one is paused", async () => {
    const paused = swarmNode("a", { Spec: { Labels: {}, Availability: "pause" } });
    expect(await findProblems({ nodes: [swarmNode("a"), paused] })).toHaveLength(1);
    expect(await findProblems({ nodes: [swarmNode("a"), swarmNode("a"), swarmNode("b")] })).toStrictEqual([
      'engine = "swarm": several nodes have the host name a, so their series would be mixed; ' +
        "give each node a unique host name, or remove nodes that have left with docker node rm",
    ]);
  });

  it("with a firewall between its nodes is reported", async () => {
    const nodes = ["1", "2", "3"].map((it) =>
      swarmNode(`n${it}`, { Status: { State: "ready", Addr: `10.0.0.${it}` } }),
    );
    const asked: string[] = [];
    const problems = await findProblems({ nodes }, {}, (host, port) => {
      asked.push(`${host}:${String(port)}`);
      return Promise.resolve({ "10.0.0.2": "no response", "10.0.0.3": "ECONNREFUSED" }[host]);
    });
    expect(problems).toStrictEqual([
      'engine = "swarm": port 7946 of n2 (10.0.0.2: no response), n3 (10.0.0.3: ECONNREFUSED) is not reachable from this machine; ' +
        "open 7946/tcp, 7946/udp and 4789/udp between the nodes, and IP protocol 50 (ESP) for overlayEncryption",
    ]);
    expect(asked).toStrictEqual(["10.0.0.1:7946", "10.0.0.2:7946", "10.0.0.3:7946"]);
  });

  it("with a foreign service or network of a name of the lab is reported", async () => {
    expect(
      await findProblems({ services: [swarmService("cadvisor"), swarmService("node_exporter", MINE)] }),
    ).toStrictEqual([
      'namePrefix = "": a service named cadvisor exists and does not belong to this lab; ' +
        "set another namePrefix, or remove it with docker service rm cadvisor",
    ]);
    const networks = [{ Id: "1", Name: "observability-lab-overlay", IPAM: { Config: null } }];
    expect(findForeignNetwork(settingsWith(), { ...SWARM, networks })).toMatchObject([
      { problem: "a network named observability-lab-overlay exists and does not belong to this lab" },
    ]);
  });
});

describe("a lab of the same name in the swarm", () => {
  const overlay = (Labels: Readonly<Record<string, string>>): Machine["networks"] => [
    { Id: "1", Name: "observability-lab-overlay", Labels, IPAM: { Config: null } },
  ];
  const problemsOf = async (machine: Partial<Machine>, services: readonly SwarmService[] = []): Promise<string[]> =>
    (
      await findSwarmProblems(
        settingsWith({ engine: "swarm" }),
        { ...SWARM, swarm: { ...SWARM.swarm, services }, ...machine },
        () => Promise.resolve(undefined),
      )
    ).map(describeProblemAndFix);
  const by = (manager: string): Record<string, string> => ({ ...OURS, "observability-lab.manager": manager });
  const taken = 'namePrefix = "": a lab named observability-lab exists in this swarm already, on';

  it("is this one if it names this manager", async () => {
    expect(await problemsOf({ networks: overlay(MINE) }, [swarmService("cadvisor", MINE)])).toStrictEqual([]);
  });

  it("belongs to another manager, which one error names", async () => {
    expect(
      await problemsOf({ networks: overlay(by("worker")) }, [swarmService("cadvisor", by("worker"))]),
    ).toStrictEqual([`${taken} the manager worker (node worker); set another namePrefix, or destroy that lab there`]);
  });

  it("was left by a node that is gone, and can be removed", async () => {
    expect(await problemsOf({ networks: overlay(by("gone")) }, [swarmService("cadvisor", by("gone"))])).toStrictEqual([
      `${taken} the node gone, which has left the swarm; set another namePrefix, or remove the rest of that lab: ` +
        "docker service rm cadvisor; docker network rm observability-lab-overlay",
    ]);
  });

  it("of an earlier version, without a manager's name, is this one if its containers are on the network", async () => {
    const Labels = { ...OURS, "observability-lab.overlay": "1" };
    const networks = overlay(OURS);
    expect(await problemsOf({ networks, containers: [listed("prometheus", { Labels })] })).toStrictEqual([]);
    for (const labels of [OURS, { ...Labels, "observability-lab.lab": "other" }]) {
      expect(await problemsOf({ networks, containers: [listed("prometheus", { Labels: labels })] })).toStrictEqual([
        `${taken} another manager; set another namePrefix, or destroy that lab there, or, if its state is lost, ` +
          "remove its parts: docker network rm observability-lab-overlay",
      ]);
    }
  });
});

describe("the subnet of the overlay network", () => {
  const network = (Name: string): Machine => ({
    ...SWARM,
    networks: [{ Id: Name, Name, IPAM: { Config: [{ Subnet: "10.90.1.0/24" }] } }],
  });

  it("must be free in a swarm, and is not used without one", () => {
    expect(findOverlaps(settingsWith({ engine: "swarm" }), network("other"), {})).toMatchObject([
      {
        setting: "overlaySubnet",
        value: "10.90.0.0/20",
        problem: "overlaps with Docker's network other (10.90.1.0/24)",
      },
    ]);
    expect(findOverlaps(settingsWith({ engine: "swarm" }), network("observability-lab-overlay"), {})).toStrictEqual([]);
    expect(findOverlaps(settingsWith(), network("other"), {})).toStrictEqual([]);
  });
});

describe("settings of a swarm", () => {
  const problems = (changes: Record<string, string>): string[] =>
    parseSettings({ values: { ...DEFAULTS, ...changes }, secrets: new Set() }).problems.map(describeProblemAndFix);

  it("exclude node_exporter in the hosts' network, and overlapping networks", () => {
    expect(problems({ engine: "swarm", nodeExporterNetwork: "host", overlaySubnet: "172.30.0.0/16" })).toStrictEqual([
      'nodeExporterNetwork = "host": must be lab in a swarm: Prometheus cannot reach a service in the hosts\' ' +
        "network; set lab, or set engine: docker",
      'overlaySubnet = "172.30.0.0/16": overlaps with subnet (172.30.90.0/24); give each a network of its own',
    ]);
    expect(problems({ nodeExporterNetwork: "host", overlaySubnet: "172.30.0.0/16" })).toStrictEqual([]);
  });

  it.each<[Record<string, string>, string]>([
    [{ engine: "kubernetes" }, 'engine = "kubernetes": must be docker or swarm; set one of these'],
    [
      { nodeLabel: "web" },
      'nodeLabel = "web": is not a label; write it as name=value, or leave it empty for every node',
    ],
    [
      { engine: "swarm", extraScrapeServices: '[{"job": "a", "service": "no name", "port": 1}]' },
      'extraScrapeServices[0] = {"job":"a","service":"no name","port":1}: needs the name of a service; ' +
        "take it from docker service ls",
    ],
    [
      { engine: "swarm", extraScrapeServices: '[{"job": "a", "service": "s", "port": 65536}]' },
      'extraScrapeServices[0] = {"job":"a","service":"s","port":65536}: needs a port from 1 to 65535; ' +
        "set the port that serves its metrics",
    ],
    [
      {
        engine: "swarm",
        extraScrapeTargets: '[{"job": "a", "targets": ["a:1"]}]',
        extraScrapeServices: '[{"job": "a", "service": "s", "port": 1}]',
      },
      'extraScrapeServices[0] = {"job":"a","service":"s","port":1}: uses the job a, which another entry or the lab has; give the entry its own job',
    ],
    [
      { extraScrapeServices: '[{"job": "a", "service": "s", "port": 1}]' },
      'extraScrapeServices = [{"job":"a","service":"s","port":1}]: requires engine: swarm, but engine is docker; ' +
        "set engine: swarm, or remove it; for other targets use extraScrapeTargets",
    ],
  ])("with the value %j are reported", (changes, message) => {
    expect(problems(changes)).toStrictEqual([message]);
  });
});
