import { execFile } from "node:child_process";
import { promisify } from "node:util";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { Machine } from "./machine";
import { LAB_LABEL, labName } from "./names";
import { ServiceSettings, Settings } from "./settings";

/** What all containers of a lab share. */
export interface LabContext {
  readonly settings: Settings;
  readonly machine: Machine;
  /** The lab's network. */
  readonly network: docker.Network;
}

export interface LabContainerArgs {
  readonly context: LabContext;
  /** Name on the lab's network and, after the prefix, on the host. */
  readonly hostname: string;
  readonly service: ServiceSettings;
  /** Port inside the container. */
  readonly internalPort: number;
  /** Path on that port that answers 200 once the program works. */
  readonly healthPath: string;
  readonly command?: string[];
  /** Environment as `NAME=value`; nothing secret: everybody who may inspect a container reads it. */
  readonly envs?: string[];
  /** Folder of the container that a volume keeps over a replacement. */
  readonly dataPath?: string;
  readonly uploads?: pulumi.Input<docker.types.input.ContainerUpload>[];
  readonly volumes?: docker.types.input.ContainerVolume[];
  readonly mounts?: docker.types.input.ContainerMount[];
  readonly devices?: docker.types.input.ContainerDevice[];
  /** Names that the container shall know besides the network's own. */
  readonly hosts?: docker.types.input.ContainerHost[];
  /** Capabilities that the program cannot do without; all others are dropped. */
  readonly capabilities?: string[];
  /** `host` shows the container the processes of the host. */
  readonly pidMode?: "host";
  /** In the host's network: addresses that the program listens on; nothing is published. */
  readonly hostNetwork?: { readonly healthAddress: string };
}

/** Seconds until a container that is not healthy fails the update. */
const HEALTH_DEADLINE = 120;
/** Seconds between SIGTERM and SIGKILL. */
const STOP_GRACE = 10;
const LOG_LINES = 20;

/** A container as every one of the lab is: published on `bindAddress` only, limited, health-gated, unprivileged. */
export class LabContainer extends pulumi.ComponentResource {
  /** The container; whoever needs its program to answer depends on it. */
  readonly container: docker.Container;
  /** URL of the program as seen from the host. */
  readonly url: string;

  constructor(name: string, args: LabContainerArgs, options?: pulumi.ComponentResourceOptions) {
    super("observability-lab:components:LabContainer", name, {}, options);
    const { settings } = args.context;
    this.url = `http://${reachable(settings.bindAddress)}:${String(args.service.port)}`;
    const data = args.dataPath === undefined ? undefined : createVolume(name, args, this);
    this.container = new docker.Container(`${name}-container`, containerArgs(args, data), {
      parent: this,
      // names and ports are fixed, so the old one has to go first
      deleteBeforeReplace: true,
      // the provider updates a health check in state only
      replaceOnChanges: ["healthcheck"],
      hooks: { onError: [showLog(name, containerName(args))] },
    });
    this.registerOutputs({ url: this.url });
  }
}

function createVolume(name: string, { context, hostname }: LabContainerArgs, parent: pulumi.Resource): docker.Volume {
  const lab = labName(context.settings.namePrefix);
  return new docker.Volume(
    `${name}-data`,
    { name: `${lab}-${hostname}`, labels: [{ label: LAB_LABEL, value: lab }] },
    { parent },
  );
}

function containerArgs(args: LabContainerArgs, data: docker.Volume | undefined): docker.ContainerArgs {
  const { settings, network } = args.context;
  return {
    name: containerName(args),
    image: args.service.image,
    command: args.command,
    envs: args.envs,
    labels: [{ label: LAB_LABEL, value: labName(settings.namePrefix) }],
    ...(args.hostNetwork === undefined
      ? {
          hostname: args.hostname,
          networkMode: "bridge",
          networksAdvanced: [{ name: network.name, aliases: [args.hostname] }],
          ports: [{ internal: args.internalPort, external: args.service.port, ip: settings.bindAddress }],
        }
      : { networkMode: "host" }),
    hosts: args.hosts,
    pidMode: args.pidMode,
    volumes: [
      ...(data === undefined ? [] : [{ volumeName: data.name, containerPath: args.dataPath }]),
      ...(args.volumes ?? []),
    ],
    mounts: args.mounts,
    devices: args.devices,
    uploads: args.uploads,
    memory: args.service.memory,
    memorySwap: args.service.memory,
    restart: "unless-stopped",
    logDriver: "json-file",
    logOpts: { "max-size": "10m", "max-file": "3" },
    // with the host's processes the engine adds the label option itself, and a refresh would show it as a change
    securityOpts: [...(args.pidMode === "host" ? ["label=disable"] : []), "no-new-privileges:true"],
    capabilities: { drops: ["ALL"], adds: args.capabilities ?? [] },
    healthcheck: healthcheck(args),
    mustRun: true,
    wait: true,
    waitTimeout: HEALTH_DEADLINE,
    destroyGraceSeconds: STOP_GRACE,
  };
}

/** Asks often while the program starts and seldom afterwards, where the engine can tell the two apart. */
function healthcheck(args: LabContainerArgs): docker.types.input.ContainerHealthcheck {
  const [address, port] =
    args.hostNetwork === undefined
      ? ["127.0.0.1", args.internalPort]
      : [args.hostNetwork.healthAddress, args.service.port];
  return {
    tests: ["CMD", "wget", "-q", "-O", "/dev/null", `http://${address}:${String(port)}${args.healthPath}`],
    timeout: "5s",
    retries: 3,
    startPeriod: "1m0s",
    // Docker 25 brought the start interval
    ...(args.context.machine.engineMajor >= 25 ? { interval: "30s", startInterval: "1s" } : { interval: "3s" }),
  };
}

function containerName({ context, hostname }: LabContainerArgs): string {
  return `${context.settings.namePrefix}${hostname}`;
}

/** The address to ask for something that listens on `bindAddress`. */
export function reachable(bindAddress: string): string {
  return bindAddress === "0.0.0.0" ? "127.0.0.1" : bindAddress;
}

/** Shows why a container does not get healthy: the provider knows only that it does not. */
function showLog(name: string, container: string): pulumi.ErrorHook {
  return new pulumi.ErrorHook(`${name}-log`, async ({ failedOperation }) => {
    if (failedOperation !== "delete") {
      const log = await readLog(container);
      await pulumi.log.error(`the last lines that the container ${container} wrote:\n${log}`);
    }
    return false;
  });
}

async function readLog(container: string): Promise<string> {
  try {
    const { stdout, stderr } = await promisify(execFile)("docker", ["logs", "--tail", String(LOG_LINES), container]);
    return `${stdout}${stderr}`.trim() || "(nothing)";
  } catch (error) {
    return `(cannot be read: ${error instanceof Error ? error.message : String(error)})`;
  }
}
