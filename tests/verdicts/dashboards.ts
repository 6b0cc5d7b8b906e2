import * as fs from "node:fs";
import * as path from "node:path";
import { PROJECT, REAL_DASHBOARDS, REAL_FILES } from "../support/harness";

interface Target {
  readonly expr: string;
}

/** A panel with these queries, or of a type that asks none. */
function panel(type: string, title: string, ...queries: readonly string[]): object {
  const targets: readonly Target[] = queries.map((expr) => ({ expr }));
  return { type, title, gridPos: { w: 12, h: 8 }, targets };
}

function dashboard(uid: string, panels: readonly object[], more: object = {}): object {
  return { uid, title: uid, time: { from: "now-5m", to: "now" }, panels, ...more };
}

/** Dashboards that people have, and of which nothing is wrong. */
export const HEALTHY: Readonly<Record<string, object>> = {
  "an empty query beside another": dashboard("verdict-empty", [panel("timeseries", "Load", "node_load1", "")]),
  "queries left in panels without any": dashboard("verdict-left", [
    panel("text", "Notes", "no_such_metric"),
    panel("dashlist", "More", "no_such_metric"),
    { type: "row", collapsed: true, title: "Closed", panels: [panel("news", "News", "no_such_metric")] },
  ]),
  "panels that Grafana migrates": dashboard("verdict-old", [
    panel("graph", "Old graph", "node_load1"),
    panel("singlestat", "Old stat", "node_load1"),
    panel("table-old", "Old table", "node_load1"),
    panel("natel-discrete-panel", "Old states", "up"),
  ]),
  "metrics that this host does not give": dashboard("verdict-host", [
    panel("timeseries", "Infiniband", "rate(node_infiniband_port_data_received_bytes_total[1m])"),
  ]),
  "a collector that the lab leaves off": dashboard("verdict-off", [
    panel("stat", "NTP", "node_ntp_stratum"),
    panel("stat", "Load", "node_load1"),
  ]),
  "a label value that the host does not have": dashboard("verdict-label", [
    panel("stat", "Tape", 'node_filesystem_avail_bytes{fstype="iso9660"}'),
  ]),
  "a variable of which every value is shown": dashboard(
    "verdict-variable",
    [panel("stat", "$mode", 'rate(node_cpu_seconds_total{mode=~"$mode"}[1m])')],
    {
      templating: {
        list: [
          {
            name: "mode",
            type: "query",
            query: "label_values(node_cpu_seconds_total, mode)",
            includeAll: true,
            multi: true,
            current: { value: ["$__all"] },
          },
        ],
      },
    },
  ),
};

/** The dashboard that is broken in one way after the other. */
export const FIXTURE_UID = "verdict-fixture";
export const FIXTURE_DASHBOARD = dashboard(FIXTURE_UID, [panel("stat", "Targets", "count(up)")]);

/** The same with another panel. */
export function withPanel(type: string, ...queries: readonly string[]): object {
  return dashboard(FIXTURE_UID, [panel("stat", "Targets", "count(up)"), panel(type, "Broken", ...queries)]);
}

/** A catalogue in a folder, with the settings that name it: these dashboards, and the real ones where they are here. */
export function writeCatalogue(folder: string): Readonly<Record<string, unknown>> {
  fs.mkdirSync(folder);
  const own = [...Object.values(HEALTHY), FIXTURE_DASHBOARD].map((model, index) => {
    const entry = { id: index + 1, revision: 1 };
    fs.writeFileSync(fileOf(folder, entry), JSON.stringify(model));
    return entry;
  });
  const real = fs.existsSync(REAL_DASHBOARDS);
  const source = real ? REAL_DASHBOARDS : path.join(PROJECT, "offline", "catalogue");
  const community = real ? REAL_FILES : REAL_FILES.map(({ id }) => ({ id, revision: id === 1860 ? 45 : 1 }));
  for (const entry of community) {
    fs.copyFileSync(fileOf(source, entry), fileOf(folder, entry));
  }
  return { dashboardCatalogue: folder, communityDashboards: [...community, ...own] };
}

/** Adds a dashboard to a catalogue; the entry that names it. */
export function addDashboard(folder: string, id: number, model: object): { id: number; revision: number } {
  const entry = { id, revision: 1 };
  fs.writeFileSync(fileOf(folder, entry), JSON.stringify(model));
  return entry;
}

function fileOf(folder: string, { id, revision }: { id: number; revision: number }): string {
  return path.join(folder, `${String(id)}_rev${String(revision)}.json`);
}
