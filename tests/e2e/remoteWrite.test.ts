import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { Worker } from "node:worker_threads";
import {
  configure,
  createTestLab,
  docker,
  eventually,
  inspect,
  labelled,
  removeTestLab,
  sample,
  TestLab,
  verify,
} from "../support/harness";

jest.setTimeout(300_000);

const PREFIX = "remote-write-";
const SUBNET = "172.30.105.0/24";
const GATEWAY = "172.30.105.1";
const RECEIVER = `${PREFIX}receiver`;
const RECEIVER_URL = "http://receiver:9090/api/v1/write";
const PASSWORD = "a password of this test";
const WRONG_PASSWORD = "another password of this test";
/** Of the first, by bcrypt, as Prometheus' web.config.file wants it. */
const HASH = "$2b$05$abcdefghijklmnopqrstuu/eX91P7k83LL4y8vQl23I5f0cP1O/Ya";
const TOKEN = randomBytes(12).toString("hex");

let lab: TestLab;
let output = "";
/** A receiver on the host, which takes everything and notes who sent it, also while this thread waits for a program. */
const RECEIVER_ON_HOST = `
  const { parentPort, workerData } = require("node:worker_threads");
  const server = require("node:http").createServer((request, response) => {
    parentPort.postMessage(request.headers.authorization ?? "nobody");
    request.resume().on("end", () => response.writeHead(204).end());
  });
  server.listen(workerData.port, workerData.host);
`;
let receiverOnHost: Worker | undefined;
const signedInAs = new Set<string>();

beforeAll(async () => {
  lab = await createTestLab(PREFIX, SUBNET);
});

afterAll(async () => {
  spawnSync("docker", ["rm", "--force", "--volumes", RECEIVER]);
  await receiverOnHost?.terminate();
  await removeTestLab(lab);
});

function onOutput(text: string): void {
  output += text;
}

async function setSecret(field: string, value: string): Promise<void> {
  await lab.stack.setConfig(`remoteWrite[${field}`, { value, secret: true }, true);
}

/** What `make verify` says of remote write, and what else fails. */
async function responses(): Promise<{ ok?: boolean; seen?: string; others: readonly unknown[] }> {
  const { checks } = await verify(lab);
  const own = checks.find(({ check }) => check === "remote write");
  return { ok: own?.ok, seen: own?.seen, others: checks.filter((it) => !it.ok && it !== own) };
}

/** Another Prometheus, on the lab's network, which takes samples from whoever has the password. */
function startReceiver(): void {
  const image = docker("inspect", "--format", "{{.Config.Image}}", `${PREFIX}prometheus`);
  const folder = path.join(lab.folder, "receiver");
  fs.mkdirSync(folder);
  fs.writeFileSync(path.join(folder, "prometheus.yml"), "global: {}\n");
  fs.writeFileSync(path.join(folder, "web.yml"), `basic_auth_users: {lab: ${HASH}}\n`);
  docker(
    ...["run", "--detach", "--name", RECEIVER, "--network", lab.lab, "--network-alias", "receiver", "--user", "0"],
    ...["--volume", `${folder}:/receiver:ro`, image, "--config.file=/receiver/prometheus.yml"],
    ...["--web.config.file=/receiver/web.yml", "--web.enable-remote-write-receiver", "--storage.tsdb.path=/tmp"],
  );
}

/** What Prometheus says of its configuration. */
async function config(): Promise<string> {
  return (await fetch(`http://127.0.0.1:${String(lab.ports.prometheusPort)}/api/v1/status/config`)).text();
}

/** Values of a label that the receiver has of the lab's series. */
async function received(label: string): Promise<readonly string[]> {
  const address = inspect(RECEIVER, `(index .NetworkSettings.Networks "${lab.lab}").IPAddress`) as string;
  const authorization = `Basic ${Buffer.from(`lab:${PASSWORD}`).toString("base64")}`;
  const url = `http://${address}:9090/api/v1/label/${label}/values`;
  const response = await fetch(url, { headers: { authorization } });
  return ((await response.json()) as { data: string[] }).data;
}

describe("a lab with receivers that do not exist yet", () => {
  it("comes up, and verify reports which samples are not delivered", async () => {
    // this lab has no Alertmanager to take that port
    const onHost = `http://host.docker.internal:${String(lab.ports.alertmanagerPort)}/`;
    configure(lab, { remoteWrite: [{ url: RECEIVER_URL, username: "lab" }, { url: onHost }] });
    await setSecret("0].password", PASSWORD);
    await setSecret("1].bearerToken", TOKEN);
    await lab.stack.up({ onOutput });
    const { ok, seen, others } = await responses();
    expect(others).toEqual([]);
    expect(ok).toBe(false);
    expect(seen).toBe([RECEIVER_URL, onHost].map((url) => `${url} received no sample of the last 20 s`).join("; "));
  });

  it("has a prometheus.yml that promtool accepts", () => {
    expect(docker("exec", `${PREFIX}prometheus`, "promtool", "check", "config", "/lab/prometheus.yml")).toContain(
      "/lab/prometheus.yml is valid prometheus config file syntax",
    );
  });

  it("has a Prometheus that stops before Docker kills it", () => {
    // Docker's own 10 s are enough on an idle machine; Prometheus' default would be a minute for each receiver
    docker("stop", "--time", "30", `${PREFIX}prometheus`);
    const code = inspect(`${PREFIX}prometheus`, ".State.ExitCode");
    docker("start", `${PREFIX}prometheus`);
    expect(code).toBe(0);
  });
});

describe("a lab with existing receivers", () => {
  it("sends them every series of the lab", async () => {
    startReceiver();
    const workerData = { host: GATEWAY, port: lab.ports.alertmanagerPort };
    receiverOnHost = new Worker(RECEIVER_ON_HOST, { eval: true, workerData });
    receiverOnHost.on("message", (authorization: string) => signedInAs.add(authorization));
    const wanted = ["docker_containers", "flask_app", "linux_host", "prometheus"];
    await eventually(async () => {
      const jobs = await received("job").catch((): readonly string[] => []);
      return wanted.every((job) => jobs.includes(job)) ? jobs : undefined;
    });
    expect(await received("lab")).toEqual([lab.lab]);
  });

  it("authenticates to each as its entry declares", async () => {
    // the other one takes nothing without the password
    expect(await eventually(() => Promise.resolve([...signedInAs][0]))).toBe(`Bearer ${TOKEN}`);
    expect(signedInAs.size).toBe(1);
  });

  it("is reported by verify as delivering", async () => {
    const { ok, seen, others } = await responses();
    expect(others).toEqual([]);
    expect(seen).toMatch(
      /^http:\/\/receiver:9090\/\S+ receives \d+ samples\/s, http:\/\/host\S+ receives \d+ samples\/s$/,
    );
    expect(ok).toBe(true);
  });

  it("shows the credentials nowhere", async () => {
    const secrets = [PASSWORD, WRONG_PASSWORD, TOKEN, Buffer.from(`lab:${PASSWORD}`).toString("base64")];
    const { stdout, stderr } = spawnSync("docker", ["logs", `${PREFIX}prometheus`], { encoding: "utf8" });
    await setSecret("0].password", WRONG_PASSWORD);
    await lab.stack.preview({ diff: true, onOutput });
    const shown = [
      docker("inspect", ...labelled("container", lab.lab)),
      docker("exec", `${PREFIX}prometheus`, "cat", "/lab/prometheus.yml"),
      await config(),
      `${stdout}${stderr}`,
      output,
    ];
    expect(shown[1]).toContain("password_file: /lab/remote_write_0");
    expect(output).toContain("prometheus-config-files");
    expect(output).toContain("[secret]");
    for (const secret of secrets) {
      expect(shown.filter((text) => text.includes(secret))).toEqual([]);
      expect(spawnSync("grep", ["-rlF", secret, lab.folder], { encoding: "utf8" }).stdout).toBe("");
    }
  });
});

describe("a lab with a wrong password", () => {
  it("is reported by verify as rejected", async () => {
    await setSecret("0].password", WRONG_PASSWORD);
    await lab.stack.up({ onOutput });
    await eventually(() => sample(lab, "irate(prometheus_remote_storage_samples_failed_total[20s]) > 0"));
    const { ok, seen, others } = await responses();
    expect(others).toEqual([]);
    expect(ok).toBe(false);
    expect(seen).toBe(`${RECEIVER_URL} rejects samples`);
  });
});

describe("a lab whose receivers are removed", () => {
  it("sends nothing any more, and has no check of remote write", async () => {
    configure(lab, { remoteWrite: [] });
    await lab.stack.up({ onOutput });
    expect(Object.keys(await lab.stack.outputs())).not.toContain("remoteWrite");
    expect(await responses()).toEqual({ ok: undefined, seen: undefined, others: [] });
    expect(await config()).not.toContain("remote_write");
  });
});

describe("destroy", () => {
  it("leaves nothing of the lab", async () => {
    docker("rm", "--force", "--volumes", RECEIVER);
    await lab.stack.destroy();
    expect(labelled("container", lab.lab)).toEqual([]);
    expect(labelled("network", lab.lab)).toEqual([]);
    expect(labelled("volume", lab.lab)).toEqual([]);
  });
});
