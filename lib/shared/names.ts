/** Label that every container, volume and network of a lab carries; its value is the lab's name. */
export const LAB_LABEL = "observability-lab.lab";

/** Label with the reason why a container or a network was created. */
export const REASON_LABEL = "observability-lab.reason";

/** Label with the memory limit in MiB that a container was created with, which distinguishes a changed setting from drift. */
export const MEMORY_LABEL = "observability-lab.memory";

/** Label of swarm-wide objects: id of the node whose manager runs the lab. */
export const MANAGER_LABEL = "observability-lab.manager";

/** Label that replaces a container together with the overlay network, whose name stays the same. */
export const OVERLAY_LABEL = "observability-lab.overlay";

/** Reserved domain (RFC 2606) of the receivers in a preview's lab. */
export const NOWHERE = ".invalid";

const LOOPBACK =
  /^(localhost[46]?(\.localdomain[46]?)?|.+\.localhost|ip6-(localhost|loopback)|127(\.\d+){3}|0\.0\.0\.0|\[::(1|ffff:7f[0-9a-f]{2}:[0-9a-f]+)?\])\.?$/;

/** Name of a lab on its machine: of its network, its state directory, and the value of its label. */
export function labName(namePrefix: string): string {
  return `${namePrefix}observability-lab`;
}

/** Name of the volume that keeps a container's data. */
export function dataVolumeName({ namePrefix }: { readonly namePrefix: string }, hostname: string): string {
  return `${labName(namePrefix)}-${hostname}`;
}

/** Name of the network over all nodes of a swarm. */
export function overlayName(namePrefix: string): string {
  return `${labName(namePrefix)}-overlay`;
}

/** The address at which a program that listens on `bindAddress` is reached. */
export function connectHost(bindAddress: string): string {
  return bindAddress === "0.0.0.0" ? "127.0.0.1" : bindAddress;
}

/** URL on this machine of a program that listens on `bindAddress`. */
export function urlOn(bindAddress: string, port: number): string {
  return `http://${connectHost(bindAddress)}:${String(port)}`;
}

/** Problem of an address that `isIPv6` finds, and its remedy. */
export const NO_IPV6 = [
  "is an IPv6 address, and the lab's network has IPv4 only",
  "write a host name or an IPv4 address",
] as const;

/** Whether an address, with or without a scheme, is an IPv6 literal, which the lab's network cannot reach. */
export function isIPv6(address: string): boolean {
  return /^([a-z][a-z\d+.-]*:\/\/)?\[[\da-f:.]+\]/i.test(address);
}

/** Whether a URL is on loopback; false for anything but a URL. */
export function isLoopback(url: string): boolean {
  return URL.canParse(url) && LOOPBACK.test(new URL(url).hostname);
}
