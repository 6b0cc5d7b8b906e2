import type * as docker from "@pulumi/docker";
import type { Unwrap } from "@pulumi/pulumi";
import type { Subject } from "./policies";

/** Types of the resources that these rules are for. */
export const CONTAINERS = ["docker:index/container:Container"];
export const SERVICES = ["docker:index/service:Service"];
export const IMAGES = ["docker:index/remoteImage:RemoteImage"];

/** What a program sets of a container. */
export type Container = Unwrap<docker.ContainerArgs>;

/** What a program sets of a Swarm service. */
type Service = Unwrap<docker.ServiceArgs>;

/** A service as the container that each of its tasks is, so that the same rules hold for both. */
export function asContainer({ name, taskSpec, endpointSpec }: Service): Container {
  const { containerSpec: spec, resources, logDriver } = taskSpec;
  return {
    name: name ?? "",
    image: spec.image,
    envs: Object.entries(spec.env ?? {}).map(([variable, value]) => `${variable}=${value}`),
    // Swarm publishes on every address of every node
    ports: (endpointSpec?.ports ?? []).map(({ targetPort }) => ({ internal: targetPort })),
    mounts: spec.mounts ?? [],
    capabilities: { adds: spec.capAdds ?? [], drops: spec.capDrops ?? [] },
    healthcheck: { tests: spec.healthcheck?.tests ?? [] },
    memory: resources?.limits?.memoryBytes ?? 0,
    ...(logDriver === undefined ? {} : { logDriver: logDriver.name, logOpts: logDriver.options ?? {} }),
  };
}

/** A tag of the last part of a name, since a registry may have a port; a digest; or the id of an image. */
const TAG = /^[^@]*:(?<tag>[\w][\w.-]*)$/;
const DIGEST = /(^|@)sha256:[0-9a-f]{64}$/;

/** A container's image is pinned. */
export function pinned({ image }: Container, { name }: Subject): readonly string[] {
  return unpinned(image, name);
}

/** An image that is pulled is pinned. */
export function pinnedImage({ name: image }: Unwrap<docker.RemoteImageArgs>, { name }: Subject): readonly string[] {
  return unpinned(image, name);
}

function unpinned(image: string, name: string): readonly string[] {
  const tag = TAG.exec(image.split("/").pop() ?? "")?.groups?.tag;
  return DIGEST.test(image) || (tag !== undefined && tag !== "latest")
    ? []
    : [
        `${name}: the image ${image} is not pinned, so what runs would change while nothing changes here. ` +
          "Give it a tag other than latest, such as prom/prometheus:v3.14.0, or a digest.",
      ];
}

/** Ports are on `bindAddress`; a container in the host's network publishes none, its flags say where it listens. */
export function onBindAddress(
  { ports, publishAllPorts }: Container,
  name: string,
  bindAddress: string,
): readonly string[] {
  const instead = `Publish it on bindAddress, ${bindAddress}, as LabContainer does.`;
  return [
    ...(ports ?? [])
      .filter(({ ip }) => ip !== bindAddress)
      .map(
        ({ internal, ip }) =>
          `${name}: port ${String(internal)} is published on ${ip ?? "every address"}, ` +
          `where others than the settings say may reach it. ${instead}`,
      ),
    ...(publishAllPorts === true
      ? [`${name}: every port is published on every address (publishAllPorts). ${instead}`]
      : []),
  ];
}

/** A container is not privileged, in name or in effect. */
export function unprivileged({ privileged, capabilities }: Container, { name }: Subject): readonly string[] {
  const instead =
    "whoever takes over its program has the machine. Add the one capability that it cannot do without " +
    "(capabilities of LabContainer).";
  const all = capabilities?.adds?.find((it) => /^(CAP_)?(ALL|SYS_ADMIN)$/i.test(it));
  return [
    ...(privileged === true ? [`${name} is privileged: ${instead}`] : []),
    ...(all === undefined ? [] : [`${name} has the capability ${all}, as good as privileged: ${instead}`]),
  ];
}

/** A container that is started has a health check, a memory limit and a log that is rotated. */
export function guarded(container: Container, { name }: Subject): readonly string[] {
  if (container.start === false) {
    return [];
  }
  const { healthcheck, memory = 0, logDriver, logOpts } = container;
  const rotated = logDriver === "local" || logOpts?.["max-size"] !== undefined;
  return [
    ...((healthcheck?.tests?.[0] ?? "NONE") === "NONE"
      ? [`${name} has no health check, so an update cannot tell whether it works. Give it a healthcheck (healthPath).`]
      : []),
    ...(memory > 0
      ? []
      : [`${name} has no memory limit, so a leak takes the machine with it. Give it memory and memorySwap, in MiB.`]),
    ...(rotated
      ? []
      : [`${name} has a log without an end, which fills the disk. Set max-size and max-file in its logOpts.`]),
  ];
}
