import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

export interface HostCommandArgs {
  /** Text of the shell script that creates the resource. */
  readonly create: string;
  /** Text of the shell script that removes it; kept in the state, so it needs no checkout. */
  readonly delete?: string;
  /** Standard input of `create`. */
  readonly stdin: string;
  readonly environment: Record<string, pulumi.Input<string>>;
  /** A change of one replaces the resource. */
  readonly triggers: string[];
}

/** A script that runs on the host; if it fails, its output is shown instead of its text. */
export function createHostCommand(
  name: string,
  { create, delete: remove, stdin, environment, triggers }: HostCommandArgs,
  options: pulumi.CustomResourceOptions,
): local.Command {
  return new local.Command(
    name,
    {
      create: 'sh -c "$CREATE"',
      ...(remove === undefined ? {} : { delete: 'sh -c "$DELETE"' }),
      stdin,
      environment: { ...environment, CREATE: create, ...(remove === undefined ? {} : { DELETE: remove }) },
      triggers,
      logging: "none",
    },
    { ...options, deleteBeforeReplace: true },
  );
}
