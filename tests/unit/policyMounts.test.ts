import type { Container } from "../../policy/containers";
import { mounted } from "../../policy/mounts";
import { containerOf, context, resource } from "../support/policies";

const SOCKETS = ["/run/containerd/containerd.sock", "/run/docker.sock"];
const NODE_EXPORTER = resource(containerOf("NodeExporter", "node-exporter-container"), {});
const CADVISOR = resource(containerOf("Cadvisor", "cadvisor-container"), {});
const PROMETHEUS = resource(containerOf("Prometheus", "prometheus-container"), {});
const ROOT = { type: "bind", source: "/", target: "/host", readOnly: true };
const COVERS = [{ type: "tmpfs", target: "/host/run" }];

function said(container: Partial<Container>, whose = NODE_EXPORTER, settings = {}): readonly string[] {
  return mounted({ image: "prom/node-exporter:v1.12.1", ...container }, whose, context(SOCKETS, settings));
}

/** What is said of a container with a mount that is new. */
function isNew(mount: string, name = "node-exporter-container"): string {
  return (
    `${name}: the mount ${mount} is new, and whoever takes over its program has what is there. Mount it read-only and ` +
    `as narrow as can be; if the lab needs it, add "${mount}" to the mounts of ${name} in policy/allowed.ts.`
  );
}

/** What is said of a node_exporter that has all that is in /run. */
const BARE =
  "node-exporter-container: nothing covers /host/run, where a program that starts later makes its socket. Mount files " +
  "in memory (tmpfs) on /host/run, as the lab does.";

/** What is said of a container that has this path of the host. */
function message(source: string, socket: string): string {
  return (
    `node-exporter-container: ${source} of the host gives it ${socket}, and with that the engine's whole API, ` +
    "read-only or not: whoever takes over its program has the machine. Mount a narrower folder, or cover the folder of " +
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
    expect(said(container)).toStrictEqual([]);
  });

  it("may have the volumes of its own lab", () => {
    const volumes = [
      { volumeName: "two-observability-lab-prometheus", containerPath: "/prometheus" },
      { volumeName: "two-observability-lab-prometheus-config", containerPath: "/lab", readOnly: true },
    ];
    expect(said({ volumes }, PROMETHEUS, { namePrefix: "two-" })).toStrictEqual([]);
    const mounts = volumes.map(({ volumeName, containerPath, readOnly }) => ({
      type: "volume",
      source: volumeName,
      target: containerPath,
      readOnly,
    }));
    expect(said({ mounts }, PROMETHEUS, { namePrefix: "two-" })).toStrictEqual([]);
    expect(said({ volumes }, PROMETHEUS)).toStrictEqual([
      isNew("two-observability-lab-prometheus:/prometheus", "prometheus-container"),
      isNew("two-observability-lab-prometheus-config:/lab:ro", "prometheus-container"),
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
    expect(said(container)).toStrictEqual([isNew(mount)]);
  });

  it("needs to cover a socket itself unless its folder is the root", () => {
    const over = (socket: string): object => ({
      type: "bind",
      source: "/dev/null",
      target: `/host${socket}`,
      readOnly: true,
    });
    const withCovers = (sockets: readonly string[], mounts: readonly object[]): readonly string[] =>
      mounted({ image: "i", mounts: [ROOT, ...mounts] as Container["mounts"] }, NODE_EXPORTER, context(sockets));
    expect(withCovers(["/docker.sock"], [...COVERS, over("/docker.sock")])).toStrictEqual([]);
    expect(withCovers(SOCKETS, SOCKETS.map(over))).toStrictEqual([
      ...SOCKETS.map((it) => isNew(`/dev/null:/host${it}:ro`)),
      BARE,
    ]);
  });

  it("may be cAdvisor with it", () => {
    const volumes = [
      { hostPath: "/", containerPath: "/rootfs", readOnly: true },
      { hostPath: "/var/run/docker.sock", containerPath: "/var/run/docker.sock", readOnly: true },
    ];
    expect(said({ volumes }, CADVISOR)).toStrictEqual([]);
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
        "node-exporter-container takes the volumes of the container cadvisor, and with them whatever socket that has. " +
          "Mount what it needs by name.",
      ],
    ],
  ])("is reported if it has it %s", (_, container, messages) => {
    expect(said(container)).toStrictEqual(messages);
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
    expect(said({ mounts }, PROMETHEUS)).toStrictEqual([
      `prometheus-container: the mount at ${target} has ${option}, by which a volume can be any folder of the host. ` +
        "Mount what it needs by its path, in the open.",
    ]);
  });
});
