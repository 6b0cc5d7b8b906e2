import type { Container } from "../../policy/containers";
import type { Subject } from "../../policy/policies";
import { closedToEngine, closedVolume } from "../../policy/sockets";

const SOCKETS = ["/run/containerd/containerd.sock", "/run/docker.sock"];
const NODE_EXPORTER = subject("NodeExporter", "node-exporter");
const CADVISOR = subject("Cadvisor", "cadvisor");
const ROOT = { type: "bind", source: "/", target: "/host", readOnly: true };
const COVERS = SOCKETS.map((socket) => ({ type: "bind", source: "/dev/null", target: `/host${socket}` }));

function subject(component: string, name: string): Subject {
  const types = [
    "observability-lab:components:Lab",
    `observability-lab:monitoring:${component}`,
    "observability-lab:components:LabContainer",
    "docker:index/container:Container",
  ];
  return {
    type: types[3] ?? "",
    name: `${name}-container`,
    urn: `urn:pulumi:test::observability-lab::${types.join("$")}::${name}-container`,
  };
}

function said(container: Partial<Container>, whose: Subject = NODE_EXPORTER): readonly string[] {
  return closedToEngine({ image: "prom/node-exporter:v1.12.1", ...container }, whose, SOCKETS);
}

/** What is said of a container that has this path of the host. */
function message(source: string, socket: string): string {
  return (
    `node-exporter-container: ${source} of the host gives it ${socket}, and with that the engine's whole API, ` +
    "read-only or not: whoever takes over its program has the machine. Mount a narrower folder, or cover the socket " +
    "with a bind of /dev/null as node_exporter does."
  );
}

describe("a container without the engine's socket", () => {
  it.each<[string, Partial<Container>]>([
    ["nothing of the host", { volumes: [{ volumeName: "data", containerPath: "/data" }] }],
    ["other folders", { volumes: [{ hostPath: "/sys", containerPath: "/sys" }] }],
    ["a folder whose name only begins alike", { volumes: [{ hostPath: "/runner", containerPath: "/runner" }] }],
    ["the root with both sockets covered", { mounts: [ROOT, ...COVERS] }],
    ["the root with a folder over the sockets", { mounts: [ROOT, { type: "tmpfs", target: "/host/run" }] }],
  ])("may have %s", (_, container) => {
    expect(said(container)).toStrictEqual([]);
  });

  it("may be cAdvisor with it", () => {
    const volumes = [
      { hostPath: "/", containerPath: "/rootfs", readOnly: true },
      { hostPath: "/var/run/docker.sock", containerPath: "/var/run/docker.sock", readOnly: true },
    ];
    expect(said({ volumes }, CADVISOR)).toStrictEqual([]);
  });
});

describe("a container with the engine's socket", () => {
  it.each<[string, Partial<Container>, string[]]>([
    [
      "as a volume",
      { volumes: [{ hostPath: "/var/run/docker.sock", containerPath: "/docker.sock", readOnly: true }] },
      [message("/var/run/docker.sock", "/run/docker.sock")],
    ],
    [
      "as a mount, at a place that nobody knows",
      { mounts: [{ type: "bind", source: "/srv/containerd-debug.sock", target: "/c.sock" }] },
      [message("/srv/containerd-debug.sock", "/srv/containerd-debug.sock")],
    ],
    [
      "in a folder",
      { volumes: [{ hostPath: "/var/run/", containerPath: "/var/run" }] },
      [message("/var/run/", "/run/containerd/containerd.sock"), message("/var/run/", "/run/docker.sock")],
    ],
    ["in the root, one of two covered", { mounts: [ROOT, ...COVERS.slice(0, 1)] }, [message("/", "/run/docker.sock")]],
    [
      "in the root, another folder covered",
      { mounts: [ROOT, { type: "tmpfs", target: "/host/srv" }, ...COVERS.slice(1)] },
      [message("/", "/run/containerd/containerd.sock")],
    ],
    [
      "from another container",
      { volumes: [{ fromContainer: "cadvisor" }] },
      [
        "node-exporter-container takes the volumes of the container cadvisor, and with them whatever socket that has. " +
          "Mount what it needs by name.",
      ],
    ],
  ])("is told when it has it %s", (_, container, messages) => {
    expect(said(container)).toStrictEqual(messages);
  });
});

describe("a volume", () => {
  it("may not be another name for the folder of the socket", () => {
    expect(closedVolume({ name: "observability-lab-grafana" }, "grafana-data", SOCKETS)).toStrictEqual([]);
    const driverOpts = { type: "none", o: "bind", device: "/var/run" };
    const volume = closedVolume({ name: "runtime", driverOpts }, "node-exporter-container", SOCKETS.slice(1));
    expect(volume).toStrictEqual([message("/var/run", "/run/docker.sock")]);
  });
});
