import { once } from "node:events";
import * as fs from "node:fs";
import * as http from "node:http";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { removeLeftovers, TEMPORARY_LABEL } from "../../lib/docker/temporaryContainer";
import { tryFirewall } from "../../tools/doctor/firewall";
import { LINUX, settingsWith } from "../support/fixtures";

/** How an engine of a test answers: the beginning of a request, and a status with a body. */
type Responses = readonly (readonly [request: string, status: number, body: string])[];

const IMAGE = ["GET /images/", 200, "{}"] as const;
const WORKS: Responses = [
  ["POST /networks/create", 201, "{}"],
  ["POST /containers/create", 201, "{}"],
  ["DELETE /", 204, ""],
];
/** Loopback stands for the gateway, which is not an address of this machine while there is no network. */
const SETTINGS = { ...settingsWith(), gateway: "127.0.0.1", flaskPort: 0 };

let folder: string;
let server: http.Server;
let asked: string[];
const { DOCKER_HOST: before } = process.env;

function startEngine(responses: Responses): Promise<void> {
  asked = [];
  server = http.createServer(({ method = "", url = "" }, response) => {
    const request = `${method} ${url}`;
    asked.push(request);
    // the last part of a path says what a container is to do
    const [, status, body] = responses.find(([start]) => request.startsWith(start) || request.endsWith(start)) ?? [
      "",
      500,
      `not expected: ${request}`,
    ];
    response.writeHead(status).end(status === 204 ? undefined : body);
  });
  return new Promise((resolve) => server.listen(path.join(folder, "docker.sock"), resolve));
}

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-firewall-"));
  process.env.DOCKER_HOST = `unix://${folder}/docker.sock`;
});

afterEach(() => {
  server.close();
  server.closeAllConnections();
  fs.rmSync(folder, { recursive: true });
  if (before === undefined) {
    delete process.env.DOCKER_HOST;
  } else {
    process.env.DOCKER_HOST = before;
  }
});

/** The removals that were requested. */
function removed(): string[] {
  return asked.filter((request) => request.startsWith("DELETE")).map((request) => request.replace(/-[0-9a-f]{8}/, ""));
}

describe("a firewall", () => {
  it.each([
    [0, "ok", undefined],
    [1, "problem", expect.stringContaining("allow it: iptables -I INPUT -s 172.30.90.0/24 -p tcp") as unknown],
  ])("is detected by the exit code of a container that connects: %d", async (code, state, fix) => {
    const ends = ["/wait", 200, JSON.stringify({ StatusCode: code })] as const;
    await startEngine([IMAGE, ...WORKS, ["/start", 204, ""], ends]);
    const finding = await tryFirewall(SETTINGS, LINUX);
    expect({ state: finding.state, fix: finding.fix }).toEqual({ state, fix });
    expect(removed()).toEqual([
      "DELETE /containers/observability-lab-doctor?force=1&v=1",
      "DELETE /networks/observability-lab-doctor",
    ]);
  });

  it("is tested at another port if a program that is not the lab's app has flaskPort", async () => {
    const other = http.createServer((_, response) => response.writeHead(404).end()).listen(0, SETTINGS.gateway);
    await once(other, "listening");
    const { port: flaskPort } = other.address() as net.AddressInfo;
    await startEngine([IMAGE, ...WORKS, ["/start", 204, ""], ["/wait", 200, '{"StatusCode":0}']]);
    const seen = async (appPort?: number): Promise<string> =>
      (await tryFirewall({ ...SETTINGS, flaskPort }, LINUX, appPort)).seen;
    expect(await seen()).toMatch(/at 127\.0\.0\.1:\d+ \(flaskPort is in use\)$/);
    expect(await seen(flaskPort)).toMatch(new RegExp(`at 127\\.0\\.0\\.1:${String(flaskPort)}$`));
    other.close();
  });

  it("is tested on the lab's own network if that is up", async () => {
    await startEngine([IMAGE, ...WORKS, ["/start", 204, ""], ["/wait", 200, '{"StatusCode":0}']]);
    const own = { Id: "1", Name: "observability-lab", IPAM: { Config: [] } };
    expect((await tryFirewall(SETTINGS, { ...LINUX, networks: [own] })).state).toBe("ok");
    expect(removed()).toEqual(["DELETE /containers/observability-lab-doctor?force=1&v=1"]);
  });

  it("is not tested without an image, and nothing is created", async () => {
    await startEngine([["GET /images/", 404, "{}"]]);
    expect(await tryFirewall(SETTINGS, LINUX)).toMatchObject({ state: "skipped" });
    expect(asked.filter((request) => !request.startsWith("GET"))).toEqual([]);
  });

  it("is not reported if the test itself fails, and its resources are removed", async () => {
    await startEngine([IMAGE, ...WORKS, ["/start", 500, "no space left"]]);
    expect(await tryFirewall(SETTINGS, LINUX)).toMatchObject({
      state: "skipped",
      seen: expect.stringMatching(/^the test failed: Docker returned 500 to POST .*start: no space left$/) as unknown,
    });
    expect(removed()).toHaveLength(2);
  });

  it("of Docker Desktop is not tested", async () => {
    await startEngine([]);
    expect((await tryFirewall(SETTINGS, { ...LINUX, native: false })).state).toBe("ok");
    expect(asked).toEqual([]);
  });

  it("test removes the leftovers of a test that was killed, and keeps those of one that is running", async () => {
    const left = (pid: number): object => ({ Id: String(pid), Labels: { [TEMPORARY_LABEL]: String(pid) } });
    const gone = 2 ** 22 + 1; // above the kernel's highest
    await startEngine([
      ["GET /containers/json", 200, JSON.stringify([left(process.pid), left(gone)])],
      ["GET /networks?", 200, JSON.stringify([left(gone)])],
      ["DELETE /", 204, ""],
    ]);
    await removeLeftovers();
    expect(removed()).toEqual([`DELETE /containers/${String(gone)}?force=1&v=1`, `DELETE /networks/${String(gone)}`]);
  });
});
