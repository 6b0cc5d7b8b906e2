import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { nodeServicesOf, SERVICES } from "../../lib/settings/services";
import { Settings } from "../../lib/settings/settings";
import { LAB_LABEL, labName } from "../../lib/shared/names";
import { LabContainer } from "../container/labContainer";
import { CONFIG_FOLDER, SharedFolder, specOf } from "../container/spec";
import { ComponentArgs } from "../context";

const SOCKET = "/var/run/docker.sock";
/** Folder with the restricted socket, in both containers. */
const FOLDER = "/discovery";

/** Address of the restricted Docker socket, for Prometheus' service discovery. */
export const DISCOVERY_HOST = `unix://${FOLDER}/docker.sock`;

/**
 * Caddy between Prometheus and Docker: Prometheus' discovery of a swarm calls Docker, whose socket controls the whole
 * machine and swarm. Through this socket it can read only what its discovery needs, and nothing else can reach it.
 */
export class SwarmDiscovery extends pulumi.ComponentResource {
  /** The folder with the restricted socket, for Prometheus. */
  readonly folder: SharedFolder;

  constructor(name: string, { context }: ComponentArgs, options?: pulumi.ComponentResourceOptions) {
    super("observability-lab:monitoring:SwarmDiscovery", name, {}, options);
    const { settings, machine, teardown } = context;
    const lab = labName(settings.namePrefix);
    const folder = `${lab}-swarm_discovery`;
    const volume = new docker.Volume(
      `${name}-socket`,
      { name: folder, labels: [{ label: LAB_LABEL, value: lab }] },
      { parent: this, dependsOn: teardown.all, deletedWith: teardown.all },
    );
    teardown.volumes.push(volume);
    new LabContainer(
      name,
      {
        context,
        ...specOf("swarmDiscovery", settings),
        healthPath: "/healthz",
        isolated: true,
        command: ["caddy", "run", "--config", `${CONFIG_FOLDER}/caddy.json`],
        uploads: [
          { file: "caddy.json", content: JSON.stringify(caddyConfig(monitoredServices(settings)), undefined, 2) },
        ],
        hostPaths: [{ source: machine.socket, target: SOCKET }],
        shared: [{ name: folder, volume, path: FOLDER, readOnly: false }],
        // a file capability of the program in the official image, which does not start without it
        capabilities: ["CAP_NET_BIND_SERVICE"],
      },
      { parent: this },
    );
    this.folder = { name: folder, volume, path: FOLDER, readOnly: true };
    this.registerOutputs({});
  }
}

/** Names of the services that Prometheus scrapes: the lab's own, and those of `extraScrapeServices`. */
function monitoredServices(settings: Settings): readonly string[] {
  const own = nodeServicesOf(settings).map((name) => `${settings.namePrefix}${name}`);
  return [...new Set([...own, ...settings.extraScrapeServices.map(({ service }) => service)])];
}

/**
 * Caddy's own configuration (https://caddyserver.com/docs/json/). Specifications of services and tasks hold environments,
 * so only those of these services are passed on. Docker filters services by the beginning of their names.
 *
 * @param services Names of the services whose tasks Prometheus discovers.
 */
export function caddyConfig(services: readonly string[]): object {
  const engine = { handler: "reverse_proxy", upstreams: [{ dial: `unix/${SOCKET}` }] };
  const closed = { automatic_https: { disable: true }, protocols: ["h1"] };
  const route = (paths: string, filters?: object): object => ({
    match: [
      {
        method: ["GET", "HEAD"],
        path_regexp: { pattern: `^(/v[0-9.]+)?/(${paths})$` },
        // a brace would begin one of Caddy's placeholders
        ...(paths === "tasks" ? { query: { filters: [JSON.stringify(filters).replaceAll("{", "\\{")] } } : {}),
      },
    ],
    handle: [
      // overrides the request's filter, as Docker takes the first of several values
      ...(filters === undefined
        ? []
        : [{ handler: "rewrite", uri: `?filters=${encodeURIComponent(JSON.stringify(filters))}` }]),
      engine,
    ],
    terminal: true,
  });
  return {
    admin: { disabled: true, config: { persist: false } },
    apps: {
      // no certificates, and no place to store any
      tls: { disable_storage_clean: true },
      http: {
        servers: {
          discovery: {
            ...closed,
            // connecting requires write permission
            listen: [`unix/${FOLDER}/docker.sock|0222`],
            routes: [
              route("_ping|nodes|networks"),
              route("services", { name: Object.fromEntries(services.map((it) => [it, true])) }),
              ...services.map((it) => route("tasks", { service: { [it]: true } })),
              { handle: [{ handler: "static_response", status_code: 403 }] },
            ],
          },
          health: {
            ...closed,
            listen: [`127.0.0.1:${String(SERVICES.swarmDiscovery.port)}`],
            routes: [{ match: [{ path: ["/healthz"] }], handle: [{ handler: "rewrite", uri: "/_ping" }, engine] }],
          },
        },
      },
    },
  };
}
