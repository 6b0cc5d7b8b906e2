import * as pulumi from "@pulumi/pulumi";
import { MISSING, replaceOnDrift } from "../../lib/drift/drift";
import { fingerprint, readAsset } from "../../lib/shared/assets";
import { dataVolumeName, labName } from "../../lib/shared/names";
import { ComponentArgs } from "../context";
import { Pushgateway } from "../monitoring/pushgateway";
import { createHostCommand } from "./hostCommand";
import { createPythonEnvironment, environmentFingerprint } from "./pythonEnvironment";

export interface AnsiblePlaybookArgs extends ComponentArgs {
  readonly pushgateway: Pushgateway;
}

/** The playbook, run when it or its inputs change; its failure is a metric and does not fail the stack. */
export class AnsiblePlaybook extends pulumi.ComponentResource {
  constructor(name: string, { context, pushgateway }: AnsiblePlaybookArgs, options?: pulumi.ComponentResourceOptions) {
    super("observability-lab:workloads:AnsiblePlaybook", name, {}, options);
    const environment = createPythonEnvironment(name, { context, venv: "ansible" }, this);
    const { settings, observed } = context;
    // a recreated environment has lost the playbook beside it
    const report = observed.volumes.has(dataVolumeName(settings, "pushgateway")) ? undefined : MISSING;
    const { reason, options: repair } = replaceOnDrift(
      observed,
      "the playbook",
      // a Pushgateway without its data has lost the report
      observed.host.environments.ansible ?? report,
      "triggers[1]",
    );
    const [run, playbook] = [readAsset("ansible", "run.sh"), readAsset("ansible", "monitor_playbook.yml")];
    createHostCommand(
      `${name}-run`,
      {
        create: run,
        stdin: playbook,
        environment: {
          LAB: labName(settings.namePrefix),
          PUSHGATEWAY_URL: pushgateway.url,
          ...(settings.webPassword === undefined ? {} : { PUSHGATEWAY_PASSWORD: pulumi.secret(settings.webPassword) }),
        },
        triggers: [fingerprint(run, playbook, environmentFingerprint("ansible")), reason],
      },
      {
        parent: this,
        dependsOn: [environment, pushgateway.container],
        ...repair,
      },
    );
    this.registerOutputs({});
  }
}
