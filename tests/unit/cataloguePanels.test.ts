import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { readCatalogue } from "../../dashboards/community/catalogue";
import { CORE_PANELS, missingPanelTypes } from "../../dashboards/community/panelTypes";
import { PanelPlugins } from "../../lib/drift/grafana";
import { settingsWith } from "../support/fixtures";

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-panels-"));
});

afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

describe("a dashboard with panels of plugins", () => {
  const exported = (...panels: object[]): void => {
    fs.writeFileSync(
      path.join(folder, "7_rev2.json"),
      JSON.stringify({ title: "Panels", panels, __requires: REQUIRES, __elements }),
    );
  };
  const REQUIRES = [
    { type: "grafana", id: "grafana", name: "Grafana", version: "11.0.0" },
    { type: "panel", id: "grafana-polystat-panel", name: "Polystat", version: "2.1.0" },
    { type: "panel", id: "left-over-panel", name: "Left over", version: "1.0.0" },
  ];
  const __elements = { a: { uid: "a", name: "CPU", kind: 1, model: { type: "vonage-status-panel" } } };
  const readWith = (grafanaImage: string, plugins?: PanelPlugins): ReturnType<typeof readCatalogue> => {
    const communityDashboards = JSON.stringify([{ id: 7, revision: 2 }]);
    const settings = settingsWith({ dashboardCatalogue: folder, communityDashboards, grafanaImage });
    return plugins === undefined ? readCatalogue(settings) : readCatalogue(settings, () => Promise.resolve(plugins));
  };
  const STOCK = "grafana/grafana:13.2.2";

  it("is rejected with the plugins that its panels need, including panels in rows and from the library", async () => {
    exported(
      { type: "stat" },
      { type: "row", panels: [{ type: "grafana-polystat-panel" }, { libraryPanel: { uid: "a", name: "CPU" } }] },
      { title: "without a type" },
    );
    const { entries, problems } = await readWith(STOCK);
    expect(entries).toStrictEqual([]);
    expect(problems).toStrictEqual([
      {
        setting: "communityDashboards",
        value: { id: 7, revision: 2 },
        problem:
          "dashboard 7 has panels of plugins that Grafana lacks: " +
          "grafana-polystat-panel (Polystat 2.1.0), vonage-status-panel",
        fix:
          "take it out, or set grafanaImage to an image of your own with them, " +
          "with GF_PATHS_PLUGINS outside /var/lib/grafana",
      },
    ]);
  });

  it.each([
    `grafana/grafana@sha256:${"0".repeat(64)}`,
    "grafana/grafana-oss:13.2.2",
    "grafana/grafana-enterprise:13.2.2",
    "docker.io/grafana/grafana:13.2.2",
    `grafana/grafana:13.2.2@sha256:${"a".repeat(64)}`,
    "observability-lab/grafana:offline",
  ])("is rejected for the image %s, which contains Grafana's own panels only", async (image) => {
    exported({ type: "grafana-polystat-panel" });
    expect((await readWith(image)).problems).toHaveLength(1);
  });

  it.each<[string, string, PanelPlugins]>([
    ["an image of the user's own may have them", "registry.example.com/grafana/grafana:13", new Set()],
    ["the lab's Grafana has them", STOCK, new Set(["grafana-polystat-panel"])],
    ["the lab's Grafana may have them and cannot be asked", STOCK, "unknown"],
  ])("is accepted where %s", async (_, image, plugins) => {
    exported({ type: "grafana-polystat-panel" });
    expect((await readWith(image, plugins)).problems).toStrictEqual([]);
  });

  it.each([
    ["graph", "graphite", "singlestat", "table-old", "text2"],
    ["grafana-singlestat-panel", "grafana-piechart-panel", "grafana-worldmap-panel", "natel-discrete-panel"],
    ["timeseries", "barchart", "state-timeline", "nodeGraph", "logs", "flamegraph", "xychart"],
  ])("is accepted without asking Grafana where Grafana contains or migrates them: %s", async (...types) => {
    exported(...types.map((type) => ({ type })));
    const settings = settingsWith({
      dashboardCatalogue: folder,
      communityDashboards: JSON.stringify([{ id: 7, revision: 2 }]),
    });
    const plugins = jest.fn();
    expect((await readCatalogue(settings, plugins)).problems).toStrictEqual([]);
    expect(plugins).not.toHaveBeenCalled();
  });
});

describe("a reference to a library panel in Grafana", () => {
  it("has the type of its model, and needs no plugin itself", () => {
    const panels = [{ type: "library-panel-ref", libraryPanel: { uid: "a", name: "CPU" } }];
    expect(missingPanelTypes({ panels }, CORE_PANELS)).toStrictEqual([]);
  });
});
