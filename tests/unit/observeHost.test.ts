import { ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { labFolder, ObservedHost, observeHost } from "../../lib/drift/host";
import { FakeResponse, serve, TestServer } from "../support/servers";

/** Of a prefix that no lab of this machine has. */
const LAB = "unit-observability-lab";
const TOKEN = `${LAB}-0123456789ab`;

const PORT = 23_999;

let folder: string;
let app: TestServer | undefined;
let stand: ChildProcess | undefined;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-app-"));
  fs.mkdirSync(path.join(folder, "flask"));
});

afterEach(async () => {
  await app?.close();
  if (stand?.kill() === true) {
    await once(stand, "exit"); // the next test would see it
  }
  [app, stand] = [undefined, undefined];
  fs.rmSync(folder, { recursive: true });
});

/** Something that answers so where an app tells its token. */
async function respondWith(response: FakeResponse): Promise<string> {
  app = await serve({ "/healthz": response });
  return `${app.url}/healthz`;
}

/** A process with the arguments of a start of an app, of another user if one is given. */
async function start(instance: string, uid?: number): Promise<number> {
  const idle = ["-e", "console.log(); setInterval(() => undefined, 1000)", "--"];
  const args = ["--listen", `127.0.0.1:${String(PORT)},127.0.0.0/8`, "--listen", "127.0.0.2:1", "--instance", instance];
  stand = spawn(process.execPath, [...idle, ...args], { stdio: ["ignore", "pipe", "ignore"], cwd: "/", uid });
  await new Promise((resolve) => stand?.stdout?.once("data", resolve));
  return stand.pid ?? 0;
}

function writeRecord(record: string | Readonly<Record<string, unknown>>): void {
  const text = typeof record === "string" ? record : JSON.stringify({ pid: 1, instance: TOKEN, ...record });
  fs.writeFileSync(path.join(folder, "flask", "record.json"), text);
}

/** What is found of the app alone. */
async function lookAtApp(): Promise<Omit<ObservedHost, "environments">> {
  const { app: drift, appPort, foreignApp } = await observeHost(LAB, folder);
  return { app: drift, appPort, foreignApp };
}

const NOWHERE = "http://127.0.0.1:1/healthz";
const OURS: FakeResponse = { body: JSON.stringify({ instance: TOKEN }) };
const SOUND = { app: undefined, appPort: PORT, foreignApp: undefined };
const HANGS = { ...SOUND, app: "it did not respond" };
const SILENT = { ...HANGS, appPort: undefined };
const GONE = { ...SILENT, app: "it was missing" };

describe("the app", () => {
  it("is missing without a record and without a process", async () => {
    expect(await lookAtApp()).toStrictEqual(GONE);
    expect((await observeHost(LAB, path.join(folder, "nowhere"))).app).toBe(GONE.app);
  });

  it.each<[string, FakeResponse, object]>([
    ["is sound while it responds with its token", OURS, SOUND],
    ["has drifted when a stranger responds", { body: '{"instance": "theirs"}' }, HANGS],
    ["has drifted when something else responds", { body: "<html>" }, HANGS],
    ["has drifted if the response is not an object", { body: "null" }, HANGS],
    ["has drifted when nothing of the app is there", { status: 404, body: "{}" }, HANGS],
    ["has drifted when another start of it responds", { body: `{"instance": "${LAB}-ba9876543210"}` }, HANGS],
  ])("%s", async (_, response, expected) => {
    writeRecord({ health: await respondWith(response), pid: await start(TOKEN) });
    expect(await lookAtApp()).toStrictEqual(expected);
  });

  it("has drifted if another program responds with its token, which every user can read", async () => {
    const health = await respondWith(OURS);
    writeRecord({ health, pid: process.pid });
    expect(await lookAtApp()).toStrictEqual(SILENT);
    // another start of it is there, which is not the one of the record
    writeRecord({ health, pid: process.pid });
    await start(`${LAB}-ba9876543210`);
    expect(await lookAtApp()).toStrictEqual(HANGS);
  });

  (process.platform === "linux" && process.getuid?.() === 0 ? it : it.skip)(
    "is not a process of another user",
    async () => {
      const pid = await start(TOKEN, 65534);
      writeRecord({ health: await respondWith(OURS), pid });
      expect(await lookAtApp()).toStrictEqual({ ...SILENT, foreignApp: pid });
    },
  );

  it.each(['{"pid": 3,', "null", "{}", `{"pid": "3", "instance": "${TOKEN}", "health": "${NOWHERE}"}`])(
    "is missing with the unreadable record %s",
    async (text) => {
      writeRecord(text);
      expect(await lookAtApp()).toStrictEqual(GONE);
    },
  );

  it.each<[string, string, object]>([
    ["holds the port that it was given although its record is lost", TOKEN, { ...GONE, appPort: PORT }],
    ["is not one of a lab whose name starts with this one's", `${LAB}-${LAB}-0123456789ab`, GONE],
    ["is not one of another lab", `b-${LAB}-0123456789ab`, GONE],
    ["is not one with another token", `${LAB}-0123456789abc`, GONE],
  ])("%s", async (_, instance, expected) => {
    await start(instance);
    expect(await lookAtApp()).toStrictEqual(expected);
  });
});

describe("a virtual environment", () => {
  it("is present while its interpreter can run", async () => {
    for (const name of ["flask", "ansible"]) {
      fs.mkdirSync(path.join(folder, name, "venv", "bin"), { recursive: true });
    }
    fs.symlinkSync(process.execPath, path.join(folder, "flask", "venv", "bin", "python"));
    // as an upgrade of Python leaves it
    fs.symlinkSync("/nonexistent/python3.9", path.join(folder, "ansible", "venv", "bin", "python"));
    expect((await observeHost(LAB, folder)).environments).toStrictEqual({
      flask: undefined,
      ansible: "it was missing",
    });
  });

  it("is missing if an upgrade of Python has left its packages to another version", async () => {
    const python = path.join(folder, "python3.13");
    fs.writeFileSync(python, "", { mode: 0o755 });
    for (const [name, version] of Object.entries({ flask: "python3.13", ansible: "python3.11" })) {
      fs.mkdirSync(path.join(folder, name, "venv", "bin"), { recursive: true });
      fs.mkdirSync(path.join(folder, name, "venv", "lib", version), { recursive: true });
      fs.symlinkSync(python, path.join(folder, name, "venv", "bin", "python"));
    }
    expect((await observeHost(LAB, folder)).environments).toStrictEqual({
      flask: undefined,
      ansible: "it was missing",
    });
  });
});

describe("the lab's folder", () => {
  it.each([
    [{ XDG_STATE_HOME: "/state" }, "/state/observability-lab/a-observability-lab"],
    [{ XDG_STATE_HOME: "" }, path.join(os.homedir(), ".local/state/observability-lab/a-observability-lab")],
    [{}, path.join(os.homedir(), ".local/state/observability-lab/a-observability-lab")],
  ])("follows the XDG rules: %j", (env, expected) => {
    expect(labFolder("a-observability-lab", env)).toBe(expected);
  });
});
