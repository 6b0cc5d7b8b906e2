import { Container, guarded, onBindAddress, pinned, pinnedImage, unprivileged } from "../../policy/containers";
import type { Subject } from "../../policy/policies";

const SUBJECT: Subject = {
  type: "docker:index/container:Container",
  name: "grafana-container",
  urn: "urn:pulumi:test::observability-lab::observability-lab:components:Lab$docker:index/container:Container::grafana-container",
};
const SOUND: Container = {
  image: "grafana/grafana:13.2.2",
  ports: [{ internal: 3000, external: 3000, ip: "127.0.0.1" }],
  capabilities: { drops: ["ALL"], adds: ["CAP_DAC_READ_SEARCH"] },
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
  ])("may be %s", (image) => {
    expect(pinned({ image }, SUBJECT)).toStrictEqual([]);
    expect(pinnedImage({ name: image }, SUBJECT)).toStrictEqual([]);
  });

  it.each(["grafana/grafana", "grafana/grafana:latest", "registry.example:5000/grafana", "grafana@sha256:12"])(
    "may not be %s",
    (image) => {
      const message =
        `grafana-container: the image ${image} is not pinned, so what runs would change while nothing changes ` +
        "here. Give it a tag other than latest, such as prom/prometheus:v3.14.0, or a digest.";
      expect(pinned({ image }, SUBJECT)).toStrictEqual([message]);
      expect(pinnedImage({ name: image }, SUBJECT)).toStrictEqual([message]);
    },
  );
});

describe("ports", () => {
  it("may be published on bindAddress, or not at all", () => {
    expect(onBindAddress(SOUND, SUBJECT.name, "127.0.0.1")).toStrictEqual([]);
    expect(onBindAddress({ image: SOUND.image, networkMode: "host" }, SUBJECT.name, "127.0.0.1")).toStrictEqual([]);
  });

  it("may not be published elsewhere", () => {
    const ports = [{ internal: 3000 }, { internal: 3001, ip: "0.0.0.0" }, { internal: 3002, ip: "127.0.0.1" }];
    const container: Container = { ...SOUND, ports, publishAllPorts: true };
    const instead = "Publish it on bindAddress, 127.0.0.1, as LabContainer does.";
    const reach = `where others than the settings say may reach it. ${instead}`;
    expect(onBindAddress(container, SUBJECT.name, "127.0.0.1")).toStrictEqual([
      `grafana-container: port 3000 is published on every address, ${reach}`,
      `grafana-container: port 3001 is published on 0.0.0.0, ${reach}`,
      `grafana-container: every port is published on every address (publishAllPorts). ${instead}`,
    ]);
  });
});

describe("privileges", () => {
  it("may be one capability", () => {
    expect(unprivileged({ ...SOUND, privileged: false }, SUBJECT)).toStrictEqual([]);
  });

  it("may not be all, by whatever name", () => {
    const instead =
      "whoever takes over its program has the machine. Add the one capability that it cannot do without " +
      "(capabilities of LabContainer).";
    expect(unprivileged({ ...SOUND, privileged: true }, SUBJECT)).toStrictEqual([
      `grafana-container is privileged: ${instead}`,
    ]);
    for (const all of ["ALL", "SYS_ADMIN", "CAP_SYS_ADMIN"]) {
      expect(unprivileged({ ...SOUND, capabilities: { adds: ["CAP_CHOWN", all] } }, SUBJECT)).toStrictEqual([
        `grafana-container has the capability ${all}, as good as privileged: ${instead}`,
      ]);
    }
  });
});

describe("guards", () => {
  it("are there on a container of the lab, and not asked of one that is never started", () => {
    expect(guarded(SOUND, SUBJECT)).toStrictEqual([]);
    expect(guarded({ ...SOUND, logDriver: "local", logOpts: undefined }, SUBJECT)).toStrictEqual([]);
    expect(guarded({ image: SOUND.image, start: false }, SUBJECT)).toStrictEqual([]);
  });

  it("are asked of every other container", () => {
    const missing = [
      "grafana-container has no health check, so an update cannot tell whether it works. Give it a healthcheck (healthPath).",
      "grafana-container has no memory limit, so a leak takes the machine with it. Give it memory and memorySwap, in MiB.",
      "grafana-container has a log without an end, which fills the disk. Set max-size and max-file in its logOpts.",
    ];
    expect(guarded({ image: SOUND.image }, SUBJECT)).toStrictEqual(missing);
    const disabled: Container = { image: SOUND.image, healthcheck: { tests: ["NONE"] }, memory: 0, logOpts: {} };
    expect(guarded(disabled, SUBJECT)).toStrictEqual(missing);
  });
});
