import { awaitTasks } from "../../lib/docker/tasks";
import { LabOutputs } from "../../tools/verify/lab";
import { reachedNodes, swarmChecks } from "../../tools/verify/swarm";
import { swarmNode } from "../support/fixtures";
import { Responses, serve, serveDocker, TestServer } from "../support/servers";

const INFO = {
  Driver: "overlay2",
  OperatingSystem: "Debian",
  ServerVersion: "28.2.2",
  Swarm: { LocalNodeState: "active", ControlAvailable: true },
};
const SWARM = { services: ["node_exporter", "cadvisor"] };

let servers: TestServer[] = [];

afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  servers = [];
});

/** A service as a manager lists it with these tasks. */
function service(Name: string, RunningTasks: number, DesiredTasks: number, UpdateStatus?: object): object {
  return { ID: Name, Spec: { Name, Labels: {} }, ServiceStatus: { RunningTasks, DesiredTasks }, UpdateStatus };
}

async function engine(services: readonly object[], more: Responses = {}): Promise<void> {
  const nodes = [
    swarmNode("a"),
    swarmNode("b", { Spec: { Labels: { tier: "web" }, Availability: "active" } }),
    swarmNode("drained", { Spec: { Labels: {}, Availability: "drain" } }),
    swarmNode("paused", { Spec: { Labels: {}, Availability: "pause" } }),
    swarmNode("gone", { Status: { State: "down", Addr: "" } }),
  ];
  servers.push(
    await serveDocker({
      "/info": { body: JSON.stringify(INFO) },
      "/containers/json?all=1": { body: "[]" },
      "/networks": { body: "[]" },
      "/nodes": { body: JSON.stringify(nodes) },
      "/services?status=true": { body: JSON.stringify(services) },
      ...more,
    }),
  );
}

/** What a check says of a lab of which Prometheus has these exporters up, as `job instance`. */
async function ask(check: string, up: readonly string[] = [], swarm: LabOutputs["swarm"] = SWARM): Promise<unknown> {
  const result = up.map((it) => ({ metric: { job: it.split(" ")[0], instance: it.split(" ")[1] }, value: [0, "1"] }));
  const query = encodeURIComponent('up{job=~"linux_host|docker_containers"} == 1');
  const server = await serve({ [`/api/v1/query?query=${query}`]: { body: JSON.stringify({ data: { result } }) } });
  servers.push(server);
  const lab = { prometheusUrl: server.url, swarm } as unknown as LabOutputs;
  return swarmChecks(lab)
    .find(({ name }) => name === check)
    ?.run(lab);
}

describe("the checks of a swarm", () => {
  it("are made in no other lab", async () => {
    expect(swarmChecks({} as LabOutputs)).toStrictEqual([]);
    expect(await reachedNodes({} as LabOutputs)).toStrictEqual([]);
  });

  it("report how many tasks run", async () => {
    await engine([service("node_exporter", 2, 2), service("cadvisor", 2, 2), service("other", 0, 1)]);
    expect(await ask("services")).toBe("running tasks: node_exporter 2 of 2, cadvisor 2 of 2");
  });

  it.each([
    [
      "one task short",
      [service("node_exporter", 1, 2), service("cadvisor", 2, 2)],
      "node_exporter 1 of 2, cadvisor 2 of 2",
    ],
    ["without a service", [service("node_exporter", 2, 2)], "node_exporter 2 of 2, cadvisor 0 of 0"],
  ])("fail %s", async (_, services, expected) => {
    await engine(services);
    await expect(ask("services")).rejects.toThrow(`running tasks: ${expected}`);
  });

  it("fail after an update that Swarm rolled back, though all tasks run", async () => {
    const status = { State: "rollback_completed", Message: "rollback completed" };
    await engine([service("node_exporter", 2, 2), service("cadvisor", 2, 2, status)]);
    await expect(ask("services")).rejects.toThrow(
      "cadvisor: Swarm did not complete its last update (rollback completed)",
    );
  });

  it("require both exporters of every node that is up", async () => {
    await engine([]);
    const up = ["linux_host a", "docker_containers a", "linux_host b"];
    await expect(ask("nodes", up)).rejects.toThrow("not up in Prometheus: docker_containers b");
    expect(await ask("nodes", [...up, "docker_containers b"])).toBe("linux_host and docker_containers of a, b are up");
  });

  it("require them of the nodes with the label only", async () => {
    await engine([]);
    const up = ["linux_host b", "docker_containers b"];
    expect(await ask("nodes", up, { ...SWARM, nodeLabel: "tier=web" })).toBe(
      "linux_host and docker_containers of b are up",
    );
  });
});

describe("waiting for the tasks of a service", () => {
  const TASKS = `/tasks?filters=${encodeURIComponent(JSON.stringify({ service: ["cadvisor"] }))}`;
  const list = (...states: object[]): Responses => ({
    "/services?status=true": states.map((state) => ({ body: JSON.stringify([state]) })),
    [TASKS]: { body: "[]" },
  });
  const declares = (Image: string, status: object): object => {
    const { Spec, ...rest } = service("cadvisor", 2, 2, status) as { Spec: object };
    return { ...rest, Spec: { ...Spec, TaskTemplate: { ContainerSpec: { Image } } } };
  };
  const runs = (Image: string): { body: string } => ({
    body: JSON.stringify([
      { DesiredState: "running", Spec: { ContainerSpec: { Image } }, Status: { State: "running" } },
      { DesiredState: "shutdown", Spec: { ContainerSpec: { Image: "x:0" } }, Status: { State: "running" } },
    ]),
  });

  it("ends once all run and an update is through", async () => {
    await engine(
      [],
      list(
        service("cadvisor", 1, 2),
        service("cadvisor", 2, 2, { State: "updating" }),
        service("cadvisor", 2, 2, { State: "completed" }),
      ),
    );
    await awaitTasks("cadvisor");
    expect(servers[0]?.asked.filter((path) => path.startsWith("/services"))).toHaveLength(3);
  });

  it.each(["completed", "rollback_completed"])(
    "takes no status %s of the update before for that of this one",
    async (before) => {
      const [stale, done] = [declares("x:2", { State: before }), declares("x:2", { State: "completed" })];
      await engine([], { ...list(stale, stale, done), [TASKS]: [runs("x:1"), runs("x:1"), runs("x:2")] });
      await awaitTasks("cadvisor");
      expect(servers[0]?.asked.filter((path) => path.startsWith("/services"))).toHaveLength(3);
    },
  );

  it("does not wait for a task on a paused node, which Swarm leaves as it is", async () => {
    const running = { DesiredState: "running", Status: { State: "running" } };
    const tasks = [
      { ...running, NodeID: "paused", Spec: { ContainerSpec: { Image: "x:1" } } },
      { ...running, NodeID: "a", Spec: { ContainerSpec: { Image: "x:2" } } },
    ];
    await engine([], { ...list(declares("x:2", { State: "completed" })), [TASKS]: { body: JSON.stringify(tasks) } });
    await awaitTasks("cadvisor");
    expect(servers[0]?.asked.filter((path) => path.startsWith("/services"))).toHaveLength(1);
  });

  it("reports why Swarm rolled an update back", async () => {
    const tasks = [
      { NodeID: "b", DesiredState: "shutdown", Status: { State: "rejected", Err: "No such image: x:1" } },
      { NodeID: "a", DesiredState: "running", Status: { State: "running" } },
    ];
    await engine([], {
      ...list(service("cadvisor", 2, 2, { State: "rollback_completed", Message: "rollback completed" })),
      [TASKS]: { body: JSON.stringify(tasks) },
    });
    await expect(awaitTasks("cadvisor")).rejects.toThrow(
      "Swarm rolled back the update of cadvisor (rollback completed): b: No such image: x:1",
    );
  });
});
