import * as path from "node:path";
import type { Container } from "./containers";
import { allowanceOf } from "./containers";
import { type Context, isPending, isUnset, type Resource } from "./resource";

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
export function mounted(container: Container, resource: Resource, context: Context): readonly string[] {
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
    `${name}: ${source} of the host gives it ${socket}, and with that the engine's whole API, read-only or not: ` +
    "whoever takes over its program has the machine. Mount a narrower folder, or cover the folder of " +
    "the socket as node_exporter does."
  );
}

function unknown(name: string, mount: string): string {
  return (
    `${name}: the mount ${mount} is new, and whoever takes over its program has what is there. Mount it read-only and ` +
    `as narrow as can be; if the lab needs it, add "${mount}" to the mounts of ${name} in policy/allowed.ts.`
  );
}

function uncovered(name: string, folder: string): string {
  return (
    `${name}: nothing covers ${folder}, where a program that starts later makes its socket. Mount files in memory ` +
    `(tmpfs) on ${folder}, as the lab does.`
  );
}

/** Properties that need more than a source and a target. */
function strangeOptions({ volumes = [], mounts = [] }: Container, name: string): readonly string[] {
  return [
    ...volumes.flatMap(({ fromContainer }) =>
      isUnset(fromContainer)
        ? []
        : [
            `${name} takes the volumes of the container ${fromContainer ?? ""}, and with them whatever socket that ` +
              "has. Mount what it needs by name.",
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
          `${name}: the mount at ${target} has ${option}, by which a volume can be any folder of the host. Mount what ` +
          "it needs by its path, in the open.",
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
function matches(mount: Mount, allowed: string, context: Context): boolean {
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
function rootSockets({ sockets }: Context): readonly string[] {
  return sockets.filter((it) => path.posix.dirname(it) === "/");
}

/** A source of `allowed.ts` on this machine. */
function sourcesOf(source: string, { engine, sockets, namePrefix }: Context): readonly string[] {
  if (source === "ENGINE" || source === "CONTAINERD") {
    return [...sockets, ...engine.map(real), source === "ENGINE" ? ENGINE : CONTAINERD];
  }
  return [source.startsWith("/") ? source : `${namePrefix}${source}`];
}

/** A mount in the format of `allowed.ts`. */
function written({ source, target, options }: Mount, { namePrefix }: Context): string {
  const name = namePrefix !== "" && source.startsWith(namePrefix) ? source.slice(namePrefix.length) : source;
  return [name, target, ...(options.length === 0 ? [] : [options.join()])].join(":");
}

/** The sockets at or below a path of the host. */
function reached({ source, bind }: Mount, { sockets }: Context): readonly string[] {
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
