import * as pulumi from "@pulumi/pulumi";
import { LabContainer, LabContext } from "../container";

export interface PushgatewayArgs {
  readonly context: LabContext;
}

const PORT = 9091;
const DATA = "/pushgateway";

/** The Pushgateway; what was pushed to it survives a restart. */
export class Pushgateway extends pulumi.ComponentResource {
  /** URL as seen from the host. */
  readonly url: string;
  /** Whoever pushes depends on it. */
  readonly ready: pulumi.Resource;

  constructor(name: string, args: PushgatewayArgs, options?: pulumi.ComponentResourceOptions) {
    super("observability-lab:monitoring:Pushgateway", name, {}, options);
    const container = new LabContainer(
      name,
      {
        context: args.context,
        hostname: "pushgateway",
        service: args.context.settings.pushgateway,
        internalPort: PORT,
        healthPath: "/-/ready",
        command: [`--persistence.file=${DATA}/metrics`, "--persistence.interval=10s"],
        dataPath: DATA,
      },
      { parent: this },
    );
    this.url = container.url;
    this.ready = container.container;
    this.registerOutputs({ url: this.url });
  }
}
