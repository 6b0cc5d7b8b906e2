import * as pulumi from "@pulumi/pulumi";
import { fingerprint, readAsset } from "../assets";
import { Pushgateway } from "../monitoring/pushgateway";
import { createHostCommand } from "./hostCommand";
import { createPythonEnvironment } from "./pythonEnvironment";

export interface AnsiblePlaybookArgs {
  /** The lab's name. */
  readonly lab: string;
  readonly pushgateway: Pushgateway;
}

/** The playbook, run when it or its inputs change; its own failure is a metric and not one of the stack. */
export class AnsiblePlaybook extends pulumi.ComponentResource {
  constructor(name: string, { lab, pushgateway }: AnsiblePlaybookArgs, options?: pulumi.ComponentResourceOptions) {
    super("observability-lab:workloads:AnsiblePlaybook", name, {}, options);
    const environment = createPythonEnvironment(name, { lab, room: "ansible" }, this);
    const [run, playbook] = [readAsset("ansible", "run.sh"), readAsset("ansible", "monitor_playbook.yml")];
    createHostCommand(
      `${name}-run`,
      {
        create: run,
        stdin: playbook,
        environment: { LAB: lab, PUSHGATEWAY_URL: pushgateway.url },
        triggers: [fingerprint(run, playbook)],
      },
      { parent: this, dependsOn: [environment, pushgateway.ready] },
    );
    this.registerOutputs({});
  }
}
