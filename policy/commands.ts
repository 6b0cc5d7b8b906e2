import type { local } from "@pulumi/command";
import type { Unwrap } from "@pulumi/pulumi";
import type { Subject } from "./policies";

/** Types of the resources that run a command. */
export const COMMANDS = ["command:local:Command", "command:remote:Command"];

/** What a program sets of a command. */
export type Command = Unwrap<local.CommandArgs>;

/** Leaves a process behind: by name, as Python calls it, or by an `&` that is neither `&&` nor part of `2>&1`. */
const STAYS = /\b(setsid|nohup|start_new_session)\b|(?<![&<>|\\])&(?=[\s;)]|$)/m;
const COMMENT = /^\s*#.*$/gm;

/** A command that starts something that stays can remove it. */
export function removable(command: Command, { name }: Subject): readonly string[] {
  const found = [command.create, command.update]
    .map((script) => STAYS.exec(expand(script ?? "", command.environment ?? {}).replace(COMMENT, ""))?.[0])
    .find((it) => it !== undefined);
  return found === undefined || (command.delete ?? "") !== ""
    ? []
    : [
        `${name} leaves a process behind (${found}), which would stay when the lab is destroyed. ` +
          "Give it a delete that ends the process, as the Flask app has.",
      ];
}

/** A script with the variables that it names: the lab hands a script's text over as one. */
function expand(script: string, environment: Readonly<Record<string, string>>): string {
  return script.replace(/\$\{?([A-Za-z_]\w*)\}?/g, (variable, key: string) => environment[key] ?? variable);
}
