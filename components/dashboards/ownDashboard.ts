import { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import * as pulumi from "@pulumi/pulumi";
import * as grafana from "@pulumiverse/grafana";
import { Grafana } from "../monitoring/grafana";
import { createManagedDashboard } from "./managedDashboard";

export interface OwnDashboardArgs {
  /** The dashboard's model, with a uid. */
  readonly model: Dashboard;
  readonly grafana: Grafana;
  /** Whether it is Grafana's home dashboard; at most one is. */
  readonly home: boolean;
}

/** A dashboard that this project writes itself, in the lab's folder. */
export class OwnDashboard extends pulumi.ComponentResource {
  constructor(name: string, args: OwnDashboardArgs, options?: pulumi.ComponentResourceOptions) {
    super("observability-lab:dashboards:OwnDashboard", name, {}, options);
    const uid = args.model.uid ?? name;
    const json = JSON.stringify(args.model);
    const dashboard = createManagedDashboard(name, { uid, json, grafana: args.grafana }, this);
    if (args.home) {
      new grafana.oss.OrganizationPreferences(
        `${name}-home`,
        { homeDashboardUid: uid },
        {
          parent: this,
          provider: args.grafana.provider,
          deletedWith: args.grafana.data,
          // Grafana rejects a dashboard that does not exist yet, and forgets a deleted one
          dependsOn: dashboard,
          replaceWith: [dashboard],
          deleteBeforeReplace: true,
        },
      );
    }
    this.registerOutputs({ uid });
  }
}
