import { setTimeout } from "node:timers/promises";
import { docker } from "../support/harness";
import { impossible, Machines } from "../support/machines";
import { MANAGER, secondsUntil, SwarmLab } from "../support/swarmLab";
import { swarmAttacks } from "./attacks";
import { pausedNode } from "./paused";

jest.setTimeout(600_000);

const SCRAPE_SECONDS = 5;
const ON_NODES = ["nodeExporterImage", "cadvisorImage"];
const ON_MANAGER = ["prometheusImage", "grafanaImage", "pushgatewayImage", "swarmDiscoveryImage"];
/** The same program under another tag: what a new version is to Swarm. */
const NEXT = "observability-lab/node-exporter:next";

const reason = impossible();
if (reason !== undefined) {
  console.log(`no swarm is tested: ${reason}`);
}

let machines: Machines;
let lab: SwarmLab;

/** Gives a machine the images that run on every node. */
function start(node: number, more: readonly string[] = []): void {
  machines.start(node, lab.images(...ON_NODES, ...more));
  machines.docker(node, "tag", lab.images("nodeExporterImage")[0] ?? "", NEXT);
}

(reason === undefined ? describe : describe.skip)("a lab on several machines", () => {
  beforeAll(() => {
    machines = new Machines();
    lab = new SwarmLab(machines);
    for (const image of lab.images(...ON_NODES, ...ON_MANAGER)) {
      try {
        docker("image", "inspect", image);
      } catch {
        docker("pull", image);
      }
    }
    start(MANAGER, ON_MANAGER);
    [2, 3].forEach((node) => {
      start(node);
    });
    // encrypted packets do not get through where the kernel has no IPsec for a namespace, as on many virtual machines
    lab.prepare({ overlayEncryption: false });
  });

  afterAll(() => {
    lab.destroy();
    machines.remove();
  });

  it("without a swarm reports the remedy, and changes nothing", () => {
    lab.configure({ engine: "swarm" });
    expect(lab.up().output).toContain(
      'engine = "swarm": Docker is not in a swarm; run docker swarm init, or set engine: docker',
    );
    expect(machines.leftovers(MANAGER)).toEqual([]);
  });

  it("begins with one machine", () => {
    lab.configure({ engine: "docker" });
    lab.apply();
    expect(lab.verify().failed).toEqual([]);
  });

  it("moves to a swarm of three with its data", async () => {
    machines.init(MANAGER);
    [2, 3].forEach((node) => {
      machines.join(node, MANAGER);
    });
    const before = lab.query("min_over_time(timestamp(up{job='prometheus'})[1h:])");
    const dashboard = JSON.stringify({ dashboard: { uid: "somebodys", title: "Somebody's" }, folderUid: "" });
    const [url, user] = ["http://127.0.0.1:3000/api/dashboards", `admin:${lab.password()}`];
    lab.ask(`${url}/db`, "--user", user, "--header", "content-type: application/json", "--data", dashboard);

    lab.configure({ engine: "swarm" });
    lab.apply();
    await secondsUntil(() => lab.watches(1, 2, 3));
    const { seen, failed } = lab.verify();
    expect(failed).toEqual([]);
    expect(seen.services).toBe("running tasks: swarm-node_exporter 3 of 3, swarm-cadvisor 3 of 3");
    for (const node of [1, 2, 3]) {
      expect(seen.nodes).toContain(machines.name(node));
    }

    const [first, kept] = [before, lab.query("min_over_time(timestamp(up{job='prometheus'})[1h:])")].map((samples) =>
      Number(samples[0]?.value[1]),
    ) as [number, number];
    expect(Math.abs(kept - first)).toBeLessThan(60);
    const found = lab.ask(`${url}/uid/somebodys`, "--user", user);
    expect(found).toMatchObject({ dashboard: { title: "Somebody's" } });
  });

  it("is not changed by a second up, nor by a refresh", () => {
    expect(lab.preview()).toMatch(/Resources:\n\s+\d+ unchanged/);
    expect(lab.preview("--refresh")).toMatch(/Resources:\n\s+\d+ unchanged/);
  });

  it("names every series of an exporter by its node, and sees a host's processes and not a container's", () => {
    // alerts outlive by minutes the series that they were of
    const series = '{__name__!~"ALERTS.*", job=~"linux_host|docker_containers"}[10s]';
    const named = lab.query(`count by (instance) (last_over_time(${series}))`);
    expect(named.map(({ metric }) => metric.instance).sort()).toEqual([1, 2, 3].map((it) => machines.name(it)));
    const nodes = lab
      .query("last_over_time(node_uname_info[10s])")
      .map(({ metric }) => [metric.nodename, metric.instance]);
    expect(nodes.every(([nodename, instance]) => nodename === instance)).toBe(true);
    expect(
      Number(lab.query("min(sum by (instance) (last_over_time(node_processes_state[10s])))")[0]?.value[1]),
    ).toBeGreaterThan(20);
  });

  swarmAttacks(() => ({ machines, lab }), [...ON_NODES, ...ON_MANAGER]);

  it("watches a node that joins, without an up", async () => {
    start(4);
    machines.join(4, MANAGER);
    const seconds = await secondsUntil(() => lab.watches(1, 2, 3, 4));
    console.log(`a node that joined was watched after ${seconds.toFixed(1)} s`);
  });

  it("watches each task of a service that is listed, by its node", async () => {
    // with metrics of itself alone, so that no dashboard takes it for a machine
    const image = ["--no-resolve-image", ...lab.images("nodeExporterImage"), "--collector.disable-defaults"];
    const network = ["--network", `${lab.name}-overlay`];
    machines.docker(
      MANAGER,
      "service",
      "create",
      "--detach",
      "--name",
      "further",
      "--mode",
      "global",
      ...network,
      ...image,
    );
    lab.configure({ extraScrapeServices: [{ job: "further", service: "further", port: 9100 }] });
    lab.apply();
    const nodes = (): string =>
      lab
        .query('up{job="further"} == 1')
        .map(({ metric }) => metric.node)
        .sort()
        .join();
    await secondsUntil(() => nodes() === [1, 2, 3, 4].map((node) => machines.name(node)).join());
    machines.docker(MANAGER, "service", "rm", "further");
    lab.configure({ extraScrapeServices: [] });
  });

  it("watches the nodes with a label alone, and not one that is drained", async () => {
    lab.configure({ nodeLabel: "tier=web" });
    expect(lab.preview()).toContain('nodeLabel = "tier=web": no node with this label is ready and accepts tasks');
    for (const node of [2, 3]) {
      machines.docker(MANAGER, "node", "update", "--label-add", "tier=web", machines.name(node));
    }
    machines.docker(MANAGER, "node", "update", "--availability", "drain", machines.name(3));
    lab.apply();
    await secondsUntil(() => lab.watches(2));
    expect(lab.verify().failed).toEqual([]);
    machines.docker(MANAGER, "node", "update", "--availability", "active", machines.name(3));
    lab.configure({ nodeLabel: "" });
    lab.apply();
    await secondsUntil(() => lab.watches(1, 2, 3, 4));
  });

  it("says on a worker that only a manager can, and which node's port is closed, before anything is changed", () => {
    expect(lab.previewOn(2)).toContain(
      'engine = "swarm": this machine is a worker of its swarm, and only a manager can run services',
    );
    const rule = ["INPUT", "--protocol", "tcp", "--dport", "7946", "--jump", "DROP"];
    machines.run(2, ["iptables", "--insert", ...rule]);
    const output = lab.preview();
    machines.run(2, ["iptables", "--delete", ...rule]);
    expect(output).toMatch(
      new RegExp(`port 7946 of ${machines.name(2)} .*: no response.* is not reachable from this machine`),
    );
  });

  it("fires an alert for a node that dies, and ends it once that is back", async () => {
    const firing = (): number =>
      lab.query(`ALERTS{alertname="TargetDown", alertstate="firing", instance="${machines.name(3)}"}`).length;
    machines.crash(3);
    const fired = await secondsUntil(() => firing() === 2);
    machines.start(3);
    const resolved = await secondsUntil(() => lab.watches(1, 2, 3, 4) && firing() === 0);
    console.log(
      `the alert of a dead node fired after ${fired.toFixed(0)} s, and was over ${resolved.toFixed(0)} s after`,
    );
    expect(lab.preview()).toMatch(/Resources:\n\s+\d+ unchanged/);
  });

  it("updates node_exporter from node to node, and misses no more than two scrapes", async () => {
    lab.configure({ nodeExporterImage: NEXT });
    const begin = Date.now();
    lab.apply();
    await setTimeout(20_000);
    const window = `${String(Math.ceil((Date.now() - begin) / 1000) + 20)}s`;
    const gaps = lab.queryRange(`node_load1[${window}]`).map(({ metric, values }) => ({
      node: metric.instance,
      gap: Math.max(...values.slice(1).map(([time], index) => time - (values[index]?.[0] ?? time))),
    }));
    console.log(`longest times between two scrapes during the update: ${JSON.stringify(gaps)}`);
    expect(gaps).toHaveLength(4);
    for (const { gap } of gaps) {
      // two that are missing lie between three intervals
      expect(gap).toBeLessThan(3 * SCRAPE_SECONDS + 1);
    }
    expect(machines.docker(2, "ps", "--format", "{{.Image}}")).toContain(NEXT);
  });

  pausedNode(() => ({ machines, lab }));

  it("reports an update that cannot run, which Swarm rolls back, with the reason", () => {
    lab.configure({ nodeExporterImage: "observability-lab/node-exporter:absent" });
    const takenBack = /Swarm rolled back the update of swarm-node_exporter.*No such image/s;
    expect(lab.up().output).toMatch(takenBack);
    // it was not recorded as done, though every node has a task
    expect(lab.up().output).toMatch(takenBack);
    expect(lab.verify().failed).toEqual([
      expect.stringMatching(/^services: swarm-node_exporter: Swarm did not complete its last update/),
    ]);
    lab.configure({ nodeExporterImage: NEXT });
    lab.apply();
    expect(lab.preview()).toMatch(/Resources:\n\s+\d+ unchanged/);
    expect(lab.verify().failed).toEqual([]);
  });

  it("repairs a service that was removed by hand", async () => {
    machines.docker(MANAGER, "service", "rm", "swarm-cadvisor");
    lab.apply();
    await secondsUntil(() => lab.watches(1, 2, 3, 4));
    expect(lab.preview()).toMatch(/Resources:\n\s+\d+ unchanged/);
  });

  it("moves back to one machine with its data, and leaves nothing on the others", async () => {
    lab.configure({ engine: "docker" });
    lab.apply();
    expect(lab.verify().failed).toEqual([]);
    const kept = lab.query(`count(last_over_time(node_load1{instance="${machines.name(2)}"}[10m]))`);
    expect(kept[0]?.value[1]).toBe("1");
    await secondsUntil(() => [2, 3, 4].every((node) => machines.leftovers(node).length === 0));
  });

  it("leaves nothing on any machine when it is destroyed", async () => {
    lab.configure({ engine: "swarm" });
    lab.apply();
    const { ok, output } = lab.destroy();
    expect(ok ? "" : output).toBe("");
    await secondsUntil(() => [1, 2, 3, 4].every((node) => machines.leftovers(node).length === 0));
  });
});
