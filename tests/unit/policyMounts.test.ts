import type { Container } from "../../policy/containers";
import { checkMounts } from "../../policy/mounts";
import { containerOf, context, resource } from "../support/policies";

const SOCKETS = ["/run/containerd/containerd.sock", "/run/docker.sock"];
const NODE_EXPORTER = resource(containerOf("NodeExporter", "node-exporter-container"), {});
const CADVISOR = resource(containerOf("Cadvisor", "cadvisor-container"), {});
const PROMETHEUS = resource(containerOf("Prometheus", "prometheus-container"), {});
const ROOT = { type: "bind", source: "/", target: "/host", readOnly: true };
const COVERS = [{ type: "tmpfs", target: "/host/run" }];

function violationsOf(container: Partial<Container>, whose = NODE_EXPORTER, settings = {}): readonly string[] {
  return checkMounts({ image: "prom/node-exporter:v1.12.1", ...container }, whose, context(SOCKETS, settings));
}

/** Violation for a mount that is not allowed. */
function notAllowed(mount: string, name = "node-exporter-container"): string {
  return (
    `${name}: the mount ${mount} is not allowed; an attacker who controls its program would have the files in it. Mount ` +
    `as little as possible, read-only; if the lab needs it, add "${mount}" to the mounts of ${name} in policy/allowed.ts.`
  );
}

/** Violation for a node_exporter that sees all of /run. */
const BARE =
  "node-exporter-container: /host/run is not covered, so sockets created there later are visible. Mount a tmpfs on " +
  "/host/run, as the lab does.";

/** Violation for a mount that contains a socket. */
function message(source: string, socket: string): string {
  return (
    `node-exporter-container: the mount of ${source} contains ${socket}, which gives full access to the engine, even ` +
    "read-only: an attacker who controls its program would control the machine. Mount a narrower folder, or cover the folder of " +
    "the socket as node_exporter does."
  );
}

describe("a container without Docker's socket", () => {
  it.each<[string, Partial<Container>]>([
    ["nothing", {}],
    [
      "files in memory",
      { mounts: [{ type: "tmpfs", target: "/tmp", tmpfsOptions: { sizeBytes: 1024, mode: 0o1777 } }] },
    ],
    ["the root with files in memory over the sockets", { mounts: [ROOT, ...COVERS] }],
    ["the root that follows the host", { mounts: [{ ...ROOT, bindOptions: { propagation: "rslave" } }, ...COVERS] }],
  ])("may have %s", (_, container) => {
    expect(violationsOf(container)).toStrictEqual([]);
  });

  it("may have the volumes of its own lab", () => {
    const volumes = [
      { volumeName: "two-observability-lab-prometheus", containerPath: "/prometheus" },
      { volumeName: "two-observability-lab-prometheus-config", containerPath: "/lab", readOnly: true },
    ];
    expect(violationsOf({ volumes }, PROMETHEUS, { namePrefix: "two-" })).toStrictEqual([]);
    const mounts = volumes.map(({ volumeName, containerPath, readOnly }) => ({
      type: "volume",
      source: volumeName,
      target: containerPath,
      readOnly,
    }));
    expect(violationsOf({ mounts }, PROMETHEUS, { namePrefix: "two-" })).toStrictEqual([]);
    expect(violationsOf({ volumes }, PROMETHEUS)).toStrictEqual([
      notAllowed("two-observability-lab-prometheus:/prometheus", "prometheus-container"),
      notAllowed("two-observability-lab-prometheus-config:/lab:ro", "prometheus-container"),
    ]);
  });

  it.each<[string, Partial<Container>, string]>([
    ["another folder", { volumes: [{ hostPath: "/sys", containerPath: "/sys", readOnly: true }] }, "/sys:/sys:ro"],
    ["a name that begins alike", { volumes: [{ hostPath: "/runner", containerPath: "/runner" }] }, "/runner:/runner"],
    ["a folder as a volume", { volumes: [{ volumeName: "/srv", containerPath: "/srv" }] }, "/srv:/srv"],
    ["a volume of another's", { volumes: [{ volumeName: "data", containerPath: "/data" }] }, "data:/data"],
    ["a writable root", { mounts: [{ ...ROOT, readOnly: false }, ...COVERS] }, "/:/host"],
    [
      "the root elsewhere",
      {
        mounts: [
          { ...ROOT, target: "/h" },
          { type: "tmpfs", target: "/h/run" },
        ],
      },
      "/:/h:ro",
    ],
    [
      "a root that the host follows",
      { mounts: [{ ...ROOT, bindOptions: { propagation: "rshared" } }, ...COVERS] },
      "/:/host:ro,rshared",
    ],
  ])("is rejected with %s", (_, container, mount) => {
    expect(violationsOf(container)).toStrictEqual([notAllowed(mount)]);
  });

  it("needs to cover a socket itself unless its folder is the root", () => {
    const over = (socket: string): object => ({
      type: "bind",
      source: "/dev/null",
      target: `/host${socket}`,
      readOnly: true,
    });
    const withCovers = (sockets: readonly string[], mounts: readonly object[]): readonly string[] =>
      checkMounts({ image: "i", mounts: [ROOT, ...mounts] as Container["mounts"] }, NODE_EXPORTER, context(sockets));
    expect(withCovers(["/docker.sock"], [...COVERS, over("/docker.sock")])).toStrictEqual([]);
    expect(withCovers(SOCKETS, SOCKETS.map(over))).toStrictEqual([
      ...SOCKETS.map((it) => notAllowed(`/dev/null:/host${it}:ro`)),
      BARE,
    ]);
  });

  it("may be cAdvisor with it", () => {
    const volumes = [
      { hostPath: "/", containerPath: "/rootfs", readOnly: true },
      { hostPath: "/var/run/docker.sock", containerPath: "/var/run/docker.sock", readOnly: true },
    ];
    expect(violationsOf({ volumes }, CADVISOR)).toStrictEqual([]);
  });
});

describe("a container with Docker's socket", () => {
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
    [
      "in the root, one of two covered",
      { mounts: [ROOT, { type: "tmpfs", target: "/host/run/containerd" }] },
      [message("/", "/run/docker.sock"), BARE],
    ],
    [
      "in the root, another folder covered",
      { mounts: [ROOT, { type: "tmpfs", target: "/host/srv" }] },
      [message("/", "/run/containerd/containerd.sock"), message("/", "/run/docker.sock"), BARE],
    ],
    [
      "from another container",
      { volumes: [{ fromContainer: "cadvisor" }] },
      [
        "node-exporter-container mounts all volumes of the container cadvisor, including any socket. " +
          "Mount each volume that it needs by its name.",
      ],
    ],
  ])("is reported if it has it %s", (_, container, messages) => {
    expect(violationsOf(container)).toStrictEqual(messages);
  });
});

describe("a mount with options", () => {
  it.each<[string, Container["mounts"], string]>([
    [
      "volumeOptions.driverOptions",
      [
        {
          type: "volume",
          source: "observability-lab-prometheus",
          target: "/prometheus",
          volumeOptions: { driverOptions: { type: "none", o: "bind", device: "/run" } },
        },
      ],
      "/prometheus",
    ],
    ["type npipe", [{ type: "npipe", source: "observability-lab-prometheus", target: "/prometheus" }], "/prometheus"],
  ])("is rejected: %s", (option, mounts, target) => {
    expect(violationsOf({ mounts }, PROMETHEUS)).toStrictEqual([
      `prometheus-container: the mount at ${target} has ${option}, which can turn a volume into any folder of the host. ` +
        "Mount the folder that it needs by its path.",
    ]);
  });
});
