import * as pulumi from "@pulumi/pulumi";
import { SERVICES } from "../../lib/settings/services";
import { LabContainer } from "../container/labContainer";
import { specOf } from "../container/spec";
import { ComponentArgs } from "../context";

const DATA = SERVICES.pushgateway.data.path;

/** The Pushgateway; pushed metrics survive a restart. */
export class Pushgateway extends pulumi.ComponentResource {
  /** URL as seen from the host. */
  readonly url: string;
  /** A dependency of resources that push. */
  readonly container: pulumi.Resource;

  constructor(name: string, args: ComponentArgs, options?: pulumi.ComponentResourceOptions) {
    super("observability-lab:monitoring:Pushgateway", name, {}, options);
    const { container, url } = new LabContainer(
      name,
      {
        context: args.context,
        ...specOf("pushgateway", args.context.settings),
        healthPath: "/-/ready",
        command: [`--persistence.file=${DATA}/metrics`, "--persistence.interval=10s"],
      },
      { parent: this },
    );
    this.url = url;
    this.container = container;
    this.registerOutputs({ url: this.url });
  }
}
