import { Secret } from "@pulumi/policy";
import { runtime } from "@pulumi/pulumi";
import { COMMANDS } from "./commands";
import { CONTAINERS, SERVICES } from "./containers";
import type { Subject } from "./policies";

/** Names of variables that hold a secret by their name. */
const SECRET_NAME = /PASSW|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|WEBHOOK|(API|ACCESS|PRIVATE|SIGNING)_?KEY/i;
/** A URL with a password in it. */
const SECRET_URL = /:\/\/[^\s/:@]*:[^\s/@]+@/;
/** Names the file with the secret: by the name of the variable, or by a value that Grafana expands. */
const FILE_NAME = /_FILE$/i;
const FILE_VALUE = /^\$__file\{[^}]*\}$/;

/**
 * No secret is in a container's environment, which everybody reads who may inspect a container; in a command's it is
 * marked as one, so that the state and every output keep it encrypted.
 *
 * What this cannot see: a plain value with an innocent name, a secret in the text of a script, and in a preview a
 * value that only an update will know.
 */
export function plainSecrets(props: object, { type, name }: Subject): readonly string[] {
  if ([...CONTAINERS, ...SERVICES].includes(type)) {
    const variables = CONTAINERS.includes(type) ? environmentOf(bare(props, "envs")) : taskEnvironment(props);
    return variables
      .filter(({ variable, value }) => value instanceof Secret || isTelling(variable, value))
      .map(
        ({ variable }) =>
          `${name}: a secret is in the environment (${variable}), where everybody reads it who may inspect the ` +
          "container. Upload it as a file (uploads of LabContainer) and name that, as in " +
          "GF_SECURITY_ADMIN_PASSWORD__FILE.",
      );
  }
  if (COMMANDS.includes(type)) {
    const environment = bare(props, "environment");
    return isRecord(environment)
      ? Object.keys(environment)
          .filter((variable) => isTelling(variable, bare(environment, variable)))
          .map(
            (variable) =>
              `${name}: the variable ${variable} holds a secret in plain text, which the state and every output ` +
              "would show. Wrap it in pulumi.secret, and set what it comes from with --secret.",
          )
      : [];
  }
  return [];
}

/** Variables of a container, which has them as `NAME=value`; where all are one secret, one without a name. */
function environmentOf(envs: unknown): { variable: string; value: unknown }[] {
  if (envs instanceof Secret) {
    return [{ variable: "envs", value: envs }];
  }
  return (Array.isArray(envs) ? envs : []).map((entry: unknown) => {
    const text: unknown = entry instanceof Secret ? entry.value : entry;
    const [variable = "", ...value] = (typeof text === "string" ? text : "").split("=");
    return { variable, value: entry instanceof Secret ? entry : value.join("=") };
  });
}

/** Variables of a Swarm service's tasks, which has them as an object; where all is one secret, one without a name. */
function taskEnvironment(props: object): { variable: string; value: unknown }[] {
  let found: unknown = props;
  for (const key of ["taskSpec", "containerSpec", "env"]) {
    found = isRecord(found) ? bare(found, key) : found;
  }
  return found instanceof Secret
    ? [{ variable: "env", value: found }]
    : Object.keys(isRecord(found) ? found : {}).map((variable) => ({
        variable,
        value: bare(found as object, variable),
      }));
}

/** Whether a plain value is a secret, going by its name or its looks. */
function isTelling(variable: string, value: unknown): boolean {
  if (typeof value !== "string" || value === "" || value === runtime.unknownValue) {
    return false;
  }
  const named = SECRET_NAME.test(variable) && !FILE_NAME.test(variable) && !FILE_VALUE.test(value);
  return named || SECRET_URL.test(value);
}

/** A property as it is: a Secret where it is one, which reading it the usual way hides. */
function bare(holder: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(holder, key)?.value as unknown;
}

function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null && !(value instanceof Secret);
}
