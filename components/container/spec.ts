import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { FOLDER } from "../../lib/docker/temporaryContainer";
import { Service, ServiceKey, SERVICES } from "../../lib/settings/services";
import { ServiceSettings, Settings } from "../../lib/settings/settings";
import { urlOn } from "../../lib/shared/names";
import { ComponentArgs } from "../context";

/** Folder with a container's files; no image has it, so the volume there hides nothing. */
export const CONFIG_FOLDER = FOLDER;

/** A file of `CONFIG_FOLDER`. */
export interface ConfigFile {
  /** A name without folders. */
  readonly file: string;
  readonly content: pulumi.Input<string>;
  /**
   * Derives the file's text from a secret content when it is written. The Pulumi engine hides a secret setting in its log, but
   * not values derived from it. The file is written again when the content changes.
   */
  readonly derive?: (content: string) => string;
}

/** A volume shared by several containers of this machine. */
export interface SharedFolder {
  /** Name of the volume. */
  readonly name: string;
  readonly volume: docker.Volume;
  readonly path: string;
  readonly readOnly: boolean;
}

/** A key that a program's data needs, and that is kept elsewhere. */
export interface DataKey {
  /** Label of a data volume that has only been used with a generated key. */
  readonly mark: { readonly label: string; readonly value: string };
  /** Ensures that the key for the data exists, before the data's volume or the container is created. */
  readonly ensure: () => Promise<void>;
}

/** A path of the host that a program may read. */
export interface HostPath {
  readonly source: string;
  /** Path inside the container. */
  readonly target: string;
  /** `rslave` also shows later mounts of the host below it. */
  readonly propagation?: "rslave";
  /** In Docker Desktop's virtual machine, which cannot be inspected from here. */
  readonly inVirtualMachine?: boolean;
}

/** One service of the lab, as a container or a Swarm service: program, health check, and permissions. */
export interface ServiceSpec {
  /** Name on the lab's network and, after the prefix, on the host. */
  readonly hostname: string;
  /** Host name that the program reports, if not the container's own. */
  readonly machineName?: string;
  readonly service: ServiceSettings;
  /** Port inside the container. */
  readonly internalPort: number;
  /** Path on that port that answers 200 once the program is ready. */
  readonly healthPath: string;
  /** File with the HTTP request of the health check, if the path requires a password. */
  readonly healthRequest?: string;
  readonly command?: string[];
  /** User and group as `uid:gid`; the image's own by default. */
  readonly user?: string;
  /** Environment as `NAME=value`; no secrets: everybody who may inspect a container can read it. */
  readonly envs?: string[];
  /** Folder of the container that a volume keeps across replacements. */
  readonly dataPath?: string;
  /** Key that encrypts secrets in that folder. */
  readonly dataKey?: DataKey;
  /** Files that the program reads, in `CONFIG_FOLDER`; a change of one replaces the container, or reloads it. */
  readonly uploads?: readonly ConfigFile[];
  /** Prefix of the metrics about the last reload, for a program that reloads its files on SIGHUP. */
  readonly reloadMetrics?: string;
  readonly shared?: readonly SharedFolder[];
  /** Folders in memory that the program writes to; they hide the host's content at that path. */
  readonly scratch?: readonly string[];
  /** Folders of the host below a mounted one that the program must not see; an empty, read-only one covers each. */
  readonly covered?: readonly string[];
  readonly hostPaths?: readonly HostPath[];
  /** Host names that the container resolves besides those of its network. */
  readonly hosts?: docker.types.input.ContainerHost[];
  /** Capabilities that the program needs; all others are dropped. */
  readonly capabilities?: string[];
  /** `host` shows the container the processes of the host. */
  readonly pidMode?: "host";
  /** Runs with the host's users even if Docker remaps them (`userns-remap`), to read files of the host's root. */
  readonly hostUsers?: true;
  /** In the host's network, where nothing is published: the address of the health check. */
  readonly hostAddress?: string;
  /** In no network: only containers with a shared volume reach it. */
  readonly isolated?: true;
}

/** A service's values from the catalogue of services and the settings. */
export function specOf(
  key: ServiceKey,
  settings: Settings,
): Pick<ServiceSpec, "hostname" | "service" | "internalPort" | "dataPath"> {
  const { hostname, port, data }: Service = SERVICES[key];
  return {
    hostname,
    service: { port, ...settings[key] },
    internalPort: port,
    ...(data === undefined ? {} : { dataPath: data.path }),
  };
}

/** Name of a service's container, or of its Swarm service. */
export function nameOf({ context, hostname }: Pick<ServiceSpec, "hostname"> & ComponentArgs): string {
  return `${context.settings.namePrefix}${hostname}`;
}

/** URL of a service as seen from the host. */
export function urlOf({ context, service }: Pick<ServiceSpec, "service"> & ComponentArgs): string {
  return urlOn(context.settings.bindAddress, service.port);
}

/** Seconds between SIGTERM and SIGKILL. */
export const STOP_GRACE = 10;

/** Rotated logs. */
export const LOG = { driver: "json-file", options: { "max-size": "10m", "max-file": "3" } };

/** Bytes and mode of a scratch folder, which is in memory. */
export const SCRATCH = { sizeBytes: 64 * 1024 * 1024, mode: 0o1777 };

/** Bytes and mode of a cover: one page, as zero would mean no limit. */
const COVER = { sizeBytes: 4096, mode: 0o755 };

/** The common part of every health check: the program has to answer 200. */
export function healthProbe(spec: ServiceSpec): { tests: string[]; timeout: string; retries: number } {
  const { hostAddress: address = "127.0.0.1" } = spec;
  const port = spec.hostAddress === undefined ? spec.internalPort : spec.service.port;
  const url = `http://${address}:${String(port)}${spec.healthPath}`;
  return {
    tests:
      spec.healthRequest === undefined
        ? ["CMD", "wget", "-q", "-O", "/dev/null", url]
        : // wget takes a header as an argument only, which every user of the machine sees in its list of processes
          ["CMD-SHELL", `nc ${address} ${String(port)} <${spec.healthRequest} | head -n 1 | grep -q ' 200 '`],
    timeout: "5s",
    retries: 3,
  };
}

/** Checks often while the program starts and seldom afterwards, if Docker supports a start interval. */
export function healthcheck(spec: ServiceSpec, dockerMajor: number): docker.types.input.ContainerHealthcheck {
  return {
    ...healthProbe(spec),
    startPeriod: "1m0s",
    // Docker 25 introduced the start interval
    ...(dockerMajor >= 25 ? { interval: "30s", startInterval: "1s" } : { interval: "3s" }),
  };
}

/** A mount that hides the host's content at that path, including later additions. */
export function coverMount(target: string): docker.types.input.ContainerMount {
  return { type: "tmpfs", target, readOnly: true, tmpfsOptions: COVER };
}

/** A mount of a path of the host, read-only; unlike a volume it is rejected if the path is missing. */
export function bindMount({ source, target, propagation }: HostPath): docker.types.input.ContainerMount {
  return {
    type: "bind",
    source,
    target,
    readOnly: true,
    ...(propagation === undefined ? {} : { bindOptions: { propagation } }),
  };
}
