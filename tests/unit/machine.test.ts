import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { dockerSocket } from "../../lib/docker/client";
import { findSockets, inspectMachine, isRootShared } from "../../lib/docker/machine";
import { serve, TestServer } from "../support/servers";

describe("Docker's socket", () => {
  let folder: string;

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-client-"));
  });

  afterEach(() => {
    fs.rmSync(folder, { recursive: true });
  });

  /** An environment in which Docker's client has this configuration. */
  const withClient = (config: string, env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => {
    fs.writeFileSync(path.join(folder, "config.json"), config);
    return { ...env, DOCKER_CONFIG: folder };
  };

  it.each([
    ["{}", {}, "/var/run/docker.sock"],
    ["{}", { DOCKER_HOST: "", DOCKER_CONTEXT: "" }, "/var/run/docker.sock"],
    ["not JSON", {}, "/var/run/docker.sock"],
    ['{"currentContext": "default"}', {}, "/var/run/docker.sock"],
    ['{"currentContext": ""}', {}, "/var/run/docker.sock"],
    ['{"currentContext": "other"}', { DOCKER_HOST: "unix:///run/other.sock" }, "/run/other.sock"],
    ["{}", { DOCKER_HOST: "unix:///run/user/1000/docker.sock" }, "/run/user/1000/docker.sock"],
  ])("with the client's configuration %s and %j is %s", (config, env, socket) => {
    expect(dockerSocket(withClient(config, env))).toBe(socket);
  });

  it("is not that of the default context if the client uses another one", () => {
    const env = withClient('{"currentContext": "desktop-linux"}');
    expect(() => dockerSocket(env)).toThrow(
      /^Docker's current context is desktop-linux, which the Docker provider does not know: run make, or export DOCKER_HOST=/,
    );
    // where the variable for it is not set, the file is in the home
    fs.mkdirSync(path.join(folder, ".docker"));
    fs.renameSync(path.join(folder, "config.json"), path.join(folder, ".docker/config.json"));
    expect(() => dockerSocket({ HOME: folder })).toThrow(/current context is desktop-linux/);
  });

  it.each(["tcp://192.0.2.1:2376", "ssh://somebody@host", "npipe:////./pipe/docker_engine"])(
    "is never that of another machine: %s",
    (host) => {
      expect(() => dockerSocket({ DOCKER_HOST: host })).toThrow(
        `DOCKER_HOST is ${host.replace("somebody", "[secret]")}, but the lab needs the Docker of this machine: unset DOCKER_HOST`,
      );
    },
  );

  it.each(["remote", "default"])("is not looked up in the context %s, which the provider does not know", (context) => {
    expect(() => dockerSocket({ DOCKER_CONTEXT: context })).toThrow(
      new RegExp(`^DOCKER_CONTEXT is ${context}, .* unset DOCKER_CONTEXT$`),
    );
  });
});

describe("the sockets to hide", () => {
  it("are those that exist and are sockets, each once and under its real path", async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-sockets-"));
    const socket = path.join(folder, "docker.sock");
    const engine = await serve({}, socket);
    try {
      fs.symlinkSync(folder, path.join(folder, "link"));
      const others = ["/nonexistent.sock", folder];
      expect(findSockets([path.join(folder, "link", "docker.sock"), socket, ...others])).toStrictEqual([
        fs.realpathSync(socket),
      ]);
    } finally {
      await engine.close();
      fs.rmSync(folder, { recursive: true });
    }
  });
});

describe("the root of the host", () => {
  it.each([
    ["22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw", true],
    ["22 1 8:1 / / rw,relatime master:2 shared:1 - ext4 /dev/sda1 rw", true],
    ["22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw", false],
    ["22 1 8:1 / / rw,relatime master:1 - ext4 /dev/sda1 rw", false],
    ["22 1 8:1 / / rw,relatime - ext4 shared:1 rw\n23 22 0:5 / /proc rw shared:5 - proc proc rw", false],
    ["", false],
  ])("is reported for %j as shared: %s", (mountinfo, shared) => {
    expect(isRootShared(mountinfo)).toBe(shared);
  });
});

describe("the machine", () => {
  let folder: string;
  let socket: string;
  let engine: TestServer | undefined;
  const { DOCKER_HOST: host, DOCKER_CONTEXT: context } = process.env;

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-engine-"));
    socket = path.join(folder, "docker.sock");
    process.env.DOCKER_HOST = `unix://${socket}`;
    delete process.env.DOCKER_CONTEXT;
  });

  afterEach(async () => {
    await engine?.close();
    engine = undefined;
    fs.rmSync(folder, { recursive: true });
    for (const [name, value] of Object.entries({ DOCKER_HOST: host, DOCKER_CONTEXT: context })) {
      if (value === undefined) {
        Reflect.deleteProperty(process.env, name);
      } else {
        process.env[name] = value;
      }
    }
  });

  /** An engine that answers as Docker does, with this as its own description. */
  const startEngine = (info: object): Promise<TestServer> =>
    serve(
      {
        "/info": { body: JSON.stringify(info) },
        "/containers/json?all=1": { body: '[{"Names": ["/grafana"]}]' },
        "/networks": { body: '[{"Name": "bridge"}]' },
      },
      socket,
    );

  it("is described by Docker", async () => {
    engine = await startEngine({
      Driver: "overlayfs",
      OperatingSystem: "Debian GNU/Linux 13",
      ServerVersion: "28.5.2",
      MemoryLimit: false,
      SecurityOptions: ["name=seccomp,profile=builtin", "name=userns"],
      Containerd: { Address: socket },
    });
    expect(await inspectMachine()).toMatchObject({
      socket,
      containerdSocket: socket,
      memoryLimit: false,
      swapLimit: true,
      rootless: false,
      usersRemapped: true,
      native: process.platform === "linux",
      storageDriver: "overlayfs",
      dockerMajor: 28,
      containers: [{ Names: ["/grafana"] }],
      networks: [{ Name: "bridge" }],
    });
  });

  it("is a virtual one with Docker Desktop, whatever this one is", async () => {
    engine = await startEngine({ Driver: "overlay2", OperatingSystem: "Docker Desktop 4.40", ServerVersion: "dev" });
    expect(await inspectMachine()).toMatchObject({ native: false, rootShared: false, systemd: false, dockerMajor: 0 });
  });

  it("is reported with Docker's response if Docker fails", async () => {
    engine = await serve({ "/info": { status: 500, body: "no space left" } }, socket);
    await expect(inspectMachine()).rejects.toThrow(/^Docker does not respond at .*docker\.sock \(.*(500 no space|404)/);
  });

  it("is not described by another program that responds", async () => {
    engine = await serve({ "/info": { body: "<html>" } }, socket);
    await expect(inspectMachine()).rejects.toThrow(
      /^Docker does not respond at .*docker\.sock \(.*(not JSON: <html>|404)/,
    );
  });

  it("is reported with the fix if no socket exists", async () => {
    await expect(inspectMachine()).rejects.toThrow(
      `Docker does not respond at ${socket} (connect ENOENT ${socket}); start it, or set DOCKER_HOST to where it listens`,
    );
  });
});
