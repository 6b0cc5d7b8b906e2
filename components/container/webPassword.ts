import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { hashSync } from "bcryptjs";
import { stringify } from "yaml";
import { Choices, runsOnEveryNode, Service, ServiceKey, SERVICES, servicesOf } from "../../lib/settings/services";
import { Settings } from "../../lib/settings/settings";
import { basicAuth, WEB_PASSWORD_FILE, WEB_USER } from "../../lib/shared/webSignIn";
import { CONFIG_FOLDER, ConfigFile, ServiceSpec } from "./spec";

/** File in the config volume of each program that requires the password. */
export const WEB_CONFIG = "web.yml";
const HEALTH_REQUEST = "health_request";
/** The files with the password or derived from it. */
export const WEB_FILES = [WEB_PASSWORD_FILE, WEB_CONFIG, HEALTH_REQUEST] as const;
/** Cost of bcrypt, 75 ms: the default of the tools in Prometheus' guide to basic authentication. */
const COST = 10;

type PasswordSettings = Choices & Pick<Settings, "webPassword" | "nodeExporterNetwork">;

/**
 * The programs that require the password, by hostname: all that support one if it is set; always Alertmanager, which before
 * 0.34.2 lets every web page read it and silence alerts (rs/cors in its api/v2/api.go), and node_exporter in the host's
 * network, where it answers the local network too and cannot distinguish peers. A service of a swarm reads no files.
 */
export function passwordPrograms(settings: PasswordSettings): ReadonlySet<string> {
  const always = new Set<ServiceKey>([
    "alertmanager",
    ...(settings.nodeExporterNetwork === "host" ? ["nodeExporter" as const] : []),
  ]);
  const programs = servicesOf(settings)
    .filter((key) => settings.webPassword !== undefined || always.has(key))
    .filter((key) => !runsOnEveryNode(key, settings))
    .map((key): Service => SERVICES[key])
    .filter(({ webConfig }) => webConfig);
  return new Set(programs.map(({ hostname }) => hostname));
}

/** The configured password, or one that is generated once and kept in the state; a secret. */
export function createWebPassword(
  name: string,
  { webPassword }: Pick<Settings, "webPassword">,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  return pulumi.secret(webPassword ?? generatePassword(name, parent));
}

/** A password that is generated once and kept in the state. */
export function generatePassword(name: string, parent: pulumi.Resource): pulumi.Output<string> {
  return new local.Command(
    `${name}-generated-password`,
    { create: "head -c 18 /dev/urandom | base64 | tr '+/' '-_'", logging: "none" },
    { parent, additionalSecretOutputs: ["stdout"] },
  ).stdout;
}

/** Adds the password to a service; its health check reads it from a file, so that no process list shows it. */
export function withWebPassword<T extends ServiceSpec>(spec: T, password: pulumi.Output<string>): T {
  const files: readonly ConfigFile[] = [
    { file: WEB_CONFIG, content: password, derive: renderWebConfig },
    { file: HEALTH_REQUEST, content: password, derive: (it) => renderRequest(spec.healthPath, it) },
  ];
  return {
    ...spec,
    command: [...(spec.command ?? []), `--web.config.file=${CONFIG_FOLDER}/${WEB_CONFIG}`],
    uploads: [...(spec.uploads ?? []), ...files],
    healthRequest: `${CONFIG_FOLDER}/${HEALTH_REQUEST}`,
  };
}

/** https://prometheus.io/docs/prometheus/latest/configuration/https/ */
export function renderWebConfig(password: string): string {
  return stringify({ basic_auth_users: { [WEB_USER]: hashSync(password, COST) } });
}

function renderRequest(path: string, password: string): string {
  return [`GET ${path} HTTP/1.0`, `Authorization: ${basicAuth(password)}`, "", ""].join("\r\n");
}

/** Prometheus' scrape options for signing in to a program; empty if it requires no password. */
export function renderBasicAuth(programs: ReadonlySet<string>, program: string): { basic_auth?: object } {
  const file = `${CONFIG_FOLDER}/${WEB_PASSWORD_FILE}`;
  return programs.has(program) ? { basic_auth: { username: WEB_USER, password_file: file } } : {};
}
