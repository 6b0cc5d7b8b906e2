import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { readCatalogue } from "../../dashboards/community/catalogue";
import { settingsWith } from "../support/fixtures";

const GOOD = JSON.stringify({ title: "Node", panels: [] });

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-catalogue-"));
});

afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

/** What the folder gives for dashboard 7 in revision 2. */
function read(sha256?: string): ReturnType<typeof readCatalogue> {
  const communityDashboards = JSON.stringify([{ id: 7, revision: 2, sha256 }]);
  return readCatalogue(settingsWith({ dashboardCatalogue: folder, communityDashboards }));
}

describe("a file of a catalogue", () => {
  it("with a uid that is taken is reported with its owner", async () => {
    const communityDashboards = JSON.stringify([1, 2, 3, 4, 5].map((id) => ({ id, revision: 1 })));
    for (const [index, uid] of ["same", "other", "same", "lab-flask", "observability-lab"].entries()) {
      fs.writeFileSync(
        path.join(folder, `${String(index + 1)}_rev1.json`),
        JSON.stringify({ uid, title: `Title ${String(index)}`, panels: [] }),
      );
    }
    const { problems } = await readCatalogue(settingsWith({ dashboardCatalogue: folder, communityDashboards }));
    const invalid = {
      setting: "communityDashboards",
      fix: "take it out, or give its file another uid",
    };
    expect(problems).toStrictEqual([
      {
        ...invalid,
        value: { id: 3, revision: 1 },
        problem: "dashboard 3 has the same uid as dashboard 1: same; Grafana can store only one of them",
      },
      {
        ...invalid,
        value: { id: 4, revision: 1 },
        problem: "dashboard 4 has the same uid as one of the lab's own: lab-flask; Grafana can store only one of them",
      },
      {
        ...invalid,
        value: { id: 5, revision: 1 },
        problem:
          "dashboard 5 has the same uid as the lab's folder: observability-lab; Grafana can store only one of them",
      },
    ]);
  });

  it("with a title that Grafana cannot tell from another gets the id appended", async () => {
    const communityDashboards = JSON.stringify([1, 2, 3, 4, 5].map((id) => ({ id, revision: 1 })));
    for (const [index, title] of ["Node", " node!", "Jobs", "Nodes", "Observability lab"].entries()) {
      const uid = `uid${String(index)}`;
      fs.writeFileSync(path.join(folder, `${String(index + 1)}_rev1.json`), JSON.stringify({ uid, title, panels: [] }));
    }
    const { entries, problems } = await readCatalogue(
      settingsWith({ dashboardCatalogue: folder, communityDashboards }),
    );
    expect(problems).toStrictEqual([]);
    expect(entries.map(({ json }) => (JSON.parse(json) as { title: string }).title)).toStrictEqual([
      "Node",
      "node! (2)",
      "Jobs (3)",
      "Nodes",
      "Observability lab (5)",
    ]);
  });

  it.each([undefined, null, "", " ", 2024])(
    "with the title %j is rejected, as Grafana would reject it",
    async (title) => {
      fs.writeFileSync(path.join(folder, "7_rev2.json"), JSON.stringify({ title, panels: [] }));
      expect((await read()).problems.map(({ problem }) => problem)).toStrictEqual([
        "dashboard 7 has no title, without which Grafana refuses it",
      ]);
    },
  );

  it.each(["utf8", "utf16le"] as const)(
    "may contain %s with a byte order mark, which its sum includes",
    async (encoding) => {
      const file = Buffer.from(`\ufeff${GOOD}`, encoding);
      fs.writeFileSync(path.join(folder, "7_rev2.json"), file);
      const { entries, problems } = await read(createHash("sha256").update(file).digest("hex"));
      expect(problems).toStrictEqual([]);
      expect(entries.map(({ json }) => json)).toStrictEqual([GOOD]);
    },
  );
});
