import type * as docker from "@pulumi/docker";
import type { Unwrap } from "@pulumi/pulumi";
import type { ContainerAllowance } from "./allowance";
import { CONTAINERS as CONTAINERS_ALLOWED } from "./allowed";
import { type Context, isPending, isUnset, LAB, type Resource, type ResourceId, typesOf } from "./resource";

/** Types of the resources that these policies check. */
export const CONTAINERS = ["docker:index/container:Container"];
export const SERVICES = ["docker:index/service:Service"];

/** The inputs of a container. */
export type Container = Unwrap<docker.ContainerArgs> & {
  /** For a Swarm service, which has no security options. */
  readonly service?: boolean;
};

/** The inputs of a Swarm service. */
type Service = Unwrap<docker.ServiceArgs>;

/** The component between the one in `allowed.ts` and its resource, and the name of the resource. */
const WRAPPERS: Readonly<Record<string, string>> = {
  "observability-lab:components:LabContainer$docker:index/container:Container": "-container",
  "observability-lab:swarm:NodeService$docker:index/service:Service": "-service",
};
const NO_NEW_PRIVILEGES = /^no-new-privileges([:=]true)?$/;

/** A service as the container of each of its tasks, so that the same policies apply to both. */
export function asContainer({ name, taskSpec, endpointSpec }: Service): Container {
  const { containerSpec: spec, resources, logDriver } = taskSpec;
  return {
    name: name ?? "",
    service: true,
    image: spec.image,
    user: spec.user ?? "",
    command: spec.args ?? [],
    readOnly: spec.readOnly ?? false,
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

/** A tag after the last part of a name, as a registry may have a port; a digest; or the id of an image. */
const TAG = /^[^@]*:(?<tag>[\w][\w.-]*)$/;
const DIGEST = /(^|@)sha256:[0-9a-f]{64}$/;

/** A container's image is pinned. */
export function checkPinned({ image }: Container, { name }: ResourceId): readonly string[] {
  const tag = TAG.exec(image.split("/").pop() ?? "")?.groups?.tag;
  return DIGEST.test(image) || (tag !== undefined && tag !== "latest")
    ? []
    : [
        `${name}: the image ${image} is not pinned, so what runs would change while nothing changes here. ` +
          "Give it a tag other than latest, such as prom/prometheus:v3.14.0, or a digest.",
      ];
}

/** Ports are on `bindAddress`; a container in the host's network publishes none, as its flags set the address. */
export function checkPorts(
  { ports, publishAllPorts }: Container,
  name: string,
  bindAddress: string,
): readonly string[] {
  const instead = `Publish it on bindAddress, ${bindAddress}, as LabContainer does.`;
  return [
    ...(ports ?? [])
      .filter(({ ip }) => ip !== bindAddress && !isPending(ip))
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

/** A container has only the privileges listed in `allowed.ts`. */
export function unprivileged(container: Container, resource: Resource): readonly string[] {
  const { name } = resource;
  const allowed = allowanceOf(resource);
  const { privileged, capabilities, securityOpts = [], readOnly } = container;
  const instead =
    "whoever takes over its program has the machine. Add the one capability that it cannot do without " +
    "(capabilities of LabContainer).";
  const capability = (it: string): string => it.toUpperCase().replace(/^CAP_/, "");
  const missing = [
    ...((capabilities?.drops ?? []).some((it) => capability(it) === "ALL") ? [] : ['drop ["ALL"] of capabilities']),
    ...(readOnly === true ? [] : ["readOnly: true"]),
    ...(container.service === true || securityOpts.some((it) => NO_NEW_PRIVILEGES.test(it))
      ? []
      : ['"no-new-privileges:true" of securityOpts']),
  ];
  const extra = [
    ...(capabilities?.adds ?? [])
      .filter((it) => !isPending(it) && !(allowed.capabilities ?? []).includes(capability(it)))
      .map((it) => ["capability", it, `"${capability(it)}" to its capabilities`] as const),
    ...securityOpts
      .filter((it) => !isPending(it) && !NO_NEW_PRIVILEGES.test(it) && !(allowed.securityOpts ?? []).includes(it))
      .map((it) => ["security option", it, `"${it}" to its securityOpts`] as const),
    ...modesOf(container, allowed),
  ];
  const user = container.user ?? "";
  return [
    ...(isPending(user) || user === (allowed.user ?? "")
      ? []
      : [
          `${name} runs as ${user === "" ? "the user of its image" : `the user ${user}`} and not as ` +
            `${allowed.user ?? "that of its image"}, so it may share one with another program, whose files and memory ` +
            "it could read. Leave user as the lab sets it; if it needs another, change its user in CONTAINERS of " +
            "policy/allowed.ts.",
        ]),
    ...(privileged === true ? [`${name} is privileged: ${instead}`] : []),
    ...extra.map(
      ([kind, value, line]) =>
        `${name} has the ${kind} ${value}, which is new, and whoever takes over its program has it, too. ` +
        `If it cannot do without, add ${line} in CONTAINERS of policy/allowed.ts.`,
    ),
    ...missing.map(
      (it) =>
        `${name} lacks ${it}, so whoever takes over its program can do more than that has to. Set it, as LabContainer does.`,
    ),
  ];
}

/** Namespaces of the host that a container shares, or of another container. */
function modesOf(
  { pidMode, ipcMode, usernsMode, networkMode }: Container,
  { hostProcesses, hostUsers, hostNetwork }: ContainerAllowance,
): readonly (readonly [string, string, string])[] {
  const modes: readonly (readonly [string, string | undefined, readonly string[], string])[] = [
    ["pidMode", pidMode, hostProcesses ? ["host"] : [], "hostProcesses: true"],
    ["ipcMode", ipcMode, ["private", "none"], "a property for it"],
    ["usernsMode", usernsMode, hostUsers ? ["host"] : [], "hostUsers: true"],
    ["networkMode", networkMode, ["bridge", "none", ...(hostNetwork === undefined ? [] : ["host"])], "hostNetwork"],
  ];
  return modes.flatMap(([mode, value, known, line]) =>
    isUnset(value) || isPending(value) || known.includes(value ?? "") ? [] : [[mode, value ?? "", line] as const],
  );
}

/** The permissions of a resource in `allowed.ts`: by the types of its parents and its name, as a name alone is not enough. */
export function allowanceOf(resource: ResourceId): ContainerAllowance {
  const [lab, component = "", wrapper = "", type = "", ...more] = typesOf(resource);
  const allowed = Object.hasOwn(CONTAINERS_ALLOWED, component) ? CONTAINERS_ALLOWED[component] : undefined;
  const ending = WRAPPERS[`${wrapper}$${type}`];
  return lab === LAB && more.length === 0 && ending !== undefined && `${allowed?.name ?? ""}${ending}` === resource.name
    ? (allowed ?? {})
    : {};
}

/** A container that is started has a health check, a memory limit where Docker can set one, and a log that is rotated. */
export function checkHealthAndLimits(
  container: Container,
  { name }: ResourceId,
  { memoryLimit }: Pick<Context, "memoryLimit">,
): readonly string[] {
  if (container.start === false) {
    return [];
  }
  const { healthcheck, memory = 0, logDriver, logOpts } = container;
  const rotated = logDriver === "local" || logOpts?.["max-size"] !== undefined;
  return [
    ...((healthcheck?.tests?.[0] ?? "NONE") === "NONE"
      ? [`${name} has no health check, so an update cannot tell whether it works. Give it a healthcheck (healthPath).`]
      : []),
    ...(memory > 0 || !memoryLimit
      ? []
      : [`${name} has no memory limit, so a leak takes the machine with it. Give it memory and memorySwap, in MiB.`]),
    ...(rotated
      ? []
      : [`${name} has a log without an end, which fills the disk. Set max-size and max-file in its logOpts.`]),
  ];
}
