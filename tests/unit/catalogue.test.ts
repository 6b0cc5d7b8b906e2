import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { readCatalogue } from "../../dashboards/community/catalogue";
import { settingsWith } from "../support/fixtures";
import { serve, TestServer } from "../support/servers";

const GOOD = JSON.stringify({ title: "Node", panels: [] });
const SUM = createHash("sha256").update(GOOD).digest("hex");
const PATH = "/7/revisions/2/download";

let folder: string;
let server: TestServer | undefined;
const cacheHome = process.env.XDG_CACHE_HOME;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-catalogue-"));
  process.env.XDG_CACHE_HOME = path.join(folder, "cache");
});

afterEach(async () => {
  await server?.close();
  server = undefined;
  fs.rmSync(folder, { recursive: true });
  if (cacheHome === undefined) {
    delete process.env.XDG_CACHE_HOME;
  } else {
    process.env.XDG_CACHE_HOME = cacheHome;
  }
});

/** What a catalogue gives for dashboard 7 in revision 2. */
function read(catalogue: string, sha256?: string): ReturnType<typeof readCatalogue> {
  return readCatalogue(
    settingsWith({
      dashboardCatalogue: catalogue,
      communityDashboards: JSON.stringify([{ id: 7, revision: 2, sha256 }]),
    }),
  );
}

/** Everything below the cache's folder. */
function cached(): string[] {
  const cache = path.join(folder, "cache", "observability-lab", "dashboards");
  return fs.existsSync(cache) ? fs.readdirSync(cache) : [];
}

describe("a folder as catalogue", () => {
  it.each([SUM, undefined])("provides its file, with the sum %s", async (sha256) => {
    fs.writeFileSync(path.join(folder, "7_rev2.json"), GOOD);
    expect(await read(folder, sha256)).toEqual({ entries: [{ id: 7, revision: 2, sha256, json: GOOD }], problems: [] });
  });

  it("without the file is reported with the path to put it at", async () => {
    const { entries, problems } = await read(folder, SUM);
    expect(entries).toStrictEqual([]);
    expect(problems).toStrictEqual([
      {
        setting: "dashboardCatalogue",
        value: folder,
        problem: expect.stringMatching(
          /^does not provide dashboard 7 revision 2 \(.*ENOENT.*7_rev2\.json'\)$/,
        ) as unknown,
        fix: "put the file there, or set another folder or URL",
      },
    ]);
  });

  it("with a changed file is reported with the sum of that file", async () => {
    fs.writeFileSync(path.join(folder, "7_rev2.json"), GOOD);
    const { entries, problems } = await read(folder, "0".repeat(64));
    expect(entries).toStrictEqual([]);
    expect(problems).toMatchObject([
      { setting: "communityDashboards", problem: `the catalogue's file has the sha256 ${SUM}` },
    ]);
  });

  it.each(["<html>", "null", "[]", '{"title": "no panels"}', '{"panels": {}}'])(
    "with %s as its file is rejected",
    async (text) => {
      fs.writeFileSync(path.join(folder, "7_rev2.json"), text);
      const { entries, problems } = await read(folder);
      expect(entries).toStrictEqual([]);
      expect(problems).toMatchObject([
        { setting: "dashboardCatalogue", problem: "gives no dashboard for 7: the file is not JSON with panels" },
      ]);
    },
  );

  it("with other revisions only is reported with these", async () => {
    fs.writeFileSync(path.join(folder, "7_rev1.json"), GOOD);
    fs.writeFileSync(path.join(folder, "77_rev2.json"), GOOD);
    expect((await read(folder)).problems).toStrictEqual([
      {
        setting: "communityDashboards",
        value: { id: 7, revision: 2 },
        problem: `${folder} has no revision 2 of dashboard 7, but 1`,
        fix: "set a revision that it has, with the sha256 of its file",
      },
    ]);
  });

  it.each([
    [
      { __inputs: [{ name: "DS_LOKI", type: "datasource", pluginId: "loki" }], panels: [] },
      "dashboard 7 needs a datasource of type loki, and the lab has prometheus only",
      "take it out, or set a dashboard that queries only Prometheus",
    ],
    [
      { panels: [{ libraryPanel: { uid: "a", name: "CPU" } }] },
      "dashboard 7 uses library panels that its file does not contain: CPU",
      "export it again for sharing with another instance, which puts them into the file",
    ],
  ])("with a dashboard that the lab cannot show is reported with the reason: %#", async (exported, problem, fix) => {
    fs.writeFileSync(path.join(folder, "7_rev2.json"), JSON.stringify(exported));
    const { entries, problems } = await read(folder);
    expect(entries).toStrictEqual([]);
    expect(problems).toStrictEqual([{ setting: "communityDashboards", value: { id: 7, revision: 2 }, problem, fix }]);
  });

  it("is reported with every file that is missing", async () => {
    const dashboards = [1, 2, 3].map((id) => ({ id, revision: 1 }));
    const settings = settingsWith({ dashboardCatalogue: folder, communityDashboards: JSON.stringify(dashboards) });
    expect((await readCatalogue(settings)).problems).toHaveLength(3);
  });
});

describe("a URL as catalogue", () => {
  it("is requested once, and served from the cache afterwards", async () => {
    server = await serve({ [PATH]: { body: GOOD } });
    const first = await read(`${server.url}/`, SUM);
    expect(first).toStrictEqual({ entries: [{ id: 7, revision: 2, sha256: SUM, json: GOOD }], problems: [] });
    expect(cached()).toStrictEqual([`${SUM}.json`]);
    await server.close();
    expect(await read(server.url, SUM)).toStrictEqual(first);
    expect(server.asked).toStrictEqual([PATH]);
  });

  it("is requested again for a cached file that is damaged", async () => {
    server = await serve({ [PATH]: { body: GOOD } });
    const file = path.join(folder, "cache", "observability-lab", "dashboards", `${SUM}.json`);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, "");
    expect((await read(server.url, SUM)).problems).toStrictEqual([]);
    expect(fs.readFileSync(file, "utf8")).toBe(GOOD);
  });

  it("needs no cache", async () => {
    server = await serve({ [PATH]: { body: GOOD } });
    fs.writeFileSync(path.join(folder, "cache"), "");
    const { entries, problems } = await read(server.url, SUM);
    expect(problems).toStrictEqual([]);
    expect(entries).toHaveLength(1);
  });

  const WANTED = { id: 7, revision: 2, sha256: SUM };

  it("without the dashboard is reported", async () => {
    server = await serve({});
    expect((await read(server.url, SUM)).problems).toStrictEqual([
      {
        setting: "communityDashboards",
        value: WANTED,
        problem: `${server.url} has no dashboard 7`,
        fix: "check the id on grafana.com/grafana/dashboards, and the setting dashboardCatalogue",
      },
    ]);
  });

  it.each([
    ["its newest", JSON.stringify({ id: 7, revision: 1 }), ", its newest is 1"],
    ["nothing else", JSON.stringify({ id: 7 }), ""],
  ])("without the revision is reported, and %s", async (_, body, others) => {
    server = await serve({ "/7": { body } });
    expect((await read(server.url, SUM)).problems).toStrictEqual([
      {
        setting: "communityDashboards",
        value: WANTED,
        problem: `${server.url} has no revision 2 of dashboard 7${others}`,
        fix: "set a revision that it has, with the sha256 of its file",
      },
    ]);
  });

  it("that is a website is reported as no catalogue's API", async () => {
    server = await serve({ "/7": { body: "<html>" } });
    expect((await read(server.url, SUM)).problems).toStrictEqual([
      {
        setting: "dashboardCatalogue",
        value: server.url,
        problem: "returns no JSON about dashboard 7: it is not the API of a catalogue",
        fix: "set the address of the API, such as https://grafana.com/api/dashboards",
      },
    ]);
  });

  it.each([
    ["the file", PATH, 500],
    ["what it knows of the dashboard", "/7", 404],
  ])("that fails at %s is reported with its response", async (_, failing, status) => {
    server = await serve({ [failing]: { status: 500, body: "" } });
    expect((await read(server.url, SUM)).problems).toStrictEqual([
      {
        setting: "dashboardCatalogue",
        value: server.url,
        problem: `does not provide dashboard 7 revision 2 (${server.url}${PATH} returned ${String(status)})`,
        fix: "check the connection, or set a folder of <id>_rev<revision>.json",
      },
    ]);
  });

  it("that does not respond is reported with the cause", async () => {
    const gone = await serve({});
    await gone.close();
    const { problems } = await read(gone.url, SUM);
    // jest's Error is not the one of fetch, so the cause behind "fetch failed" may be missing here
    const why = /^does not provide dashboard 7 revision 2 \(.*(ECONNREFUSED|fetch failed).*\)$/;
    expect(problems).toMatchObject([{ problem: expect.stringMatching(why) as unknown }]);
  });

  it("with another sum of the file is rejected, and not cached", async () => {
    server = await serve({ [PATH]: { body: `${GOOD}\n` } });
    const { entries, problems } = await read(server.url, SUM);
    expect(entries).toStrictEqual([]);
    expect(problems).toMatchObject([{ setting: "communityDashboards" }]);
    expect(cached()).toStrictEqual([]);
  });
});
