import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Pack } from "tar";
import { lookAtLab } from "../../components/condition";
import { configDamage, findContainer } from "../../components/condition/containers";
import { EngineContainer } from "../../components/machine";
import { FRESH, listed } from "./conditions";
import { LINUX, settingsWith } from "./fixtures";
import { Answers, serve, serveEngine, TestServer } from "./servers";

const OURS = { "observability-lab.lab": "observability-lab" };
const ARCHIVE = "/containers/1/archive?path=/lab";

let folder: string;
let servers: TestServer[] = [];
const { XDG_STATE_HOME: state } = process.env;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-condition-"));
  process.env.XDG_STATE_HOME = folder;
});

afterEach(async () => {
  await Promise.all(servers.map((it) => it.close()));
  servers = [];
  fs.rmSync(folder, { recursive: true });
  if (state === undefined) {
    delete process.env.XDG_STATE_HOME;
  } else {
    process.env.XDG_STATE_HOME = state;
  }
});

/** An engine that answers so until the test ends. */
async function engine(answers: Answers): Promise<TestServer> {
  const server = await serveEngine(answers);
  servers.push(server);
  return server;
}

/** The archive that an engine gives of `/lab` with these files, last changed at that time. */
async function archive(files: Readonly<Record<string, string>>, modified: Date): Promise<Buffer> {
  fs.mkdirSync(path.join(folder, "lab"));
  for (const [name, content] of Object.entries(files)) {
    fs.writeFileSync(path.join(folder, "lab", name), content);
    fs.utimesSync(path.join(folder, "lab", name), modified, modified);
  }
  fs.utimesSync(path.join(folder, "lab"), modified, modified);
  return new Pack({ cwd: folder }).end("lab").concat();
}

/** A container of the lab as the engine lists it. */
function ours(name: string, Labels = OURS): EngineContainer {
  return listed(name, { Id: "1", Labels });
}

/** What an engine says of a container, as far as it matters; `port` is where its first one is published. */
function inspected(destination: string, port?: number): { body: string } {
  const published = port === undefined ? null : [{ HostIp: "127.0.0.1", HostPort: String(port) }];
  return {
    body: JSON.stringify({
      Created: "2026-01-01T12:00:00.123456789Z",
      State: { Status: "running", ExitCode: 0 },
      HostConfig: { Memory: 1, RestartPolicy: { Name: "no" } },
      NetworkSettings: { Networks: {}, Ports: { "3000/tcp": published } },
      Mounts: [{ Destination: destination }],
    }),
  };
}

describe("a container", () => {
  it("is found with its files and when each was changed", async () => {
    const modified = new Date("2026-01-01T11:59:00Z");
    const files = { "prometheus.yml": "global: {}\n", "host.rules.yml": "x".repeat(100_000), empty: "" };
    await engine({
      "/containers/1/json": inspected("/lab"),
      [ARCHIVE]: { body: await archive(files, modified) },
    });
    const found = await findContainer(ours("prometheus"));
    expect(found).toMatchObject({ State: { Status: "running" }, HostConfig: { Memory: 1 } });
    for (const [name, content] of Object.entries(files)) {
      expect(found?.files.get(name)).toStrictEqual({ content, modified });
    }
    expect(configDamage(found, found)).toBeUndefined();
  });

  it("shows a file that was edited since it was made", async () => {
    const body = await archive({ "prometheus.yml": "" }, new Date("2026-01-01T12:01:00Z"));
    fs.utimesSync(path.join(folder, "lab"), 0, 0);
    await engine({ "/containers/1/json": inspected("/lab"), [ARCHIVE]: { body } });
    const found = await findContainer(ours("prometheus"));
    expect(configDamage(found, found)).toMatch(/^its file prometheus\.yml was edited$/);
  });

  it.each([
    ["has no files without a volume for them", "/data", { body: "" }],
    ["has none where the engine gives none", "/lab", { status: 404, body: '{"message": "no such path"}' }],
    ["has none where the engine gives no archive", "/lab", { body: "no archive" }],
  ])("%s", async (_, destination, answer) => {
    await engine({ "/containers/1/json": inspected(destination), [ARCHIVE]: answer });
    expect((await findContainer(ours("prometheus")))?.files).toStrictEqual(new Map());
  });

  it("may be gone by now", async () => {
    await engine({});
    expect(await findContainer(ours("prometheus"))).toBeUndefined();
  });
});

describe("a lab", () => {
  const network = { Id: "n1", Name: "observability-lab", IPAM: { Config: null } };

  it("of which nothing is there is what a first update finds", async () => {
    await engine({});
    const strangers = {
      containers: [listed("grafana")],
      networks: [{ ...network, Labels: null }],
    };
    const settings = settingsWith({ flaskPort: "1" });
    expect(await lookAtLab(settings, { ...LINUX, ...strangers })).toStrictEqual({
      ...FRESH,
      folder: path.join(folder, "observability-lab", "observability-lab"),
    });
  });

  it("is looked at with the password that its Grafana was given, where it is published", async () => {
    const grafana = await serve({ "/api/user": { status: 401, body: "{}" } });
    servers.push(grafana);
    const server = await engine({
      "/volumes/observability-lab-grafana": { body: "{}" },
      "/containers/1/json": inspected("/lab", grafana.port),
      [ARCHIVE]: { body: await archive({ admin_password: "correct-horse" }, new Date()) },
    });
    const machine = { ...LINUX, containers: [ours("grafana")], networks: [{ ...network, Labels: OURS }] };
    const found = await lookAtLab(settingsWith({ flaskPort: "1" }), machine);
    expect(found).toMatchObject({ network: "n1", grafana: { password: "Grafana refused it", found: undefined } });
    expect([...found.containers.keys()]).toStrictEqual(["grafana"]);
    expect(grafana.requests.map(({ authorization }) => authorization)).toStrictEqual([
      `Basic ${Buffer.from("admin:correct-horse").toString("base64")}`,
    ]);
    // a look changes nothing
    expect(new Set(server.requests.map(({ method }) => method))).toStrictEqual(new Set(["GET"]));
  });

  it("with a prefix has its names", async () => {
    const lab = "b-observability-lab";
    const server = await engine({ "/containers/1/json": inspected("/data") });
    const labels = { "observability-lab.lab": lab };
    const machine = {
      ...LINUX,
      containers: [ours("b-cadvisor", labels), ours("cadvisor")],
      networks: [
        { ...network, Labels: OURS },
        { ...network, Id: "n2", Name: lab, Labels: labels },
      ],
    };
    const found = await lookAtLab(settingsWith({ namePrefix: "b-", flaskPort: "1" }), machine);
    expect({ network: found.network, names: [...found.containers.keys()] }).toStrictEqual({
      network: "n2",
      names: ["b-cadvisor"],
    });
    expect(server.asked).toContain(`/volumes/${lab}-grafana`);
  });

  it.each([
    ["does not publish a port", undefined, "admin_password"],
    ["has no password", 1, "other"],
    ["does not answer", 1, "admin_password"],
  ])("whose Grafana %s tells nothing of what that holds", async (_, port, file) => {
    await engine({
      "/volumes/observability-lab-grafana": { body: "{}" },
      "/containers/1/json": inspected("/lab", port),
      [ARCHIVE]: { body: await archive({ [file]: "secret" }, new Date()) },
    });
    const machine = { ...LINUX, containers: [ours("grafana")] };
    expect(await lookAtLab(settingsWith({ flaskPort: "1" }), machine)).toMatchObject({
      grafana: { password: undefined, found: undefined },
    });
  });
});
