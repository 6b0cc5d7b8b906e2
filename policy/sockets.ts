import type * as docker from "@pulumi/docker";
import type { Unwrap } from "@pulumi/pulumi";
import * as path from "node:path";
import type { Container } from "./containers";
import type { Subject } from "./policies";

/** Types of the resources with a path of the host besides containers. */
export const VOLUMES = ["docker:index/volume:Volume"];

/** What a program sets of a volume. */
export type Volume = Unwrap<docker.VolumeArgs>;

/** The components whose containers may have the sockets; a URN names the types of all parents. */
const TRUSTED = ["observability-lab:monitoring:Cadvisor$", "observability-lab:monitoring:SwarmDiscovery$"];

/** A path of the host, and where a container has it. */
interface Mount {
  readonly source: string | undefined;
  readonly target: string;
}

/**
 * A container has no socket that gives the whole API of the engine or of containerd, nor a folder with one in it
 * that nothing covers. Where the engine is not on this machine (Docker Desktop), nobody knows its sockets, and only
 * a socket that is mounted by its name is seen.
 */
export function closedToEngine(
  { volumes = [], mounts = [] }: Container,
  { name, urn }: Subject,
  sockets: readonly string[],
): readonly string[] {
  if (TRUSTED.some((component) => urn.includes(component))) {
    return [];
  }
  const all: readonly Mount[] = [
    ...volumes.map(({ hostPath, containerPath }) => ({ source: hostPath, target: containerPath ?? "" })),
    ...mounts.map(({ type, source, target }) => ({ source: type === "bind" ? source : undefined, target })),
  ];
  const open = all.flatMap((mount) =>
    reached(mount.source, sockets)
      .filter((socket) => !isCovered(socket, mount, all))
      .map((socket) => fault(name, socket, mount.source ?? "")),
  );
  return [
    ...open,
    ...volumes.flatMap(({ fromContainer }) =>
      fromContainer === undefined || fromContainer === ""
        ? []
        : [
            `${name} takes the volumes of the container ${fromContainer}, and with them whatever socket that has. ` +
              "Mount what it needs by name.",
          ],
    ),
  ];
}

/** A volume is no other name for a folder with such a socket in it. */
export function closedVolume({ driverOpts }: Volume, name: string, sockets: readonly string[]): readonly string[] {
  const device = driverOpts?.device;
  return reached(device, sockets).map((socket) => fault(name, socket, device ?? ""));
}

function fault(name: string, socket: string, source: string): string {
  return (
    `${name}: ${source} of the host gives it ${socket}, and with that the engine's whole API, read-only or not: ` +
    "whoever takes over its program has the machine. Mount a narrower folder, or cover the socket with a bind of " +
    "/dev/null as node_exporter does."
  );
}

/** The sockets that a path of the host gives: itself, or what lies below. */
function reached(source: string | undefined, sockets: readonly string[]): readonly string[] {
  if (source === undefined || source === "") {
    return [];
  }
  const at = real(source);
  return /(docker|containerd)[^/]*\.sock$/.test(at) ? [at] : sockets.filter((socket) => isWithin(real(socket), at));
}

/** Whether something else is mounted over a socket that a mount brings along, on it or on a folder between. */
function isCovered(socket: string, { source, target }: Mount, all: readonly Mount[]): boolean {
  const seenAt = path.posix.join(target, path.posix.relative(real(source ?? ""), real(socket)));
  return all.some(({ target: over }) => over !== target && isWithin(over, target) && isWithin(seenAt, over));
}

function isWithin(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(outer.endsWith("/") ? outer : `${outer}/`);
}

/** /var/run is /run wherever Docker runs. */
function real(file: string): string {
  return path.posix.resolve(file).replace(/^\/var\/run(?=\/|$)/, "/run");
}
