import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { fingerprint, readAsset } from "../assets";
import { createHostCommand } from "./hostCommand";

export interface PythonEnvironmentArgs {
  /** The lab's name. */
  readonly lab: string;
  /** Whose environment it is: a folder of `assets/` with a requirements.txt. */
  readonly room: "flask" | "ansible";
}

/** A virtual environment in the lab's folder on the host, made anew when its requirements change. */
export function createPythonEnvironment(
  name: string,
  { lab, room }: PythonEnvironmentArgs,
  parent: pulumi.Resource,
): local.Command {
  const install = readAsset("python", "install.sh");
  const requirements = readAsset(room, "requirements.txt");
  return createHostCommand(
    `${name}-environment`,
    {
      create: install,
      delete: readAsset("python", "uninstall.sh"),
      stdin: requirements,
      environment: { LAB: lab, ROOM: room },
      triggers: [fingerprint(install, requirements)],
    },
    { parent },
  );
}
