import * as pulumi from "@pulumi/pulumi";
import * as grafana from "@pulumiverse/grafana";
import { dashboardDrift, recordVersion } from "../../lib/drift/dashboards";
import { MISSING, replaceOnDrift } from "../../lib/drift/drift";
import { Grafana } from "../monitoring/grafana";
import { ensureFolder } from "../monitoring/grafanaFolder";

export interface ManagedDashboardArgs {
  readonly uid: string;
  /** The dashboard's JSON. */
  readonly json: string;
  readonly grafana: Grafana;
}

/** A dashboard in the lab's folder of Grafana; the next update restores it if it was edited or deleted there. */
export function createManagedDashboard(
  name: string,
  { uid, json, grafana: server }: ManagedDashboardArgs,
  parent: pulumi.Resource,
): grafana.oss.Dashboard {
  const { observed, api } = server;
  const drift = dashboardDrift(uid, observed.grafana.found, observed.savedVersions.get(uid));
  const { reason, options: repair } = replaceOnDrift(observed, `the dashboard ${uid}`, drift, "message");
  const before = (): Promise<void> => ensureFolder(api);
  const after = ({ newOutputs }: pulumi.ResourceHookArgs): void => {
    recordVersion(observed.folder, uid, (newOutputs as { version: number }).version);
  };
  return new grafana.oss.Dashboard(
    `${name}-dashboard`,
    { configJson: json, folder: server.folderUid, overwrite: true, message: reason },
    {
      parent,
      provider: server.provider,
      deletedWith: server.data,
      deleteBeforeReplace: true,
      // an update needs the numeric id of an existing dashboard
      replaceOnChanges: drift === MISSING ? ["message"] : [],
      hooks: { beforeCreate: [before], beforeUpdate: [before], afterCreate: [after], afterUpdate: [after] },
      ...repair,
    },
  );
}
