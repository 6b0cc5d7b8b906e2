import type * as docker from "@pulumi/docker";
import type { Unwrap } from "@pulumi/pulumi";
import type { ContainerAllowance } from "./allowance";
import { CONTAINERS } from "./allowed";
import { type PolicyContext, isPending, isUnset, LAB, type Resource, type ResourceId, typesOf } from "./resource";

/** Types of the resources that these policies check. */
export const CONTAINER_TYPES = ["docker:index/container:Container"];
export const SERVICE_TYPES = ["docker:index/service:Service"];

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
        `${name}: the image ${image} is not pinned, so it could change without a change of the code. ` +
          "Use a tag other than latest, such as prom/prometheus:v3.14.0, or a digest.",
      ];
}

/** Ports are on `bindAddress`; a container in the host's network publishes none, as its flags set the address. */
export function checkPorts(
  { ports, publishAllPorts }: Container,
  { name }: ResourceId,
  { bindAddress }: Pick<PolicyContext, "bindAddress">,
): readonly string[] {
  const instead = `Publish only the ports that are needed, on bindAddress (${bindAddress}), as LabContainer does.`;
  return [
    ...(ports ?? [])
      .filter(({ ip }) => ip !== bindAddress && !isPending(ip))
      .map(
        ({ internal, ip }) =>
          `${name}: port ${String(internal)} is published on ${ip ?? "every address"} and not on bindAddress. ${instead}`,
      ),
    ...(publishAllPorts === true ? [`${name}: publishAllPorts publishes every port on every address. ${instead}`] : []),
  ];
}

/** A container has only the privileges listed in `allowed.ts`. */
export function checkPrivileges(container: Container, resource: Resource): readonly string[] {
  const { name } = resource;
  const allowed = allowanceOf(resource);
  const { privileged, capabilities, securityOpts = [], readOnly } = container;
  const instead =
    "an attacker who controls its program would control the machine. Add only the capabilities that it needs " +
    "(capabilities of LabContainer).";
  const capability = (it: string): string => it.toUpperCase().replace(/^CAP_/, "");
  const missing = [
    ...((capabilities?.drops ?? []).some((it) => capability(it) === "ALL") ? [] : ['drops: ["ALL"] in capabilities']),
    ...(readOnly === true ? [] : ["readOnly: true"]),
    ...(container.service === true || securityOpts.some((it) => NO_NEW_PRIVILEGES.test(it))
      ? []
      : ['"no-new-privileges:true" in securityOpts']),
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
            `${allowed.user ?? "that of its image"}, so it could read the files and memory of another program with that user. ` +
            "Leave user as the lab sets it; if it needs another, change its user in CONTAINERS in policy/allowed.ts.",
        ]),
    ...(privileged === true ? [`${name} is privileged: ${instead}`] : []),
    ...extra.map(
      ([kind, value, line]) =>
        `${name}: the ${kind} ${value} is not allowed; an attacker who controls its program would have it, too. ` +
        `If the program needs it, add ${line} in CONTAINERS in policy/allowed.ts.`,
    ),
    ...missing.map(
      (it) =>
        `${name}: ${it} is missing, so its program has more privileges than it needs. Set it, as LabContainer does.`,
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
  const allowed = Object.hasOwn(CONTAINERS, component) ? CONTAINERS[component] : undefined;
  const ending = WRAPPERS[`${wrapper}$${type}`];
  return lab === LAB && more.length === 0 && ending !== undefined && `${allowed?.name ?? ""}${ending}` === resource.name
    ? (allowed ?? {})
    : {};
}

/** A container that is started has a health check, a memory limit where Docker can set one, and a log that is rotated. */
export function checkHealthAndLimits(
  container: Container,
  { name }: ResourceId,
  { memoryLimit }: Pick<PolicyContext, "memoryLimit">,
): readonly string[] {
  if (container.start === false) {
    return [];
  }
  const { healthcheck, memory = 0, logDriver, logOpts } = container;
  const rotated = logDriver === "local" || logOpts?.["max-size"] !== undefined;
  return [
    ...((healthcheck?.tests?.[0] ?? "NONE") === "NONE"
      ? [`${name} has no health check, so an update cannot check whether it works. Set healthcheck (healthPath).`]
      : []),
    ...(memory > 0 || !memoryLimit
      ? []
      : [
          `${name} has no memory limit, so a leak could exhaust the memory of the machine. Set memory and memorySwap, in MiB.`,
        ]),
    ...(rotated
      ? []
      : [`${name}: its log grows without limit and fills the disk. Set max-size and max-file in logOpts.`]),
  ];
}
