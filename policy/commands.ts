import type { local } from "@pulumi/command";
import type { Unwrap } from "@pulumi/pulumi";
import type { CommandAllowance } from "./allowance";
import { COMMANDS } from "./allowed";
import { allowanceOf, type Container } from "./containers";
import { type PolicyContext, isPending, isUnset, type Resource, type ResourceId } from "./resource";

/** Types of the resources that run a command. */
export const COMMAND_TYPES = ["command:local:Command"];

/** The inputs of a command. */
export type Command = Unwrap<local.CommandArgs>;

/** Leaves a process behind: by name, as Python calls it, or by an `&` that is neither `&&` nor part of `2>&1`. */
const STAYS = /\b(setsid|nohup|start_new_session)\b|(?<![&<>|\\])&(?=[\s;)]|$)/m;
const COMMENT = /^\s*#.*$/gm;
const WHERE = "in policy/allowed.ts";

/** A command that leaves a process behind can end it. */
export function checkRemoval(command: Command, { name }: ResourceId): readonly string[] {
  const found = [command.create, command.update]
    .map((script) => STAYS.exec(withVariables(script ?? "", command.environment ?? {}).replace(COMMENT, ""))?.[0])
    .find((it) => it !== undefined);
  return found === undefined || (command.delete ?? "") !== ""
    ? []
    : [
        `${name} starts a background process (${found}), which would keep running after destroy. ` +
          "Add a delete command that ends it, as flask-process has.",
      ];
}

/**
 * A command on the host is one of the lab's commands, and its scripts are files of `assets/` in the
 * checkout: no policy can check the effect of such a file, so a reviewer has to read it.
 */
export function checkCommand(command: Command, { name }: ResourceId, context: PolicyContext): readonly string[] {
  const allowed = COMMANDS.find((it) => it.name.test(name));
  if (allowed === undefined) {
    return [
      `${name} is not an allowed command; it would run on this machine as the user who runs up. ` +
        `Put its script into a file in assets/; if the lab needs it, add an entry named ${name} to COMMANDS ${WHERE}.`,
    ];
  }
  const { create, delete: remove, update, stdin, environment = {} } = command;
  const files = allowed.stdin === undefined ? [] : [allowed.stdin];
  const texts = [
    ["create", create, allowed.create],
    ["delete", remove, allowed.delete],
    ["update", update, undefined],
  ] as const;
  return [
    ...texts
      .filter(([, given, known]) => !isUnset(given) && !isPending(given) && given !== known)
      .map(
        ([property, , known]) =>
          `${name}: ${property} is not the allowed command (${known ?? "none"}); it would run on this machine. ` +
          `Put the script into a file in assets/; if the lab needs it, change ${property} of ${name} ${WHERE}.`,
      ),
    ...Object.entries(environment).flatMap((it) => strangeVariable(name, it, allowed, context)),
    ...(isUnset(stdin) || isPending(stdin) || sameText(stdin ?? "", files, context)
      ? []
      : [otherText(name, "stdin", files)]),
  ];
}

function strangeVariable(
  name: string,
  [variable, value]: readonly [string, string],
  allowed: CommandAllowance,
  context: PolicyContext,
): readonly string[] {
  if (isPending(value) || allowed.secrets?.includes(variable) === true) {
    return [];
  }
  const script = own(allowed.scripts, variable);
  if (script !== undefined) {
    return sameText(value, script, context) ? [] : [otherText(name, variable, script)];
  }
  const test = own(allowed.environment, variable);
  // an empty variable counts, too: with an empty PATH a shell runs files of the working folder
  return test !== undefined && (isUnset(value) || test(value, context))
    ? []
    : [
        `${name}: the variable ${variable} or its value is not allowed; the command's script would run with it. ` +
          `If the script needs it, add ${variable} to the environment of ${name} in COMMANDS ${WHERE}.`,
      ];
}

function otherText(name: string, place: string, files: readonly string[]): string {
  const known = files.length === 0 ? "a file allowed for it" : files.map((file) => `assets/${file}`).join(" and ");
  return (
    `${name}: ${place} differs from ${known}, so a reviewer would not see the code that runs on this machine. ` +
    `Put the code there, or change the files of ${name} in COMMANDS ${WHERE}.`
  );
}

function sameText(value: string, files: readonly string[], { asset }: PolicyContext): boolean {
  const texts = files.map(asset);
  return texts.length > 0 && !texts.includes(undefined) && texts.join("") === value;
}

/** A container's arguments are listed in `allowed.ts`, and none is missing without which it would be open. */
export function checkArguments(container: Container, resource: Resource, context: PolicyContext): readonly string[] {
  const { command = [], envs, networkMode } = container;
  const variables = Array.isArray(envs) ? envs.map(String) : [];
  const { command: flags = {}, required = [], requiredEnvs = [], password, hostNetwork } = allowanceOf(resource);
  const ofNetwork = networkMode === "host" ? (hostNetwork ?? {}) : {};
  const allowed = { ...flags, ...ofNetwork };
  const needed = [
    ...required,
    ...Object.keys(ofNetwork),
    // a service of a swarm reads no files
    ...(password === true && context.webPassword && container.service !== true ? ["--web.config.file="] : []),
  ];
  const { name } = resource;
  return [
    ...command
      .filter((it) => !isPending(it) && own(allowed, flagOf(it))?.(it.slice(flagOf(it).length), context) !== true)
      .map(
        (it) =>
          `${name}: the argument ${flagOf(it)} or its value is not allowed, and everyone who may inspect the container ` +
          `can read it. Put a secret into a file; if the program needs the argument, add "${flagOf(it)}" to the command ` +
          `of ${name} in CONTAINERS ${WHERE}.`,
      ),
    ...[...new Set(needed)]
      .filter((flag) => !command.some((it) => flagOf(it) === flag))
      .map(
        (flag) =>
          `${name}: the argument ${flag} is missing; without it the program accepts requests that it has to reject. ` +
          "Set it, as the lab does.",
      ),
    ...requiredEnvs
      .filter((variable) => !variables.some((it) => it.startsWith(`${variable}=`)))
      .map(
        (variable) =>
          `${name}: the environment variable ${variable} is missing; without it the program has a password or a key that ` +
          "everyone knows. Set it, as the lab does.",
      ),
  ];
}

/** An argument up to its `=`, or the whole argument. */
function flagOf(argument: string): string {
  return argument.replace(/=.*$/s, "=");
}

/** A script with its variables expanded, also nested ones: the lab passes a script's text as a variable. */
function withVariables(script: string, environment: Readonly<Record<string, string>>): string {
  const keys = new Set<string>();
  const texts = [script];
  for (const text of texts) {
    for (const [, key = ""] of text.matchAll(/\$\{?([A-Za-z_]\w*)/g)) {
      texts.push(...(keys.has(key) ? [] : [own(environment, key) ?? ""]));
      keys.add(key);
    }
  }
  return texts.join("\n");
}

function own<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}
