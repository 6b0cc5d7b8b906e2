import * as pulumi from "@pulumi/pulumi";
import { Grafana } from "../monitoring/grafana";
import { bindDashboard } from "./binding";
import { holdDashboard } from "./heldDashboard";

export interface CommunityDashboardArgs {
  /** A dashboard of the catalogue, bound to the lab's datasource. */
  readonly model: ReturnType<typeof bindDashboard>;
  readonly grafana: Grafana;
}

/** A dashboard of the catalogue. */
export class CommunityDashboard extends pulumi.ComponentResource {
  constructor(name: string, { model, grafana }: CommunityDashboardArgs, options?: pulumi.ComponentResourceOptions) {
    super("observability-lab:dashboards:CommunityDashboard", name, {}, options);
    holdDashboard(name, { uid: model.uid, json: JSON.stringify(model), grafana }, this);
    this.registerOutputs({ uid: model.uid });
  }
}
