import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Pack } from "tar";
import { DockerContainer } from "../../lib/docker/machine";
import { findContainer } from "../../lib/drift/containers";
import { observeLab } from "../../lib/drift/observe";
import { LINUX, settingsWith } from "../support/fixtures";
import { FRESH, listed } from "../support/observedLabs";
import { Responses, serve, serveDocker, TestServer } from "../support/servers";

const OURS = { "observability-lab.lab": "observability-lab" };
const ARCHIVE = "/containers/1/archive?path=/lab";
const volumesOf = (lab: string): string => `/volumes?filters=${encodeURIComponent(JSON.stringify({ name: [lab] }))}`;
const VOLUMES = volumesOf("observability-lab");

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
async function engine(responses: Responses): Promise<TestServer> {
  const server = await serveDocker(responses);
  servers.push(server);
  return server;
}

/** The archive that Docker gives of `/lab` with these files. */
async function archive(files: Readonly<Record<string, string>>): Promise<Buffer> {
  fs.mkdirSync(path.join(folder, "lab"));
  for (const [name, content] of Object.entries(files)) {
    fs.writeFileSync(path.join(folder, "lab", name), content);
  }
  return new Pack({ cwd: folder }).end("lab").concat();
}

/** A container of the lab as the engine lists it. */
function ours(name: string, Destination = "/lab", Labels = OURS): DockerContainer {
  return listed(name, { Id: "1", Labels, Mounts: [{ Destination }] });
}

/** What an engine says of a container, as far as it matters; `port` is where its first one is published. */
function inspected(port?: number): { body: string } {
  const published = port === undefined ? null : [{ HostIp: "127.0.0.1", HostPort: String(port) }];
  return {
    body: JSON.stringify({
      Created: "2026-01-01T12:00:00.123456789Z",
      State: { Status: "running", ExitCode: 0 },
      HostConfig: { Memory: 1, RestartPolicy: { Name: "no" } },
      NetworkSettings: { Networks: {}, Ports: { "2000/tcp": null, "3000/tcp": published } },
    }),
  };
}

describe("a container", () => {
  it("is found with its files", async () => {
    const files = { "prometheus.yml": "global: {}\n", "host.rules.yml": "x".repeat(100_000), empty: "" };
    await engine({
      "/containers/1/json": inspected(),
      [ARCHIVE]: { body: await archive(files) },
    });
    const found = await findContainer(ours("prometheus"));
    expect(found).toMatchObject({ State: { Status: "running" }, HostConfig: { Memory: 1 } });
    for (const [name, content] of Object.entries(files)) {
      expect(found?.files?.get(name)).toBe(content);
    }
    expect(found?.files?.size).toBe(3);
  });

  it.each([
    ["has no files without a volume for them", "/data", { body: "" }, new Map()],
    ["has none where Docker gives no archive", "/lab", { body: "no archive" }, new Map()],
    ["does not say which where Docker gives none", "/lab", { status: 404, body: '{"message": "gone"}' }, undefined],
  ])("%s", async (_, destination, response, files) => {
    await engine({ "/containers/1/json": inspected(), [ARCHIVE]: response });
    expect((await findContainer(ours("prometheus", destination)))?.files).toStrictEqual(files);
  });

  it("may have disappeared in the meantime", async () => {
    await engine({});
    expect(await findContainer(ours("prometheus"))).toBeUndefined();
  });
});

describe("a lab", () => {
  const network = { Id: "n1", Name: "observability-lab", IPAM: { Config: null } };

  it("without any resource equals the lab of a first update", async () => {
    await engine({ [volumesOf("unit-observability-lab")]: { body: '{"Volumes":null}' } });
    const strangers = {
      containers: [listed("unit-grafana")],
      networks: [{ ...network, Name: "unit-observability-lab", Labels: null }],
    };
    // a prefix that no lab of this machine has, as its processes are looked at
    const settings = settingsWith({ namePrefix: "unit-", flaskPort: "1" });
    expect(await observeLab(settings, { ...LINUX, ...strangers })).toStrictEqual({
      ...FRESH,
      folder: path.join(folder, "observability-lab", "unit-observability-lab"),
      repairTime: expect.any(Function) as () => string,
    });
  });

  it("is observed with the password that its Grafana was given, at the address where it is published", async () => {
    const grafana = await serve({ "/api/user": { status: 401, body: "{}" } });
    servers.push(grafana);
    const server = await engine({
      [VOLUMES]: { body: '{"Volumes":[{"Name":"observability-lab-grafana"}]}' },
      "/containers/1/json": inspected(grafana.port),
      [ARCHIVE]: { body: await archive({ admin_password: "correct-horse" }) },
    });
    const machine = { ...LINUX, containers: [ours("grafana")], networks: [{ ...network, Labels: OURS }] };
    const found = await observeLab(settingsWith({ flaskPort: "1" }), machine);
    expect(found).toMatchObject({ network: "n1", grafana: { password: "Grafana refused it", found: undefined } });
    expect([...found.containers.keys()]).toStrictEqual(["grafana"]);
    expect(grafana.requests.map(({ authorization }) => authorization)).toStrictEqual([
      `Basic ${Buffer.from("admin:correct-horse").toString("base64")}`,
    ]);
    // a look changes nothing
    expect(new Set(server.requests.map(({ method }) => method))).toStrictEqual(new Set(["GET"]));
  });

  it("with a prefix has prefixed names", async () => {
    const lab = "b-observability-lab";
    await engine({
      "/containers/1/json": inspected(),
      [volumesOf(lab)]: { body: JSON.stringify({ Volumes: [{ Name: `${lab}-grafana` }] }) },
    });
    const labels = { "observability-lab.lab": lab };
    const machine = {
      ...LINUX,
      containers: [ours("b-cadvisor", "/data", labels), ours("cadvisor", "/data")],
      networks: [
        { ...network, Labels: OURS },
        { ...network, Id: "n2", Name: lab, Labels: labels },
      ],
    };
    const found = await observeLab(settingsWith({ namePrefix: "b-", flaskPort: "1" }), machine);
    expect({ network: found.network, names: [...found.containers.keys()], volumes: found.volumes }).toStrictEqual({
      network: "n2",
      names: ["b-cadvisor"],
      volumes: new Set([`${lab}-grafana`]),
    });
  });

  it.each([
    ["does not publish a port", undefined, "admin_password"],
    ["has no password", 1, "other"],
    ["does not respond", 1, "admin_password"],
  ])("whose Grafana %s is observed without Grafana's content", async (_, port, file) => {
    await engine({
      [VOLUMES]: { body: '{"Volumes":[{"Name":"observability-lab-grafana"}]}' },
      "/containers/1/json": inspected(port),
      [ARCHIVE]: { body: await archive({ [file]: "secret" }) },
    });
    const machine = { ...LINUX, containers: [ours("grafana")] };
    expect(await observeLab(settingsWith({ flaskPort: "1" }), machine)).toMatchObject({
      grafana: { password: undefined, found: undefined },
    });
  });
});
