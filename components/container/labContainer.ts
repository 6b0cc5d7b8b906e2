import { local } from "@pulumi/command";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { readLog } from "../../lib/docker/logs";
import { removeOrphan } from "../../lib/docker/orphans";
import { containerDrift } from "../../lib/drift/containers";
import { Drift, replaceOnDrift } from "../../lib/drift/drift";
import { Settings } from "../../lib/settings/settings";
import { LAB_LABEL, labName, MEMORY_LABEL, OVERLAY_LABEL, overlayName, REASON_LABEL } from "../../lib/shared/names";
import { ComponentArgs } from "../context";
import { ConfigVolume } from "./configVolume";
import { createDataVolume, ensureVolumes } from "./dataVolume";
import { reload } from "./reload";
import { bindMount, coverMount, healthcheck, LOG, nameOf, SCRATCH, ServiceSpec, STOP_GRACE, urlOf } from "./spec";
import { withWebPassword } from "./webPassword";

export type LabContainerArgs = ServiceSpec & ComponentArgs;

/** Restarts after a crash and after a reboot. */
const RESTART = "unless-stopped";
/** Docker's own value for a container whose swap it cannot limit. */
const UNLIMITED = -1;
/** Label of a container that is replaced when its files change. */
const CONFIG_LABEL = "observability-lab.config";

/** A container of the lab: published on `bindAddress` only, with a health check and limits, unprivileged and read-only. */
export class LabContainer extends pulumi.ComponentResource {
  /** The container; its creation completes when its health check passes. */
  readonly container: docker.Container;
  /** The volume with its data; undefined without `dataPath`. */
  readonly data: docker.Volume | undefined;
  /** URL of the program as seen from the host. */
  readonly url: string;

  constructor(name: string, spec: LabContainerArgs, options?: pulumi.ComponentResourceOptions) {
    super("observability-lab:components:LabContainer", name, {}, options);
    const { settings, observed, webPassword, passwordPrograms } = spec.context;
    const args =
      webPassword !== undefined && passwordPrograms.has(spec.hostname) ? withWebPassword(spec, webPassword) : spec;
    this.url = urlOf(args);
    this.data = args.dataPath === undefined ? undefined : createDataVolume(name, args, this);
    const lab = labName(settings.namePrefix);
    const [drift, input] = [driftOf(args), "labels[1].value"];
    const { reason, options: repair } = replaceOnDrift(observed, nameOf(args), drift, input);
    const { uploads } = args;
    // a sibling of the container: as its child, the volume would be deleted on a level of its own
    const sibling = { parent: options?.parent, aliases: [{ parent: this }] };
    const config = uploads && new ConfigVolume(`${name}-config`, { ...args, uploads }, sibling);
    this.container = new docker.Container(`${name}-container`, containerArgs(args, reason, this.data, config), {
      parent: this,
      // not the network: a container in the host's network needs no other part of the lab
      dependsOn: [args.context.teardown.containers, ...(config === undefined ? [] : [config.files])],
      // names and ports are fixed, so the old one has to be deleted first
      deleteBeforeReplace: true,
      // the teardown of a swarm's overlay expects its containers to be gone
      ...(args.context.overlay === undefined ? { deletedWith: args.context.teardown.all } : {}),
      // the provider updates a health check in state only
      replaceOnChanges: ["healthcheck"],
      hooks: {
        beforeCreate: [() => removeOrphan("containers", nameOf(args), lab), () => ensureVolumes(args)],
        onError: [showLog(name, nameOf(args), settings)],
      },
      ...repair,
    });
    if (config !== undefined && args.reloadMetrics !== undefined) {
      const program = {
        container: nameOf(args),
        url: this.url,
        metrics: args.reloadMetrics,
        password: settings.webPassword,
      };
      const loaded = replaceOnDrift(observed, program.container, observed.loaded, "environment.REASON");
      // a new container loads its files by itself; when they change later, it gets SIGHUP, and a rejected version is not
      // recorded as loaded, so that the next update tries again
      new local.Command(
        `${name}-reload`,
        { create: ":", environment: { CONFIG: config.version, REASON: loaded.reason }, logging: "none" },
        {
          parent: this,
          dependsOn: this.container,
          hooks: { beforeUpdate: [() => reload(program)] },
          ...loaded.options,
        },
      );
    }
    this.registerOutputs({ url: this.url });
  }
}

function driftOf(args: LabContainerArgs): Drift {
  const { settings, machine, observed, overlay } = args.context;
  const networked = args.hostAddress === undefined && !args.isolated;
  return containerDrift(observed.containers.get(nameOf(args)), {
    restart: RESTART,
    memoryLimit: machine.memoryLimit,
    networks: [
      ...(networked ? [{ name: labName(settings.namePrefix), id: observed.network }] : []),
      // a missing overlay network is a new setting, not drift
      ...(networked && overlay !== undefined && observed.overlay !== undefined
        ? [{ name: overlayName(settings.namePrefix), id: observed.overlay }]
        : []),
    ],
  });
}

function containerArgs(
  args: LabContainerArgs,
  reason: string,
  data: docker.Volume | undefined,
  config: ConfigVolume | undefined,
): docker.ContainerArgs {
  const { settings, machine, overlay } = args.context;
  const { hostPaths = [], covered = [], scratch = [] } = args;
  return {
    name: nameOf(args),
    image: args.service.image,
    command: args.command,
    user: args.user,
    envs: args.envs,
    labels: [
      { label: LAB_LABEL, value: labName(settings.namePrefix) },
      { label: REASON_LABEL, value: reason },
      { label: MEMORY_LABEL, value: String(args.service.memory) },
      ...(config === undefined || args.reloadMetrics !== undefined
        ? []
        : [{ label: CONFIG_LABEL, value: config.version }]),
      ...(overlay === undefined ? [] : [{ label: OVERLAY_LABEL, value: overlay.network.id }]),
    ],
    ...networkArgs(args),
    hosts: args.hosts,
    pidMode: args.pidMode,
    ...(machine.usersRemapped && needsHostUsers(args) ? { usernsMode: "host" } : {}),
    volumes: [
      ...(data === undefined ? [] : [{ volumeName: data.name, containerPath: args.dataPath }]),
      ...(config === undefined ? [] : [config.mount]),
      ...(args.shared ?? []).map(({ volume, path, readOnly }) => ({
        volumeName: volume.name,
        containerPath: path,
        readOnly,
      })),
      ...hostPaths
        .filter((it) => it.inVirtualMachine)
        .map(({ source, target }) => ({ hostPath: source, containerPath: target, readOnly: true })),
    ],
    mounts: [
      // unlike a volume, a mount of a missing path is rejected; for a volume, Docker would create a folder there
      ...hostPaths.filter((it) => !it.inVirtualMachine).map(bindMount),
      // Docker mounts by depth: a cover after the path that contains it, and before mounts below it
      ...covered.map(coverMount),
      // not as `tmpfs`: the provider ignores its changes
      ...scratch.map((target) => ({ type: "tmpfs", target, tmpfsOptions: SCRATCH })),
    ],
    readOnly: true,
    // a limit that Docker cannot set is read back as none, and would be permanent drift
    ...(machine.memoryLimit
      ? { memory: args.service.memory, memorySwap: machine.swapLimit ? args.service.memory : UNLIMITED }
      : {}),
    restart: RESTART,
    logDriver: LOG.driver,
    logOpts: LOG.options,
    // with the host's processes Docker adds the label option itself, and a refresh would show it as a change
    securityOpts: [...(args.pidMode === "host" ? ["label=disable"] : []), "no-new-privileges:true"],
    capabilities: { drops: ["ALL"], adds: args.capabilities ?? [] },
    healthcheck: healthcheck(args, machine.dockerMajor),
    mustRun: true,
    wait: true,
    waitTimeout: settings.startTimeout,
    destroyGraceSeconds: STOP_GRACE,
  };
}

/** Docker shares neither the host's processes nor its network with a container whose users are remapped. */
function needsHostUsers({ pidMode, hostAddress, hostUsers }: LabContainerArgs): boolean {
  return pidMode === "host" || hostAddress !== undefined || hostUsers === true;
}

function networkArgs(args: LabContainerArgs): Partial<docker.ContainerArgs> {
  const { settings, network, overlay } = args.context;
  if (args.hostAddress !== undefined) {
    return { networkMode: "host" };
  }
  const hostname = args.machineName ?? args.hostname;
  if (args.isolated) {
    return { hostname, networkMode: "none" };
  }
  const networks = overlay === undefined ? [network] : [network, overlay.network];
  return {
    hostname,
    networkMode: "bridge",
    networksAdvanced: networks.map(({ name }) => ({ name, aliases: [args.hostname] })),
    ports: [{ internal: args.internalPort, external: args.service.port, ip: settings.bindAddress }],
  };
}

/** Shows a container's log if it does not become healthy: the provider's error has no reason. */
function showLog(name: string, container: string, { startTimeout }: Settings): pulumi.ErrorHook {
  return new pulumi.ErrorHook(`${name}-log`, async ({ failedOperation, errors }) => {
    if (failedOperation !== "delete") {
      const log = await readLog(container);
      const slow = errors.some((it) => it.includes("healthy state"))
        ? `${container} was not healthy within ${String(startTimeout)} s. Fix the errors in its log; if it is only slow, ` +
          "set startTimeout to more seconds. Then run make up again.\n"
        : "";
      await pulumi.log.error(`${slow}the last lines that the container ${container} wrote:\n${log}`);
    }
    return false;
  });
}
