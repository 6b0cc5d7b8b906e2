import { inspect } from "node:util";
import { Machines } from "../support/machines";
import { MANAGER, secondsUntil, SwarmLab } from "../support/swarmLab";

/** A manager besides the one that the lab is brought up on. */
const OTHER = 2;
const SECRET = "stand-in-for-a-password";
/** A service of somebody else's, which the lab is not asked to watch. */
const FOREIGN = "a-foreign-service";

/** What a program of a lab in a swarm of three must not get at, and what another manager must not. */
export function swarmAttacks(
  given: () => { readonly machines: Machines; readonly lab: SwarmLab },
  images: readonly string[],
): void {
  /** What the socket that Prometheus has says: a status and a body. */
  const ask = (path: string, method = "GET"): readonly [string, string] => {
    const { machines, lab } = given();
    const socket = `/var/lib/docker/volumes/${lab.name}-swarm_discovery/_data/docker.sock`;
    const { output } = machines.run(MANAGER, [
      ...["curl", "--silent", "--unix-socket", socket, "--request", method, "--path-as-is"],
      ...["--write-out", "%{http_code}", `http://engine${path}`],
    ]);
    return [output.slice(-3), output.slice(0, -3)];
  };
  /** What there is of the lab in the swarm, down to the ids of its tasks. */
  const parts = (): string => {
    const { machines, lab } = given();
    return [
      ["service", "ls", "--quiet"],
      ["service", "ps", "--quiet", `${lab.prefix}node_exporter`, `${lab.prefix}cadvisor`],
      ["network", "ls", "--no-trunc", "--quiet", "--filter", `name=${lab.name}-overlay`],
    ]
      .map((command) =>
        machines
          .docker(MANAGER, ...command)
          .split("\n")
          .sort()
          .join(),
      )
      .join(" ");
  };

  it("shows Prometheus nothing of the engine but what its discovery reads", () => {
    const filters = (services: object): string =>
      `filters=${encodeURIComponent(JSON.stringify({ service: services }))}`;
    const own = filters({ [`${given().lab.prefix}cadvisor`]: true });
    expect(ask(`/v1.41/tasks?${own}`)[0]).toBe("200");
    for (const [method, path] of [
      ["GET", "/v1.41/containers/json"],
      ["GET", "/v1.41/tasks/../containers/json"],
      ["GET", "/secrets"],
      ["GET", "/v1.41/tasks"],
      ["GET", `/v1.41/tasks?${filters({ [FOREIGN]: true })}`],
      ["POST", "/services/create"],
      ["DELETE", "/networks"],
    ] as const) {
      expect([method, path, ask(path, method)[0]]).toEqual([method, path, "403"]);
    }
  });

  it("shows Prometheus no environment of a service that it does not watch", () => {
    const { machines, lab } = given();
    const [image = ""] = lab.images("nodeExporterImage");
    const options = ["--detach", "--no-resolve-image", "--name", FOREIGN, "--env", `PASSWORD=${SECRET}`];
    machines.docker(MANAGER, "service", "create", ...options, image, "--web.listen-address=127.0.0.1:1234");
    try {
      expect(machines.docker(MANAGER, "service", "inspect", FOREIGN)).toContain(SECRET);
      const all = encodeURIComponent("{}");
      const own = encodeURIComponent(JSON.stringify({ service: { [`${lab.prefix}cadvisor`]: true } }));
      for (const path of [
        "/services",
        `/v1.41/services?filters=${all}`,
        `/v1.41/services?filters=${encodeURIComponent(JSON.stringify({ name: [FOREIGN] }))}`,
        `/v1.41/tasks?filters=${all}&filters=${own}`,
        `/v1.41/tasks?filters=${own}&filters=${all}`,
      ]) {
        const [status, body] = ask(path);
        expect([path, status]).toEqual([path, "200"]);
        expect(body).toContain(lab.prefix);
        expect(inspect(JSON.parse(body), { depth: null })).not.toContain(SECRET);
      }
    } finally {
      machines.docker(MANAGER, "service", "rm", FOREIGN);
    }
  });

  it("lets node_exporter read no other program's files, and nothing of a node's /run", () => {
    const { machines, lab } = given();
    const task = machines.docker(MANAGER, "ps", "--quiet", "--filter", `name=${lab.prefix}node_exporter`);
    const pid = machines.docker(MANAGER, "inspect", "--format", "{{.State.Pid}}", `${lab.prefix}prometheus`);
    const attack = (...command: string[]): string =>
      machines.run(MANAGER, ["docker", "exec", task, ...command]).output.trim();
    expect(attack("cat", `/host/proc/${pid}/root/lab/prometheus.yml`)).toContain("Permission denied");
    expect(attack("cat", `/host/proc/${pid}/environ`)).toContain("Permission denied");
    expect(attack("find", "/host/run")).toBe("/host/run");
    expect(attack("touch", "/host/run/written")).toContain("Read-only file system");
  });

  it("refuses another manager the same name, and neither its up nor its destroy touches this lab", async () => {
    const { machines, lab } = given();
    machines.docker(MANAGER, "node", "promote", machines.name(OTHER));
    machines.load(OTHER, lab.images(...images));
    const other = new SwarmLab(machines, OTHER);
    const [before, there] = [parts(), machines.leftovers(OTHER)];

    other.prepare({ overlayEncryption: false, engine: "swarm" });
    const node = machines.docker(MANAGER, "info", "--format", "{{.Swarm.NodeID}}");
    const refused = other.up();
    expect(refused.ok).toBe(false);
    expect(refused.output).toContain(
      `a lab named ${lab.name} exists in this swarm already, on the manager ${machines.name(MANAGER)} (node ${node}); ` +
        "set another namePrefix, or destroy that lab there",
    );
    expect([parts(), machines.leftovers(OTHER)]).toEqual([before, there]);

    other.configure({ engine: "docker" });
    other.apply();
    const { ok, output } = other.destroy();
    expect(ok ? "" : output).toBe("");
    expect([parts(), machines.leftovers(OTHER)]).toEqual([before, there]);
    machines.docker(MANAGER, "node", "demote", machines.name(OTHER));
    expect(lab.preview()).toMatch(/Resources:\n\s+\d+ unchanged/);
    await secondsUntil(() => lab.watches(1, 2, 3));
  });
}
