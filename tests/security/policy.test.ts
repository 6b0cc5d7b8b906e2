import { Secret } from "@pulumi/policy";
import { buildLab, LINUX, SWARM } from "../support/fixtures";
import { resource } from "../support/mocks";
import { type Shown, shown, subject, violations } from "../support/policies";

const SOCKETS = ["/run/containerd/containerd.sock", "/run/docker.sock"];

/** Names of the violated policies. */
async function broken(it: Shown): Promise<readonly string[]> {
  const messages = await violations(it, { sockets: SOCKETS });
  return [...new Set(messages.map((message) => message.split(":")[0] ?? ""))];
}

/** A resource of a real lab, as the engine shows it. */
async function shownOf(name: string, swarm = false): Promise<Shown> {
  const fixture = swarm
    ? { settings: { engine: "swarm" }, machine: SWARM }
    : { machine: { ...LINUX, sockets: SOCKETS } };
  const { registrations } = await buildLab(fixture);
  return shown(resource(registrations, name), registrations);
}

function changed(it: Shown, changes: object): Shown {
  return { ...it, props: { ...it.props, ...changes } };
}

const bind = (source: string, target: string, readOnly = true): object => ({ type: "bind", source, target, readOnly });
const COVERS = [{ type: "tmpfs", target: "/host/run" }];

describe("a container that would be a way into the machine", () => {
  let container: Shown;
  let nodeExporter: Shown;
  let cadvisor: Shown;

  beforeAll(async () => {
    container = await shownOf("grafana-container");
    nodeExporter = await shownOf("node-exporter-container");
    cadvisor = await shownOf("cadvisor-container");
    for (const it of [container, nodeExporter, cadvisor]) {
      expect(await broken(it)).toEqual([]);
    }
  });

  it.each<[string, object, string]>([
    ["/ writable, its sockets covered", { mounts: [bind("/", "/host", false), ...COVERS] }, "mounts-allowed"],
    ["/ read-only", { mounts: [bind("/", "/host"), ...COVERS] }, "mounts-allowed"],
    ["/etc writable", { mounts: [bind("/etc", "/etc-of-host", false)] }, "mounts-allowed"],
    ["/etc as a volume", { volumes: [{ hostPath: "/etc", containerPath: "/x" }] }, "mounts-allowed"],
    ["/etc as the name of a volume", { volumes: [{ volumeName: "/etc", containerPath: "/x" }] }, "mounts-allowed"],
    ["/proc/1/root/run", { mounts: [bind("/proc/1/root/run", "/x")] }, "mounts-allowed"],
    [
      "a volume that is /run",
      {
        mounts: [
          {
            type: "volume",
            source: "observability-lab-grafana",
            target: "/var/lib/grafana",
            volumeOptions: { driverName: "local", driverOptions: { type: "none", o: "bind", device: "/run" } },
          },
        ],
      },
      "mounts-allowed",
    ],
    ["another container's volumes", { volumes: [{ fromContainer: "cadvisor" }] }, "mounts-allowed"],
    ["devices", { devices: [{ hostPath: "/dev/sda" }] }, "resources-known"],
    ["device requests", { deviceRequests: [{ driver: "nvidia", count: -1 }] }, "resources-known"],
    ["another runtime", { runtime: "insecure" }, "resources-known"],
    ["sysctls", { sysctls: { "kernel.core_pattern": "|/x" } }, "resources-known"],
    ["root's group", { groupAdds: ["0"] }, "resources-known"],
    ["root", { user: "0:0" }, "resources-known"],
    ["another network", { networksAdvanced: [{ name: "host" }] }, "resources-known"],
    ["a log that leaves the machine", { logDriver: "syslog", logOpts: { "max-size": "1m" } }, "resources-known"],
    ...["SYS_MODULE", "CAP_SYS_RAWIO", "BPF", "SYS_PTRACE", "ALL", "DAC_READ_SEARCH"].map(
      (it): [string, object, string] => [it, { capabilities: { drops: ["ALL"], adds: [it] } }, "nothing-privileged"],
    ),
    ["Docker's default capabilities", { capabilities: {} }, "nothing-privileged"],
    ...["seccomp=unconfined", "seccomp:unconfined", "apparmor=unconfined", "systempaths=unconfined"].map(
      (it): [string, object, string] => [it, { securityOpts: ["no-new-privileges:true", it] }, "nothing-privileged"],
    ),
    ["privileged", { privileged: true }, "nothing-privileged"],
    ["the host's users", { usernsMode: "host" }, "nothing-privileged"],
    ["the host's memory", { ipcMode: "host" }, "nothing-privileged"],
    ["the host's processes", { pidMode: "host" }, "nothing-privileged"],
    ["the host's network", { networkMode: "host" }, "nothing-privileged"],
    ["a writable root file system", { readOnly: false }, "nothing-privileged"],
    ["another program", { entrypoints: ["sh", "-c", "id"] }, "resources-known"],
    ["other arguments", { command: ["sh"] }, "commands-allowed"],
    ["a secret with an innocent name", { envs: ["GREETING=hunter2"] }, "secrets-hidden"],
    ["a secret with a known name", { envs: ["GF_LOG_LEVEL=hunter2"] }, "secrets-hidden"],
    [
      "a secret in a label that the lab has",
      { labels: [{ label: "observability-lab.reason", value: new Secret("hunter2") }] },
      "secrets-hidden",
    ],
    ["a secret in a label", { labels: [{ label: "greeting", value: "hunter2" }] }, "resources-known"],
    ["a secret in its command", { command: ["--greeting=hunter2"] }, "commands-allowed"],
    ["a secret in its health check", { healthcheck: { tests: ["CMD", new Secret("hunter2")] } }, "secrets-hidden"],
  ])("is refused: %s", async (_, changes, policy) => {
    expect(await broken(changed(container, changes))).toContain(policy);
  });

  it.each<[string, object, string]>([
    ["CAP_SYS_PTRACE", { capabilities: { drops: ["ALL"], adds: ["CAP_SYS_PTRACE"] } }, "nothing-privileged"],
    ["a writable root", { mounts: [bind("/", "/host", false), ...COVERS] }, "mounts-allowed"],
    ["a socket that nothing covers", { mounts: [bind("/", "/host")] }, "mounts-allowed"],
    [
      "its sockets covered one by one",
      { mounts: [bind("/", "/host"), ...SOCKETS.map((socket) => bind("/dev/null", `/host${socket}`))] },
      "mounts-allowed",
    ],
    ["the user of other programs", { user: "65534:65534" }, "nothing-privileged"],
    ["another group", { user: "2:999" }, "nothing-privileged"],
    ["the user of its image", { user: undefined }, "nothing-privileged"],
  ])("is refused in node_exporter, which has the host's processes: %s", async (_, changes, policy) => {
    expect(await broken(changed(nodeExporter, changes))).toEqual([policy]);
  });

  it("is refused by what it is called, though a name may hold the type of cAdvisor's component", async () => {
    const engine = { mounts: [bind("/var/run/docker.sock", "/var/run/docker.sock")] };
    expect(await broken(changed(cadvisor, engine))).toEqual([]);
    for (const name of [
      "observability-lab:monitoring:Cadvisor$cadvisor-container",
      "x$observability-lab:monitoring:Cadvisor$observability-lab:components:LabContainer$docker:index/container:Container::cadvisor-container",
    ]) {
      const forged = { ...changed(container, engine), name, urn: container.urn.replace(/grafana-container$/, name) };
      expect(await broken(forged)).toContain("mounts-allowed");
      // a part of the name taken for the whole
      expect(await broken({ ...forged, name: "cadvisor-container" })).toContain("in-component-tree");
    }
    const neighbour = {
      ...cadvisor,
      name: "other-container",
      urn: cadvisor.urn.replace("cadvisor-container", "other-container"),
    };
    expect(await broken(neighbour)).toContain("mounts-allowed");
  });
});

describe("a Swarm service that would be a way into a node", () => {
  it.each<[string, (task: Readonly<Record<string, object>>) => object, string]>([
    ["the host's network", (task) => ({ ...task, networksAdvanceds: [{ id: "host" }] }), "resources-known"],
    [
      "a writable root",
      ({ containerSpec, ...task }) => ({
        ...task,
        containerSpec: { ...containerSpec, mounts: [bind("/", "/host", false)] },
      }),
      "mounts-allowed",
    ],
    [
      "a capability",
      ({ containerSpec, ...task }) => ({ ...task, containerSpec: { ...containerSpec, capAdds: ["SYS_MODULE"] } }),
      "nothing-privileged",
    ],
    [
      "another program",
      ({ containerSpec, ...task }) => ({ ...task, containerSpec: { ...containerSpec, commands: ["sh"] } }),
      "resources-known",
    ],
  ])("is refused: %s", async (_, change, policy) => {
    const service = await shownOf("node-exporter-service", true);
    expect(await broken(service)).toEqual([]);
    const taskSpec = change(service.props.taskSpec as Readonly<Record<string, object>>);
    expect(await broken(changed(service, { taskSpec }))).toContain(policy);
  });
});

describe("another resource that would be a way into the machine", () => {
  it.each<[string, string, object, string]>([
    ["a plugin", "docker:index/plugin:Plugin", { name: "evil", grantAllPermissions: true }, "resources-known"],
    [
      "a volume that is /run",
      "docker:index/volume:Volume",
      { driverOpts: { o: "bind", device: "/run" } },
      "resources-known",
    ],
    ["a network on the host's card", "docker:index/network:Network", { driver: "macvlan" }, "resources-known"],
    ["a provider from elsewhere", "pulumi:providers:evil", {}, "resources-known"],
    [
      "the lab's provider from elsewhere",
      "pulumi:providers:grafana",
      { __internal: { pluginDownloadURL: "http://evil.example" } },
      "resources-known",
    ],
    ["an engine elsewhere", "pulumi:providers:docker", { host: "tcp://evil.example" }, "resources-known"],
    ["a command", "command:local:Command", { create: "docker run --privileged evil" }, "commands-allowed"],
    ["a command elsewhere", "command:remote:Command", { create: "id" }, "resources-known"],
  ])("is refused: %s", async (_, type, props, policy) => {
    expect(await broken({ ...subject([], type, "evil"), props: { ...props } })).toContain(policy);
  });

  it.each<[string, object]>([
    ["create", { create: "docker run --privileged evil" }],
    ["interpreter", { interpreter: ["docker", "run", "--privileged", "evil"] }],
    ["dir", { dir: "/tmp" }],
    ["CREATE", { environment: { CREATE: "docker run --privileged evil" } }],
    ["PATH", { environment: { PATH: "/tmp/evil" } }],
    ["BASH_ENV", { environment: { BASH_ENV: "/tmp/evil" } }],
    ["stdin", { stdin: "import os" }],
  ])("is refused: the app's command with another %s", async (_, changes) => {
    const command = await shownOf("flask-process");
    expect(await broken(command)).toEqual([]);
    expect(await broken(changed(command, changes))).not.toEqual([]);
  });
});
