import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { replaceOnDrift } from "../../lib/drift/drift";
import { VirtualEnvironment } from "../../lib/drift/host";
import { fingerprint, readAsset } from "../../lib/shared/assets";
import { labName } from "../../lib/shared/names";
import { ComponentArgs } from "../context";
import { createHostCommand } from "./hostCommand";

export interface PythonEnvironmentArgs extends ComponentArgs {
  /** Folder of `assets/` with its requirements.txt. */
  readonly venv: VirtualEnvironment;
}

/** A virtual environment in the lab's state directory, recreated when its requirements change or it is missing. */
export function createPythonEnvironment(
  name: string,
  { context, venv }: PythonEnvironmentArgs,
  parent: pulumi.Resource,
): local.Command {
  const { settings, observed, teardown } = context;
  const drift = observed.host.environments[venv];
  const { reason, options: repair } = replaceOnDrift(observed, `the virtual environment ${venv}`, drift, "triggers[1]");
  return createHostCommand(
    `${name}-environment`,
    {
      create: installScript(),
      delete: readAsset("python", "uninstall.sh"),
      stdin: readAsset(venv, "requirements.txt"),
      environment: { LAB: labName(settings.namePrefix), VENV: venv },
      triggers: [environmentFingerprint(venv), reason],
    },
    { parent, dependsOn: teardown.all, deletedWith: teardown.all, ...repair },
  );
}

/**
 * Changes with the install script and the requirements: then the environment is recreated, and its folder with the files of
 * the program in it. It is also recreated after drift, which that program has to look at itself.
 */
export function environmentFingerprint(venv: VirtualEnvironment): string {
  return fingerprint(installScript(), readAsset(venv, "requirements.txt"));
}

function installScript(): string {
  return readAsset("python", "install.sh");
}
