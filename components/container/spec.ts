import * as docker from "@pulumi/docker";
import { Service, ServiceKey, SERVICES } from "../../lib/settings/services";
import { ServiceSettings, Settings } from "../../lib/settings/settings";
import { ConfigFile } from "./configVolume";

export { CONFIG_FOLDER } from "./configVolume";

/** A folder that several containers of this machine have in common. */
export interface SharedFolder {
  /** Name of the volume. */
  readonly name: string;
  readonly volume: docker.Volume;
  readonly path: string;
  readonly readOnly: boolean;
}

/** A key that a program's data is of little use without, and that is kept elsewhere. */
export interface DataKey {
  /** Label of a data volume that never had another key than a generated one. */
  readonly mark: { readonly label: string; readonly value: string };
  /** Makes sure that there is a key that fits the data, before the data's volume or the container is created. */
  readonly ensure: () => Promise<void>;
}

/** A path of the host that a program sees and cannot write. */
export interface HostPath {
  readonly source: string;
  /** Where the program sees it. */
  readonly target: string;
  /** `rslave` shows what the host mounts below it later. */
  readonly propagation?: "rslave";
  /** Of Docker Desktop's virtual machine: what it has there cannot be seen from here. */
  readonly unseen?: boolean;
}

/** One service of the lab, whatever runs it: what it runs, how one sees that it works, and what it may reach and use. */
export interface ServiceSpec {
  /** Name on the lab's network and, after the prefix, on the host. */
  readonly hostname: string;
  /** Name of the machine that the program reports, where that is not the container's own. */
  readonly machineName?: string;
  readonly service: ServiceSettings;
  /** Port inside the container. */
  readonly internalPort: number;
  /** Path on that port that answers 200 once the program works. */
  readonly healthPath: string;
  /** File with the HTTP request of the health check, where the path asks for a password. */
  readonly healthRequest?: string;
  readonly command?: string[];
  /** User and group as `uid:gid`; the image's own by default. */
  readonly user?: string;
  /** Environment as `NAME=value`; nothing secret: everybody who may inspect a container reads it. */
  readonly envs?: string[];
  /** Folder of the container that a volume keeps over a replacement. */
  readonly dataPath?: string;
  /** What encrypts secrets in that folder. */
  readonly dataKey?: DataKey;
  /** Files that the program reads, in `CONFIG_FOLDER`; a change of one replaces the container, or reloads it. */
  readonly uploads?: readonly ConfigFile[];
  /** Of a program that reads its files again on SIGHUP: what its metrics about the last reload start with. */
  readonly reloadMetrics?: string;
  readonly shared?: readonly SharedFolder[];
  /** Folders that the program writes to and that nothing keeps; what the host has at that place is hidden. */
  readonly scratch?: readonly string[];
  /** Folders of the host below a mounted one that the program must not see; an empty, read-only one covers each. */
  readonly covered?: readonly string[];
  readonly hostPaths?: readonly HostPath[];
  /** Names that the container shall know besides the network's own. */
  readonly hosts?: docker.types.input.ContainerHost[];
  /** Capabilities that the program cannot do without; all others are dropped. */
  readonly capabilities?: string[];
  /** `host` shows the container the processes of the host. */
  readonly pidMode?: "host";
  /** Reads what only the host's own root may, also where the engine gives containers other users (`userns-remap`). */
  readonly hostUsers?: true;
  /** In the host's network: addresses that the program listens on; nothing is published. */
  readonly hostNetwork?: { readonly healthAddress: string };
  /** In no network: only what has a shared folder with it reaches it. */
  readonly isolated?: true;
}

/** What the catalogue of services and the settings say of a service. */
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

/** Seconds between SIGTERM and SIGKILL. */
export const STOP_GRACE = 10;

const SCRATCH_BYTES = 64 * 1024 * 1024;

/** A log that is rotated. */
export const LOG = { driver: "json-file", options: { "max-size": "10m", "max-file": "3" } };

/** Bytes and mode of a scratch folder, which is in memory. */
export const SCRATCH = { sizeBytes: SCRATCH_BYTES, mode: 0o1777 };

/** Bytes and mode of a cover: one page, as zero would mean no limit. */
const COVER = { sizeBytes: 4096, mode: 0o755 };

/** What every health check has in common: the program has to answer 200. */
export function healthProbe(spec: ServiceSpec): { tests: string[]; timeout: string; retries: number } {
  const [address, port] =
    spec.hostNetwork === undefined
      ? ["127.0.0.1", spec.internalPort]
      : [spec.hostNetwork.healthAddress, spec.service.port];
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

/** Checks often while the program starts and seldom afterwards, if Docker has a start interval. */
export function healthcheck(spec: ServiceSpec, dockerMajor: number): docker.types.input.ContainerHealthcheck {
  return {
    ...healthProbe(spec),
    startPeriod: "1m0s",
    // Docker 25 brought the start interval
    ...(dockerMajor >= 25 ? { interval: "30s", startInterval: "1s" } : { interval: "3s" }),
  };
}

/** A mount that hides what the host has at that place, also what it puts there later. */
export function coverMount(target: string): {
  type: string;
  target: string;
  readOnly: boolean;
  tmpfsOptions: { sizeBytes: number; mode: number };
} {
  return { type: "tmpfs", target, readOnly: true, tmpfsOptions: COVER };
}

/** A mount of a path of the host, read-only; unlike a volume it is refused where the path is missing. */
export function bindMount({ source, target, propagation }: HostPath): {
  type: string;
  source: string;
  target: string;
  readOnly: boolean;
  bindOptions?: { propagation: string };
} {
  return {
    type: "bind",
    source,
    target,
    readOnly: true,
    ...(propagation === undefined ? {} : { bindOptions: { propagation } }),
  };
}
