import { createHash } from "node:crypto";
import { FOLDER, PanelPlugins } from "../../lib/drift/grafana";
import { CommunityDashboard } from "../../lib/settings/settings";
import { Problem } from "../../lib/shared/problems";
import { CatalogueEntry } from "./entry";
import { hasForeignQueriesOnly, importDashboard, missingLibraryPanels, otherDatasourceTypes } from "./import";
import { CORE_PANELS, missingPanelTypes, PLUGINS_PLACE, STOCK_IMAGE } from "./panelTypes";

/** Whether the file has the checksum of the setting. */
export function checkSum(dashboard: CommunityDashboard, file: Buffer): Problem | undefined {
  const sum = createHash("sha256").update(file).digest("hex");
  return dashboard.sha256 === undefined || dashboard.sha256 === sum
    ? undefined
    : {
        setting: "communityDashboards",
        value: dashboard,
        problem: `the catalogue's file has the sha256 ${sum}`,
        fix: "look at what changed in the file, and set this sum only if you trust it",
      };
}

/** Reports a dashboard that needs something that the lab lacks. */
export function checkNeeds(dashboard: CommunityDashboard, json: string): Problem | undefined {
  const problemOf = (problem: string, fix: string): Problem => ({
    setting: "communityDashboards",
    value: dashboard,
    problem: `dashboard ${String(dashboard.id)} ${problem}`,
    fix,
  });
  const types = otherDatasourceTypes(json);
  if (types.length > 0) {
    return problemOf(
      `needs a datasource of type ${types.join(", ")}, and the lab has prometheus only`,
      "take it out, or set a dashboard that queries only Prometheus",
    );
  }
  if (hasForeignQueriesOnly(json)) {
    return problemOf(
      "has no query in PromQL, and the lab has a datasource of type prometheus only",
      "take it out, or set a dashboard that queries Prometheus",
    );
  }
  const panels = missingLibraryPanels(json);
  if (panels.length > 0) {
    return problemOf(
      `uses library panels that its file does not contain: ${panels.join(", ")}`,
      "export it again for sharing with another instance, which puts them into the file",
    );
  }
  const { title } = JSON.parse(json) as { title?: unknown };
  return typeof title === "string" && title.trim() !== ""
    ? undefined
    : problemOf("has no title, without which Grafana refuses it", "give its file a title that is a string");
}

/**
 * Panels for which Grafana would show "Panel plugin not found".
 *
 * @param plugins Lists the panel plugins of the lab's Grafana; called only if a dashboard needs one.
 */
export async function checkPanels(
  entry: CatalogueEntry,
  image: string,
  plugins: () => Promise<PanelPlugins>,
): Promise<Problem | undefined> {
  const foreign = missingPanelTypes(importDashboard(entry, ""), CORE_PANELS);
  // a custom image may include them: make verify checks its Grafana
  if (foreign.length === 0 || !STOCK_IMAGE.test(image)) {
    return undefined;
  }
  const installed = await plugins();
  const missing = installed === "unknown" ? [] : foreign.filter((type) => !installed.has(type));
  const { json, ...dashboard } = entry;
  return missing.length === 0
    ? undefined
    : {
        setting: "communityDashboards",
        value: dashboard,
        problem: `dashboard ${String(entry.id)} has panels of plugins that Grafana lacks: ${namePlugins(missing, json)}`,
        fix: `take it out, or set grafanaImage to an image of your own with them, ${PLUGINS_PLACE}`,
      };
}

/** The plugins, with their names and versions if the file has them. */
function namePlugins(ids: readonly string[], json: string): string {
  const { __requires: requires } = JSON.parse(json) as { __requires?: unknown };
  const known = (Array.isArray(requires) ? requires : []) as readonly Partial<Record<string, unknown> | null>[];
  const named = ids.map((id) => {
    const plugin = known.find((it) => it?.id === id);
    return plugin ? `${id} (${String(plugin.name)} ${String(plugin.version)})` : id;
  });
  return named.join(", ");
}

/** Dashboards with a uid that is taken; `own` are the uids of the lab's own dashboards. */
export function checkUids(entries: readonly CatalogueEntry[], own: readonly string[]): readonly Problem[] {
  const holders = new Map([
    [FOLDER.uid, "the lab's folder"],
    ...own.map((uid) => [uid, "one of the lab's own"] as const),
  ]);
  return entries.flatMap((entry) => {
    const { uid } = importDashboard(entry, "");
    const holder = holders.get(uid);
    holders.set(uid, holder ?? `dashboard ${String(entry.id)}`);
    return holder === undefined
      ? []
      : {
          setting: "communityDashboards",
          value: { id: entry.id, revision: entry.revision },
          problem: `dashboard ${String(entry.id)} has the same uid as ${holder}: ${uid}; Grafana can store only one of them`,
          fix: "take it out, or give its file another uid",
        };
  });
}
