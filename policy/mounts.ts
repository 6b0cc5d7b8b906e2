import * as path from "node:path";
import type { Container } from "./containers";
import { allowanceOf } from "./containers";
import { type PolicyContext, isPending, isUnset, type Resource } from "./resource";

/** A path of the host or a volume, and its path in the container. */
interface Mount {
  readonly source: string;
  readonly target: string;
  readonly options: readonly string[];
  readonly bind: boolean;
}

/** Default sockets of Docker and containerd, as on a swarm's nodes and in Docker Desktop. */
const ENGINE = "/run/docker.sock";
const CONTAINERD = "/run/containerd/containerd.sock";
/** A name that Docker interprets as a volume's; anything else is a path of the host. */
const VOLUME = /^[a-zA-Z0-9][\w.-]*$/;
/** Options that a tmpfs mount may have. */
const SCRATCH = ["sizeBytes", "mode"];

/**
 * A container has the mounts listed in `allowed.ts`, and none contains an uncovered socket with the whole API of Docker
 * or containerd. If Docker is not on this machine (Docker Desktop), its sockets are unknown.
 */
export function checkMounts(container: Container, resource: Resource, context: PolicyContext): readonly string[] {
  const { name } = resource;
  const { mounts: allowed = [], covered = [], engine } = allowanceOf(resource);
  const all = mountsOf(container);
  const targets = [...all, ...scratchOf(container)].map(({ target }) => target);
  const open = all.flatMap((mount) => {
    const sockets = engine === true ? [] : reached(mount, context).filter((it) => !isCovered(it, mount, targets));
    if (sockets.length > 0) {
      return sockets.map((socket) => opened(name, socket, mount.source));
    }
    return isPending(mount.source) || allowed.some((it) => matches(mount, it, context))
      ? []
      : [unknown(name, written(mount, context))];
  });
  const scratch = scratchOf(container).map(({ target }) => target);
  const bare = covered
    .filter((folder) => !scratch.includes(folder) && all.some(({ target }) => isWithin(folder, target)))
    .map((folder) => uncovered(name, folder));
  return [...open, ...bare, ...strangeOptions(container, name)];
}

function opened(name: string, socket: string, source: string): string {
  return (
    `${name}: the mount of ${source} contains ${socket}, which gives full access to the engine, even read-only: ` +
    "an attacker who controls its program would control the machine. Mount a narrower folder, or cover the folder of " +
    "the socket as node_exporter does."
  );
}

function unknown(name: string, mount: string): string {
  return (
    `${name}: the mount ${mount} is not allowed; an attacker who controls its program would have the files in it. Mount ` +
    `as little as possible, read-only; if the lab needs it, add "${mount}" to the mounts of ${name} in policy/allowed.ts.`
  );
}

function uncovered(name: string, folder: string): string {
  return (
    `${name}: ${folder} is not covered, so sockets created there later are visible. Mount a tmpfs on ${folder}, as the ` +
    "lab does."
  );
}

/** Properties that need more than a source and a target. */
function strangeOptions({ volumes = [], mounts = [] }: Container, name: string): readonly string[] {
  return [
    ...volumes.flatMap(({ fromContainer }) =>
      isUnset(fromContainer)
        ? []
        : [
            `${name} mounts all volumes of the container ${fromContainer ?? ""}, including any socket. ` +
              "Mount each volume that it needs by its name.",
          ],
    ),
    ...mounts.flatMap(({ type, target, volumeOptions, bindOptions, tmpfsOptions }) => {
      const strange = [
        ...(["bind", "volume", "tmpfs"].includes(type) ? [] : [`type ${type}`]),
        ...Object.entries(volumeOptions ?? {}).map(([key, value]) => [`volumeOptions.${key}`, value] as const),
        ...Object.entries(bindOptions ?? {}).filter(([key]) => key !== "propagation"),
        ...Object.entries(tmpfsOptions ?? {}).filter(([key]) => !SCRATCH.includes(key)),
      ].flatMap((it) => (typeof it === "string" ? [it] : isUnset(it[1]) ? [] : [it[0]]));
      return strange.map(
        (option) =>
          `${name}: the mount at ${target} has ${option}, which can turn a volume into any folder of the host. Mount ` +
          "the folder that it needs by its path.",
      );
    }),
  ];
}

function mountsOf({ volumes = [], mounts = [] }: Container): readonly Mount[] {
  const mount = (source: string, target: string, readOnly = false, propagation = "", bind = false): Mount => ({
    source,
    target,
    options: [...(readOnly ? ["ro"] : []), ...(propagation === "" ? [] : [propagation])],
    bind: bind || !VOLUME.test(source),
  });
  return [
    ...volumes
      .filter(({ hostPath, volumeName }) => !isUnset(hostPath) || !isUnset(volumeName))
      .map(({ hostPath, volumeName, containerPath = "", readOnly }) =>
        isUnset(hostPath)
          ? mount(volumeName ?? "", containerPath, readOnly)
          : mount(hostPath ?? "", containerPath, readOnly, "", true),
      ),
    ...mounts
      .filter(({ type }) => type !== "tmpfs")
      .map(({ type, source, target, readOnly, bindOptions }) =>
        mount(source ?? "", target, readOnly, bindOptions?.propagation, type === "bind"),
      ),
  ];
}

function scratchOf({ mounts = [] }: Container): readonly { readonly target: string }[] {
  return mounts.filter(({ type }) => type === "tmpfs");
}

/** Whether `allowed.ts` lists a mount. */
function matches(mount: Mount, allowed: string, context: PolicyContext): boolean {
  const [source = "", target = "", options = ""] = allowed.split(":");
  const bind = source.startsWith("/") || /^[A-Z]+$/.test(source);
  return (
    bind === mount.bind &&
    mount.options.join() === options &&
    sourcesOf(source, context).includes(bind ? real(mount.source) : mount.source) &&
    (target.includes("SOCKET") ? rootSockets(context).map((it) => target.replace("SOCKET", it)) : [target]).includes(
      mount.target,
    )
  );
}

/** Sockets in the root, which cannot be covered. */
function rootSockets({ sockets }: PolicyContext): readonly string[] {
  return sockets.filter((it) => path.posix.dirname(it) === "/");
}

/** A source of `allowed.ts` on this machine. */
function sourcesOf(source: string, { engine, sockets, namePrefix }: PolicyContext): readonly string[] {
  if (source === "ENGINE" || source === "CONTAINERD") {
    return [...sockets, ...engine.map(real), source === "ENGINE" ? ENGINE : CONTAINERD];
  }
  return [source.startsWith("/") ? source : `${namePrefix}${source}`];
}

/** A mount in the format of `allowed.ts`. */
function written({ source, target, options }: Mount, { namePrefix }: PolicyContext): string {
  const name = namePrefix !== "" && source.startsWith(namePrefix) ? source.slice(namePrefix.length) : source;
  return [name, target, ...(options.length === 0 ? [] : [options.join()])].join(":");
}

/** The sockets at or below a path of the host. */
function reached({ source, bind }: Mount, { sockets }: PolicyContext): readonly string[] {
  if (!bind || source === "") {
    return [];
  }
  const at = real(source);
  return /(docker|containerd)[^/]*\.sock$/.test(at) ? [at] : sockets.filter((socket) => isWithin(real(socket), at));
}

/** Whether another mount covers a socket in this mount, or a folder between. */
function isCovered(socket: string, { source, target }: Mount, targets: readonly string[]): boolean {
  const seenAt = path.posix.join(target, path.posix.relative(real(source), real(socket)));
  return targets.some((over) => over !== target && isWithin(over, target) && isWithin(seenAt, over));
}

function isWithin(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(outer.endsWith("/") ? outer : `${outer}/`);
}

/** /var/run is /run wherever Docker runs. */
function real(file: string): string {
  return path.posix.resolve(file).replace(/^\/var\/run(?=\/|$)/, "/run");
}
