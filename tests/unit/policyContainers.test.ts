import { checkHealthAndLimits, checkPinned, checkPorts, Container, checkPrivileges } from "../../policy/containers";
import type { Resource } from "../../policy/resource";
import { containerOf, resource } from "../support/policies";

const SUBJECT = resource(containerOf("Grafana", "grafana-container"), {});
const CADVISOR = resource(containerOf("Cadvisor", "cadvisor-container"), {});
const NODE_EXPORTER = resource(containerOf("NodeExporter", "node-exporter-container"), {});
const SOUND: Container = {
  image: "grafana/grafana:13.2.2",
  ports: [{ internal: 3000, external: 3000, ip: "127.0.0.1" }],
  readOnly: true,
  securityOpts: ["no-new-privileges:true"],
  capabilities: { drops: ["ALL"], adds: [] },
  healthcheck: { tests: ["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:3000/api/health"] },
  memory: 512,
  logDriver: "json-file",
  logOpts: { "max-size": "10m", "max-file": "3" },
};
const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;

describe("images", () => {
  it.each([
    "prom/prometheus:v3.14.0",
    "registry.example:5000/grafana:13.2.2",
    `grafana/grafana@${DIGEST}`,
    `grafana/grafana:13.2.2@${DIGEST}`,
    `grafana/grafana:latest@${DIGEST}`,
    DIGEST,
  ])("are accepted as %s", (image) => {
    expect(checkPinned({ image }, SUBJECT)).toStrictEqual([]);
  });

  it.each(["grafana/grafana", "grafana/grafana:latest", "registry.example:5000/grafana", "grafana@sha256:12"])(
    "are rejected as %s",
    (image) => {
      const message =
        `grafana-container: the image ${image} is not pinned, so it could change without a change of the ` +
        "code. Use a tag other than latest, such as prom/prometheus:v3.14.0, or a digest.";
      expect(checkPinned({ image }, SUBJECT)).toStrictEqual([message]);
    },
  );
});

describe("ports", () => {
  it("are accepted on bindAddress, or unpublished", () => {
    expect(checkPorts(SOUND, SUBJECT, { bindAddress: "127.0.0.1" })).toStrictEqual([]);
    expect(
      checkPorts({ image: SOUND.image, networkMode: "host" }, SUBJECT, { bindAddress: "127.0.0.1" }),
    ).toStrictEqual([]);
  });

  it("are rejected on any other address", () => {
    const ports = [{ internal: 3000 }, { internal: 3001, ip: "0.0.0.0" }, { internal: 3002, ip: "127.0.0.1" }];
    const container: Container = { ...SOUND, ports, publishAllPorts: true };
    const instead = "Publish only the ports that are needed, on bindAddress (127.0.0.1), as LabContainer does.";
    expect(checkPorts(container, SUBJECT, { bindAddress: "127.0.0.1" })).toStrictEqual([
      `grafana-container: port 3000 is published on every address and not on bindAddress. ${instead}`,
      `grafana-container: port 3001 is published on 0.0.0.0 and not on bindAddress. ${instead}`,
      `grafana-container: publishAllPorts publishes every port on every address. ${instead}`,
    ]);
  });
});

describe("privileges", () => {
  it.each<[string, Container, Resource]>([
    ["none", { ...SOUND, privileged: false, ipcMode: "private", networkMode: "bridge" }, SUBJECT],
    ["a capability", { ...SOUND, capabilities: { drops: ["all"], adds: ["CAP_DAC_READ_SEARCH"] } }, CADVISOR],
    [
      "the host's processes, users and network",
      {
        ...SOUND,
        user: "2:64130",
        pidMode: "host",
        usernsMode: "host",
        networkMode: "host",
        securityOpts: ["label=disable", "no-new-privileges"],
      },
      NODE_EXPORTER,
    ],
    ["what a Swarm service has", { ...SOUND, service: true, securityOpts: undefined }, SUBJECT],
  ])("are accepted for %s, if the lab needs them", (_, container, whose) => {
    expect(checkPrivileges(container, whose)).toStrictEqual([]);
  });

  it("are rejected as a whole", () => {
    expect(checkPrivileges({ ...SOUND, privileged: true }, SUBJECT)).toStrictEqual([
      "grafana-container is privileged: an attacker who controls its program would control the machine. Add only the " +
        "capabilities that it needs (capabilities of LabContainer).",
    ]);
  });

  it.each<[string, Partial<Container>, string, string]>([
    ...["ALL", "SYS_ADMIN", "CAP_SYS_ADMIN", "sys_module", "CAP_DAC_READ_SEARCH"].map(
      (it): [string, Partial<Container>, string, string] => [
        it,
        { capabilities: { drops: ["ALL"], adds: [it] } },
        `capability ${it}`,
        `"${it.toUpperCase().replace("CAP_", "")}" to its capabilities`,
      ],
    ),
    [
      "an open seccomp",
      { securityOpts: ["no-new-privileges:true", "seccomp=unconfined"] },
      "security option seccomp=unconfined",
      '"seccomp=unconfined" to its securityOpts',
    ],
    ["the host's processes", { pidMode: "host" }, "pidMode host", "hostProcesses: true"],
    ["a neighbour's processes", { pidMode: "container:cadvisor" }, "pidMode container:cadvisor", "hostProcesses: true"],
    ["the host's memory", { ipcMode: "host" }, "ipcMode host", "a property for it"],
    ["the host's users", { usernsMode: "host" }, "usernsMode host", "hostUsers: true"],
    ["the host's network", { networkMode: "host" }, "networkMode host", "hostNetwork"],
    ["a neighbour's network", { networkMode: "container:x" }, "networkMode container:x", "hostNetwork"],
  ])("are rejected for %s", (_, changes, what, line) => {
    expect(checkPrivileges({ ...SOUND, ...changes }, SUBJECT)).toStrictEqual([
      `grafana-container: the ${what} is not allowed; an attacker who controls its program would have it, too. ` +
        `If the program needs it, add ${line} in CONTAINERS in policy/allowed.ts.`,
    ]);
  });

  it("are not granted by a name alone", () => {
    const forged = { ...CADVISOR, name: "cadvisor-container", urn: CADVISOR.urn.replace("Cadvisor$", "Cadvisors$") };
    const container: Container = { ...SOUND, capabilities: { drops: ["ALL"], adds: ["DAC_READ_SEARCH"] } };
    expect(checkPrivileges(container, CADVISOR)).toStrictEqual([]);
    expect(checkPrivileges(container, forged)).toHaveLength(1);
  });

  it("are checked for every container", () => {
    const open: Container = { ...SOUND, readOnly: false, securityOpts: undefined, capabilities: undefined };
    expect(checkPrivileges(open, SUBJECT)).toStrictEqual(
      ['drops: ["ALL"] in capabilities', "readOnly: true", '"no-new-privileges:true" in securityOpts'].map(
        (it) =>
          `grafana-container: ${it} is missing, so its program has more privileges than it needs. ` +
          "Set it, as LabContainer does.",
      ),
    );
  });
});

describe("restrictions", () => {
  it("are checked on a container of the lab, except one that is never started", () => {
    expect(checkHealthAndLimits(SOUND, SUBJECT, { memoryLimit: true })).toStrictEqual([]);
    expect(
      checkHealthAndLimits({ ...SOUND, logDriver: "local", logOpts: undefined }, SUBJECT, { memoryLimit: true }),
    ).toStrictEqual([]);
    expect(checkHealthAndLimits({ image: SOUND.image, start: false }, SUBJECT, { memoryLimit: true })).toStrictEqual(
      [],
    );
  });

  it("are checked on every other container", () => {
    const missing = [
      "grafana-container has no health check, so an update cannot check whether it works. Set healthcheck (healthPath).",
      "grafana-container has no memory limit, so a leak could exhaust the memory of the machine. Set memory and memorySwap, in MiB.",
      "grafana-container: its log grows without limit and fills the disk. Set max-size and max-file in logOpts.",
    ];
    expect(checkHealthAndLimits({ image: SOUND.image }, SUBJECT, { memoryLimit: true })).toStrictEqual(missing);
    const disabled: Container = { image: SOUND.image, healthcheck: { tests: ["NONE"] }, memory: 0, logOpts: {} };
    expect(checkHealthAndLimits(disabled, SUBJECT, { memoryLimit: true })).toStrictEqual(missing);
  });
});
