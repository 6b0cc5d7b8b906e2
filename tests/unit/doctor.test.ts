import * as os from "node:os";
import * as path from "node:path";
import {
  checkCgroups,
  checkDocker,
  checkMemory,
  checkMounts,
  checkSocketFolders,
  checkStorage,
} from "../../tools/doctor/docker";
import { DockerInfo } from "../../lib/docker/machine";
import { ofProblems } from "../../tools/doctor/finding";
import { checkDisk, checkDockerDisk, checkNode, describePython } from "../../tools/doctor/host";
import { LINUX, settingsWith } from "../support/fixtures";

const INFO: DockerInfo = {
  ID: "id",
  Driver: "overlay2",
  ServerVersion: "28.2.2",
  OperatingSystem: "Debian GNU/Linux 13",
  CgroupVersion: "2",
  CgroupDriver: "systemd",
  MemoryLimit: true,
  SwapLimit: true,
  MemTotal: 8 * 1024 ** 3,
  DockerRootDir: "/var/lib/docker",
};
const DESKTOP = { ...LINUX, native: false };

it("a folder in the place of a socket is a problem, with the command that removes it", () => {
  const folder = "/run/containerd/containerd.sock";
  expect(checkSocketFolders(() => false)).toStrictEqual([]);
  expect(checkSocketFolders((it) => it === folder)).toStrictEqual([
    {
      check: "sockets",
      state: "problem",
      seen: `${folder} is a folder instead of a socket: Docker may fail to restart`,
      fix: `remove it with rmdir ${folder}, then restart Docker`,
    },
  ]);
});

describe("a check of Docker", () => {
  it.each([
    ["a current one", checkDocker(INFO, LINUX), { state: "ok", seen: "28.2.2 on this machine" }],
    [
      "an old one",
      checkDocker({ ...INFO, ServerVersion: "20.10.24" }, { ...LINUX, dockerMajor: 20 }),
      { state: "warning", fix: "update Docker when you can" },
    ],
    [
      "Docker Desktop",
      checkDocker({ ...INFO, OperatingSystem: "Docker Desktop" }, DESKTOP),
      { state: "warning", seen: expect.stringContaining("run in a virtual machine") as unknown },
    ],
    [
      "overlay2",
      checkStorage(LINUX),
      { state: "ok", seen: "overlay2: cAdvisor measures containers and their writable layers" },
    ],
    [
      "the containerd image store",
      checkStorage({ ...LINUX, storageDriver: "overlayfs" }),
      {
        state: "ok",
        seen: expect.stringContaining("reads from containerd at /run/containerd/containerd.sock") as unknown,
      },
    ],
    [
      "the containerd image store without its socket",
      checkStorage({ ...LINUX, storageDriver: "overlayfs", containerdSocket: undefined }),
      { state: "warning", seen: expect.stringContaining("cAdvisor cannot see containers") as unknown },
    ],
    [
      "another storage driver",
      checkStorage({ ...LINUX, storageDriver: "btrfs" }),
      { state: "warning", seen: "btrfs: cAdvisor measures containers, but not their writable layers" },
    ],
    ["cgroups", checkCgroups(INFO), { state: "ok", seen: "version 2, driver systemd" }],
    ["old cgroups", checkCgroups({ ...INFO, CgroupVersion: "1" }), { state: "ok", seen: "version 1, driver systemd" }],
    [
      "no memory limits",
      checkCgroups({ ...INFO, MemoryLimit: false }),
      { state: "warning", seen: expect.stringContaining("cannot limit a container's memory") as unknown },
    ],
    [
      "no swap limits",
      checkCgroups({ ...INFO, SwapLimit: false }),
      { state: "ok", seen: "version 2, driver systemd, without limits for swap" },
    ],
    ["no cgroups", checkCgroups({ ...INFO, CgroupDriver: "none" }), { state: "warning" }],
    [
      "enough memory",
      checkMemory(INFO, settingsWith()),
      { state: "ok", seen: "8192 MiB; the lab's limits add up to 1536 MiB" },
    ],
    [
      "the memory of Alertmanager, where there is a webhook",
      checkMemory(INFO, settingsWith({ alertWebhook: "https://example.org" })),
      { state: "ok", seen: "8192 MiB; the lab's limits add up to 1664 MiB" },
    ],
    [
      "the memory of a swarm's discovery, besides the services on this node",
      checkMemory(INFO, settingsWith({ engine: "swarm", swarmDiscoveryMemory: "100" })),
      { state: "ok", seen: "8192 MiB; the lab's limits add up to 1636 MiB" },
    ],
    [
      "too little memory",
      checkMemory({ ...INFO, MemTotal: 1024 ** 3 }, settingsWith()),
      { state: "warning", fix: "lower prometheusMemory or grafanaMemory, or give the machine more memory" },
    ],
    ["a shared root", checkMounts(LINUX), { state: "ok" }],
    [
      "a root that is not shared",
      checkMounts({ ...LINUX, rootShared: false }),
      { state: "warning", fix: "mount --make-rshared /, then make up" },
    ],
    ["Docker Desktop's root", checkMounts({ ...DESKTOP, rootShared: false }), { state: "ok" }],
  ])("reports %s", (_, finding, expected) => {
    expect(finding).toMatchObject(expected);
    expect(finding.fix === undefined).toBe(finding.state === "ok");
  });
});

describe("a check of the host", () => {
  it.each([
    ["22.1.0", "ok"],
    ["20.20.2", "warning"],
    ["18.9.0", "problem"],
  ])("reports Node %s: %s", (version, state) => {
    expect(checkNode(version).state).toBe(state);
  });

  it.each([
    [5000, "ok"],
    [1000, "warning"],
    [100, "problem"],
  ])("reports %d MiB on a disk: %s", (free, state) => {
    const finding = checkDisk("disk", os.tmpdir(), 4096, 200, () => free);
    expect(finding).toMatchObject({ state, seen: expect.stringContaining(`${String(free)} MiB free at`) as unknown });
  });

  it("measures the disk of the nearest existing folder, and no disk of a virtual machine", () => {
    const there = os.tmpdir();
    expect(checkDockerDisk(path.join(there, "not", "there"), true).seen).toContain(` MiB free at ${there}`);
    expect(checkDockerDisk("/var/lib/docker", false)).toMatchObject({ state: "ok" });
  });

  it("names the Python it found", async () => {
    expect(await describePython("python3")).toMatch(/^Python 3\.\d+.* \(python3\), with venv$/);
    expect(await describePython("/nonexistent")).toBe("not checked: the lab's environments exist");
  });
});

describe("each reason for which up would refuse", () => {
  it("is a problem with its fix", () => {
    const taken = { setting: "grafanaPort", value: 3000, problem: "is in use by another program", fix: "stop it" };
    expect(ofProblems("ports", [taken, taken], "free")).toStrictEqual(
      Array(2).fill({
        check: "ports",
        state: "problem",
        seen: "grafanaPort = 3000: is in use by another program",
        fix: "stop it",
      }),
    );
    expect(ofProblems("ports", [], "free")).toStrictEqual([{ check: "ports", state: "ok", seen: "free" }]);
  });
});
