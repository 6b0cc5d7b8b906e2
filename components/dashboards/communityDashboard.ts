import * as pulumi from "@pulumi/pulumi";
import * as grafana from "@pulumiverse/grafana";
import { DATASOURCE_UID, Grafana } from "../monitoring/grafana";
import { bindDashboard } from "./binding";
import { CatalogueEntry } from "./catalogue";

/** A dashboard of the catalogue, bound to the lab's datasource. */
export class CommunityDashboard extends pulumi.ComponentResource {
  /** The dashboard's uid, its authors' own where it has one. */
  readonly uid: string;

  constructor(
    name: string,
    args: { readonly entry: CatalogueEntry; readonly grafana: Grafana },
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("observability-lab:dashboards:CommunityDashboard", name, {}, options);
    const model = bindDashboard(args.entry, DATASOURCE_UID);
    this.uid = model.uid;
    new grafana.oss.Dashboard(
      `${name}-dashboard`,
      { configJson: JSON.stringify(model), folder: args.grafana.folderUid, overwrite: true },
      { parent: this, provider: args.grafana.provider, deletedWith: args.grafana.container },
    );
    this.registerOutputs({ uid: this.uid });
  }
}
