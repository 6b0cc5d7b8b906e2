import { CORE_PANELS, missingPanelTypes, PLUGINS_PLACE } from "../../../dashboards/community/panelTypes";
import { CheckError, getJson, LabOutputs, signIn } from "../lab";
import { StoredDashboard } from "./model";

/**
 * Checks that Grafana has a plugin for every panel of a dashboard.
 *
 * @throws CheckError that names the panel types for which Grafana shows "Panel plugin not found".
 */
export async function checkPlugins(lab: LabOutputs, dashboard: StoredDashboard): Promise<void> {
  const plugins = await getJson<{ id: string }[]>(`${lab.grafanaUrl}/api/plugins?type=panel`, signIn(lab));
  const listed = plugins.map(({ id }) => id);
  // a Grafana that lists none of its core panels has them nevertheless
  const own = listed.some((id) => CORE_PANELS.has(id)) ? [] : CORE_PANELS;
  const missing = missingPanelTypes(dashboard, new Set([...own, ...listed]));
  if (missing.length > 0) {
    throw new CheckError(
      `Panel plugin not found: ${missing.join(", ")}`,
      `remove the dashboard, or set grafanaImage to an image of your own with them, ${PLUGINS_PLACE}`,
    );
  }
}
