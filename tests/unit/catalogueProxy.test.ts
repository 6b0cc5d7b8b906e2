import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { createHash } from "node:crypto";
import { readCatalogue } from "../../dashboards/community/catalogue";
import { settingsWith } from "../support/fixtures";
import { serve, TestServer } from "../support/servers";

const FILE = JSON.stringify({ title: "Node", panels: [] });
const SUM = createHash("sha256").update(FILE).digest("hex");
const ADDRESS = "http://catalogue.test/7/revisions/2/download";
const VARIABLES = ["HTTP_PROXY", "http_proxy", "NO_PROXY", "XDG_CACHE_HOME"];

let folder: string;
let server: TestServer;
const before = VARIABLES.map((name) => [name, process.env[name]] as const);

beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-catalogue-"));
  process.env.XDG_CACHE_HOME = folder;
  server = await serve({ [ADDRESS]: { body: FILE } });
});

afterEach(async () => {
  await server.close();
  fs.rmSync(folder, { recursive: true });
  for (const [name, value] of before) {
    if (value === undefined) {
      Reflect.deleteProperty(process.env, name);
    } else {
      process.env[name] = value;
    }
  }
});

/** What the catalogue gives for dashboard 7 in revision 2. */
function read(): ReturnType<typeof readCatalogue> {
  const communityDashboards = JSON.stringify([{ id: 7, revision: 2, sha256: SUM }]);
  return readCatalogue(settingsWith({ dashboardCatalogue: "http://catalogue.test", communityDashboards }));
}

describe("a catalogue behind a proxy", () => {
  it("is requested through it, unless NO_PROXY names the host", async () => {
    process.env.HTTP_PROXY = server.url;
    expect((await read()).problems).toStrictEqual([]);
    expect(server.asked).toStrictEqual([ADDRESS]);
    process.env.NO_PROXY = "catalogue.test";
    fs.rmSync(path.join(folder, "observability-lab"), { recursive: true });
    const [problem] = (await read()).problems;
    expect(problem?.problem).toContain("catalogue.test");
    expect(server.asked).toStrictEqual([ADDRESS]);
  });

  it("may be given without its scheme", async () => {
    process.env.HTTP_PROXY = server.url.replace("http://", "");
    expect((await read()).problems).toStrictEqual([]);
    expect(server.asked).toStrictEqual([ADDRESS]);
  });

  it.each([
    "http://user:p#ss@proxy.example.org:3128",
    "http://DOMAIN\\user:p#ss@proxy.example.org:3128",
    "http://us%er:p#ss@proxy.example.org:3128",
    "http://us%er:pass@proxy.example.org:3128",
  ])("is not requested through the proxy %s, whose variable is named without its value", async (proxy) => {
    process.env.http_proxy = proxy;
    const [found] = (await read()).problems;
    expect(found?.problem).toContain("(HTTP_PROXY is not a URL)");
    expect(found?.fix).toMatch(/^encode the special characters in its user and password, such as %5C for a backslash/);
    expect(JSON.stringify(found)).not.toMatch(/p#ss|pass@|DOMAIN/);
  });
});
