import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { labFolder, readAppState } from "../../components/workloads/appRecord";
import { Answer, serve, TestServer } from "./servers";

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

function writeRecord(text: string): void {
  fs.writeFileSync(path.join(folder, "flask", "record.json"), text);
}

describe("the state of the app", () => {
  it("is the first generation without a record", async () => {
    expect(await readAppState(folder)).toStrictEqual({ generation: 0, alive: false });
    expect(await readAppState(path.join(folder, "nowhere"))).toStrictEqual({ generation: 0, alive: false });
  });

  it.each(['{"generation": 3,', "null", "{}"])(
    "is the first generation with the unreadable record %s",
    async (text) => {
      writeRecord(text);
      expect(await readAppState(folder)).toStrictEqual({ generation: 0, alive: false });
    },
  );

  it.each<[string, Answer, object]>([
    ["stays while the app answers", { body: '{"instance": "mine"}' }, { generation: 3, alive: true }],
    ["moves on when another app answers", { body: '{"instance": "theirs"}' }, { generation: 4, alive: false }],
    ["moves on when something else answers", { body: "<html>" }, { generation: 4, alive: false }],
    ["moves on when nothing of the app is there", { status: 404, body: "{}" }, { generation: 4, alive: false }],
  ])("%s", async (_, answer, expected) => {
    app = await serve({ "/healthz": answer });
    writeRecord(JSON.stringify({ generation: 3, instance: "mine", health: `${app.url}/healthz` }));
    expect(await readAppState(folder)).toStrictEqual(expected);
  });

  it("moves on once nothing answers, and stays there until the app is started", async () => {
    const gone = await serve({});
    await gone.close();
    writeRecord(JSON.stringify({ generation: 0, instance: "mine", health: `${gone.url}/healthz` }));
    expect(await readAppState(folder)).toStrictEqual({ generation: 1, alive: false });
    expect(await readAppState(folder)).toStrictEqual({ generation: 1, alive: false });
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
