import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { labFolder, lookAtHost } from "../../components/condition/host";
import { Answer, serve, TestServer } from "./servers";

const LAB = "observability-lab";
const TOKEN = `${LAB}-0123456789ab`;

let folder: string;
let app: TestServer | undefined;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-app-"));
  fs.mkdirSync(path.join(folder, "flask"));
});

afterEach(async () => {
  await app?.close();
  app = undefined;
  fs.rmSync(folder, { recursive: true });
});

/** Something that answers so where an app tells its token. */
async function answerWith(answer: Answer): Promise<string> {
  app = await serve({ "/healthz": answer });
  return `${app.url}/healthz`;
}

function writeRecord(record: string | Readonly<Record<string, unknown>>): void {
  const text = typeof record === "string" ? record : JSON.stringify({ pid: 1, instance: TOKEN, ...record });
  fs.writeFileSync(path.join(folder, "flask", "record.json"), text);
}

/** What is found of the app alone. */
async function lookAtApp(health: string): Promise<{ app: string | undefined; appListens: boolean }> {
  const { app: damage, appPort } = await lookAtHost(LAB, folder, health);
  return { app: damage, appListens: appPort !== undefined };
}

const NOWHERE = "http://127.0.0.1:1/healthz";
const SOUND = { app: undefined, appListens: true };
const SILENT = { app: "it did not answer", appListens: false };
const GONE = { app: "it was not there", appListens: false };
const LOST = { app: "it was not there", appListens: true };

describe("the app", () => {
  it("is not there without a record and without an answer", async () => {
    expect(await lookAtApp(NOWHERE)).toStrictEqual(GONE);
    expect((await lookAtHost(LAB, path.join(folder, "nowhere"), NOWHERE)).app).toBe(GONE.app);
  });

  it.each<[string, Answer, object]>([
    ["is sound while it answers with its token", { body: JSON.stringify({ instance: TOKEN }) }, SOUND],
    ["is damaged when a stranger answers", { body: '{"instance": "theirs"}' }, SILENT],
    ["is damaged when something else answers", { body: "<html>" }, SILENT],
    ["is damaged when a text that is no object answers", { body: "null" }, SILENT],
    ["is damaged when nothing of the app is there", { status: 404, body: "{}" }, SILENT],
    [
      "is damaged when another start of it answers, which holds the port",
      { body: `{"instance": "${LAB}-ba9876543210"}` },
      { app: SILENT.app, appListens: true },
    ],
  ])("%s", async (_, answer, expected) => {
    writeRecord({ health: await answerWith(answer) });
    expect(await lookAtApp(NOWHERE)).toStrictEqual(expected);
  });

  it("is damaged once nothing answers, and stays so until it is started", async () => {
    writeRecord({ health: NOWHERE });
    expect(await lookAtApp(NOWHERE)).toStrictEqual(SILENT);
    expect(await lookAtApp(NOWHERE)).toStrictEqual(SILENT);
  });

  it.each(['{"pid": 3,', "null", "{}", `{"pid": "3", "instance": "${TOKEN}", "health": "${NOWHERE}"}`])(
    "is not there with the unreadable record %s",
    async (text) => {
      writeRecord(text);
      expect(await lookAtApp(NOWHERE)).toStrictEqual(GONE);
    },
  );

  it.each<[string, string, object]>([
    ["holds the port that it was given although its record is lost", `"${TOKEN}"`, LOST],
    ["is not one of a lab whose name starts with this one's", `"${LAB}-${LAB}-0123456789ab"`, GONE],
    ["is not one of another lab", '"b-observability-lab-0123456789ab"', GONE],
    ["is no stranger whose token is a number", "5", GONE],
  ])("%s", async (_, instance, expected) => {
    expect(await lookAtApp(await answerWith({ body: `{"instance": ${instance}}` }))).toStrictEqual(expected);
  });

  (process.platform === "linux" ? it : it.skip)("that hangs still holds its port", async () => {
    // this process stands for the app: what its command line names stands for the token
    const instance = path.basename(String(process.argv[1]));
    writeRecord({ pid: process.pid, instance, health: NOWHERE });
    expect(await lookAtApp(NOWHERE)).toStrictEqual({ app: SILENT.app, appListens: true });
    writeRecord({ pid: process.pid, instance: "another", health: NOWHERE });
    expect(await lookAtApp(NOWHERE)).toStrictEqual(SILENT);
  });
});

describe("a virtual environment", () => {
  it("is there while its interpreter can run", async () => {
    for (const room of ["flask", "ansible"]) {
      fs.mkdirSync(path.join(folder, room, "venv", "bin"), { recursive: true });
    }
    fs.symlinkSync(process.execPath, path.join(folder, "flask", "venv", "bin", "python"));
    // as an upgrade of Python leaves it
    fs.symlinkSync("/nonexistent/python3.9", path.join(folder, "ansible", "venv", "bin", "python"));
    expect((await lookAtHost(LAB, folder, NOWHERE)).environments).toStrictEqual({
      flask: undefined,
      ansible: "it was not there",
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
