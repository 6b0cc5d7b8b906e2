import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { nodeServicesOf, SERVICES } from "../../lib/settings/services";
import { Settings } from "../../lib/settings/settings";
import { LAB_LABEL, labName } from "../../lib/shared/names";
import { LabContainer } from "../container/labContainer";
import { CONFIG_FOLDER, SharedFolder, specOf } from "../container/spec";
import { LabContext } from "../context";

export interface SwarmDiscoveryArgs {
  readonly context: LabContext;
}

const SOCKET = "/var/run/docker.sock";
/** Where both containers have the folder with the narrow socket. */
const FOLDER = "/discovery";

/** Address of the restricted Docker socket, for Prometheus' service discovery. */
export const DISCOVERY_HOST = `unix://${FOLDER}/docker.sock`;

/**
 * Caddy between Prometheus and the engine: Prometheus' discovery of a swarm asks the engine, whose socket is the whole
 * machine and the whole swarm. Through this one it can read what its discovery reads, and no other can even reach it.
 */
export class SwarmDiscovery extends pulumi.ComponentResource {
  /** The folder with the narrow socket, for the one who may read it. */
  readonly folder: SharedFolder;

  constructor(name: string, { context }: SwarmDiscoveryArgs, options?: pulumi.ComponentResourceOptions) {
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
          { file: "caddy.json", content: JSON.stringify(caddyConfig(watchedServices(settings)), undefined, 2) },
        ],
        hostPaths: [{ source: machine.socket, target: SOCKET }],
        shared: [{ name: folder, volume, path: FOLDER, readOnly: false }],
        // a capability of the program's file in the official image, which does not start without it
        capabilities: ["CAP_NET_BIND_SERVICE"],
      },
      { parent: this },
    );
    this.folder = { name: folder, volume, path: FOLDER, readOnly: true };
    this.registerOutputs({});
  }
}

/** Names of the services that Prometheus asks: the lab's own, and those of `extraScrapeServices`. */
function watchedServices(settings: Settings): readonly string[] {
  const own = nodeServicesOf(settings).map((name) => `${settings.namePrefix}${name}`);
  return [...new Set([...own, ...settings.extraScrapeServices.map(({ service }) => service)])];
}

/**
 * Caddy's own configuration (https://caddyserver.com/docs/json/). Specifications of services and tasks hold environments,
 * so of those it gives what belongs to these services. The engine compares the beginning of a name where it lists services.
 *
 * @param services Names of the services whose tasks Prometheus looks for.
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
      // whatever else was asked for, as the engine takes the first of several values
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
      // there are no certificates, and nowhere to keep any
      tls: { disable_storage_clean: true },
      http: {
        servers: {
          discovery: {
            ...closed,
            // connecting takes the right to write
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
