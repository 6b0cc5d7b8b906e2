import * as pulumi from "@pulumi/pulumi";
import { SERVICES } from "../../lib/settings/services";
import { LabError } from "../../lib/shared/problems";
import { untilReady } from "../../lib/shared/untilReady";
import { LabContainer } from "../container/labContainer";
import { specOf } from "../container/spec";
import { LabContext } from "../context";

export interface PushgatewayArgs {
  readonly context: LabContext;
}

const DATA = SERVICES.pushgateway.data.path;
const READY_PATH = "/-/ready";

/** The Pushgateway; what was pushed to it survives a restart. */
export class Pushgateway extends pulumi.ComponentResource {
  /** URL as seen from the host. */
  readonly url: string;
  /** Whoever pushes depends on it, or waits until it answers. */
  readonly container: LabContainer;
  /** Undefined where it asks for none. */
  private readonly password: string | undefined;

  constructor(name: string, args: PushgatewayArgs, options?: pulumi.ComponentResourceOptions) {
    super("observability-lab:monitoring:Pushgateway", name, {}, options);
    this.container = new LabContainer(
      name,
      {
        context: args.context,
        ...specOf("pushgateway", args.context.settings),
        healthPath: READY_PATH,
        command: [`--persistence.file=${DATA}/metrics`, "--persistence.interval=10s"],
      },
      { parent: this },
    );
    this.url = this.container.url;
    this.password = args.context.settings.webPassword;
    this.registerOutputs({ url: this.url });
  }

  /** Ends when it takes reports; throws a LabError when it does not come up. */
  async answers(): Promise<void> {
    if (!(await untilReady(`${this.url}${READY_PATH}`, this.container.works, this.password))) {
      throw new LabError("the playbook was not run: there is no Pushgateway to report to");
    }
  }
}
