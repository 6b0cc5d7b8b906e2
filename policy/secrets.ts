import { COMMANDS } from "./allowed";
import { COMMAND_TYPES } from "./commands";
import { allowanceOf, CONTAINER_TYPES, SERVICE_TYPES } from "./containers";
import { SECRETS, UNKNOWN } from "./properties";
import { type PolicyContext, Hidden, isPending, type Resource } from "./resource";

/** Names of variables that imply a secret. */
const SECRET_NAME = /PASSW|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|WEBHOOK|(API|ACCESS|PRIVATE|SIGNING)_?KEY/i;
/** A URL with a password in it. */
const SECRET_URL = /:\/\/[^\s/:@]*:[^\s/@]+@/;
/** A reference to the file with the secret: by the name of the variable, or by a value that Grafana expands. */
const FILE_NAME = /_FILE$/i;
const FILE_VALUE = /^\$__file\{[^}]*\}$/;

/**
 * No secret is readable by others: not in a container's definition, which everybody who may inspect it can read, and not in
 * plain text in a command's environment, which the state and every output would show. A container has only the variables
 * listed in `allowed.ts`, so that a secret under an inconspicuous name is reported as new.
 *
 * It cannot detect a secret in plain text in an allowed value.
 */
export function checkSecrets(resource: Resource, context: PolicyContext): readonly string[] {
  const { type, name, marked } = resource;
  const container = [...CONTAINER_TYPES, ...SERVICE_TYPES].includes(type);
  const places = placesOf(marked);
  const allowed = Object.hasOwn(SECRETS, type) ? (SECRETS[type] ?? []) : [];
  const shown = places
    .filter(({ place, secret }) => secret && !allowed.includes(place[0] ?? "") && !(container && isVariable(place)))
    .map(
      ({ place }) =>
        `${name}: ${place.join(".")} contains a secret, which ${container ? "everyone who may inspect the container" : "others"} can read. ` +
        "Upload it as a file (uploads of LabContainer), or pass it in a property listed in SECRETS in policy/properties.ts.",
    );
  const urls = places
    .filter(({ place, value }) => container && !isVariable(place) && SECRET_URL.test(value))
    .map(
      ({ place }) =>
        `${name}: ${place.join(".")} is a URL with a password, which everyone who may inspect the container can read. Upload it as a file (uploads of LabContainer).`,
    );
  return [
    ...shown,
    ...urls,
    ...(container ? variables(resource, context) : []),
    ...(COMMAND_TYPES.includes(type) ? plain(resource) : []),
  ];
}

interface Place {
  readonly place: readonly string[];
  readonly value: string;
  readonly secret: boolean;
}

/** Every value of a resource with its path; values below a secret are secrets. */
function placesOf(value: unknown, place: readonly string[] = [], secret = false): readonly Place[] {
  if (value instanceof Hidden) {
    return placesOf(value.value, place, true);
  }
  if (value === undefined || value === null) {
    return [];
  }
  return typeof value === "object"
    ? Object.entries(value).flatMap(([key, it]) => placesOf(it, [...place, key], secret))
    : [{ place, value: typeof value === "string" ? value : JSON.stringify(value), secret }];
}

/** Whether a path is a variable of a container's environment. */
function isVariable(place: readonly string[]): boolean {
  return place[0] === "envs" || place.join(".").startsWith("taskSpec.containerSpec.env.");
}

/** Violations in a container's environment. */
function variables(resource: Resource, context: PolicyContext): readonly string[] {
  const { name, marked } = resource;
  const allowed = allowanceOf(resource).envs ?? {};
  return placesOf(marked)
    .filter(({ place, value }) => isVariable(place) && !isPending(value))
    .flatMap(({ place, value: entry, secret }) => {
      const [, key, text] = place[0] === "envs" ? (/^([^=]*)=?(.*)$/s.exec(entry) ?? []) : [entry, place.at(-1), entry];
      const [variable, value] = [key ?? "", text ?? ""];
      if (secret || looksSecret(variable, value)) {
        return [
          `${name}: the environment variable ${variable} contains a secret, which everyone who may inspect the container ` +
            "can read. Upload it as a file (uploads of LabContainer) and refer to it, as " +
            "GF_SECURITY_ADMIN_PASSWORD does with $__file{…}.",
        ];
      }
      return Object.hasOwn(allowed, variable) && (allowed[variable]?.(value, context) ?? false)
        ? []
        : [
            `${name}: the environment variable ${variable} or its value is not allowed, and everyone who may inspect the ` +
              "container can read it. Put a secret into a file; if the program needs the variable, add " +
              `${variable} to the envs of ${name} in CONTAINERS in policy/allowed.ts.`,
          ];
    });
}

/** Violations in a command's environment. */
function plain({ name, marked }: Resource): readonly string[] {
  const secrets = COMMANDS.find((it) => it.name.test(name))?.secrets ?? [];
  return placesOf(marked)
    .filter(({ place, secret, value }) => place[0] === "environment" && !secret && !isPending(value))
    .map(({ place, value }) => ({ variable: place[1] ?? "", value }))
    .filter(
      ({ variable, value }) =>
        (secrets.includes(variable) && value !== UNKNOWN && value !== "") || looksSecret(variable, value),
    )
    .map(
      ({ variable }) =>
        `${name}: the variable ${variable} holds a secret in plain text, which the state and the output of Pulumi would show. ` +
        "Wrap it in pulumi.secret, and set its setting with --secret.",
    );
}

/** Whether a plain value looks like a secret, by its name or content. */
function looksSecret(variable: string, value: string): boolean {
  if (value === "" || value === UNKNOWN) {
    return false;
  }
  const named = SECRET_NAME.test(variable) && !FILE_NAME.test(variable) && !FILE_VALUE.test(value);
  return named || SECRET_URL.test(value);
}
