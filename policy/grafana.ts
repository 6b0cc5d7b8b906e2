import type { Unwrap } from "@pulumi/pulumi";
import type * as grafana from "@pulumiverse/grafana";
import { parseJson } from "../lib/shared/attempt";
import type { ResourceId } from "./resource";

/** Types of the resources with a dashboard. */
export const DASHBOARD_TYPES = ["grafana:oss/dashboard:Dashboard"];

/** A dashboard has a uid and a folder. */
export function checkFolder(dashboard: Unwrap<grafana.oss.DashboardArgs>, { name }: ResourceId): readonly string[] {
  return [
    ...(uidOf(dashboard.configJson) === undefined
      ? [
          `${name} has no uid, so Grafana generates one, and links to it break in the next lab. ` +
            'Set a fixed "uid" in configJson.',
        ]
      : []),
    // not resolved: a folder known only after an update counts
    ...((Object.getOwnPropertyDescriptor(dashboard, "folder")?.value ?? "") === ""
      ? [`${name} has no folder, so it would be among the dashboards of users. Set folder: grafana.folderUid.`]
      : []),
  ];
}

function uidOf(json: string): string | undefined {
  const { uid } = (parseJson(json) ?? {}) as { uid?: unknown };
  return typeof uid === "string" && uid !== "" ? uid : undefined;
}
