import { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import * as pulumi from "@pulumi/pulumi";
import * as grafana from "@pulumiverse/grafana";
import { Grafana } from "../monitoring/grafana";

export interface OwnDashboardArgs {
  /** The dashboard's model, with a uid. */
  readonly model: Dashboard;
  readonly grafana: Grafana;
  /** Whether Grafana opens with it; at most one dashboard may. */
  readonly home: boolean;
}

/** A dashboard that this project writes itself, in the lab's folder. */
export class OwnDashboard extends pulumi.ComponentResource {
  readonly uid: string;

  constructor(name: string, args: OwnDashboardArgs, options?: pulumi.ComponentResourceOptions) {
    super("observability-lab:dashboards:OwnDashboard", name, {}, options);
    this.uid = args.model.uid ?? name;
    const held = { parent: this, provider: args.grafana.provider, deletedWith: args.grafana.container };
    const dashboard = new grafana.oss.Dashboard(
      `${name}-dashboard`,
      { configJson: JSON.stringify(args.model), folder: args.grafana.folderUid, overwrite: true },
      held,
    );
    if (args.home) {
      new grafana.oss.OrganizationPreferences(
        `${name}-home`,
        { homeDashboardUid: this.uid },
        // Grafana refuses a dashboard that it does not hold yet
        { ...held, dependsOn: dashboard },
      );
    }
    this.registerOutputs({ uid: this.uid });
  }
}
