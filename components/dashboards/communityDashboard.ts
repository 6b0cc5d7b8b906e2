import * as pulumi from "@pulumi/pulumi";
import { importDashboard } from "../../dashboards/community/import";
import { Grafana } from "../monitoring/grafana";
import { createManagedDashboard } from "./managedDashboard";

export interface CommunityDashboardArgs {
  /** A dashboard of the catalogue, bound to the lab's datasource. */
  readonly model: ReturnType<typeof importDashboard>;
  /** Warning that its uid differs from that in its file; undefined if it does not. */
  readonly newUid: string | undefined;
  readonly grafana: Grafana;
}

/** A dashboard of the catalogue. */
export class CommunityDashboard extends pulumi.ComponentResource {
  constructor(
    name: string,
    { model, newUid, grafana }: CommunityDashboardArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("observability-lab:dashboards:CommunityDashboard", name, {}, options);
    if (newUid !== undefined) {
      void pulumi.log.warn(newUid, this);
    }
    createManagedDashboard(name, { uid: model.uid, json: JSON.stringify(model), grafana }, this);
    this.registerOutputs({ uid: model.uid });
  }
}
