import type * as os from "node:os";
import type { Machine } from "../docker/machine";
import { overlap } from "../settings/cidr";
import type { Settings } from "../settings/settings";
import { labName, overlayName } from "../shared/names";
import { Problem } from "../shared/problems";

/** Networks to suggest, from different private ranges. */
const SUGGESTED = ["172.30.91.0/24", "10.130.91.0/24", "192.168.191.0/24"];

/** Networks of this machine that overlap with the lab's. */
export function findOverlaps(
  settings: Pick<Settings, "subnet" | "namePrefix"> & Partial<Pick<Settings, "engine" | "overlaySubnet">>,
  machine: Pick<Machine, "networks">,
  interfaces: NodeJS.Dict<os.NetworkInterfaceInfo[]>,
): readonly Problem[] {
  const { subnet, namePrefix, engine, overlaySubnet = "" } = settings;
  const lab = { setting: "subnet", subnet, name: labName(namePrefix) };
  const overlay = { setting: "overlaySubnet", subnet: overlaySubnet, name: overlayName(namePrefix) };
  return [lab, ...(engine === "swarm" ? [overlay] : [])].flatMap((it) => findOverlap(it, machine, interfaces));
}

/** A network that overlaps with one that the lab needs. */
function findOverlap(
  { setting, subnet, name: own }: Readonly<Record<"setting" | "subnet" | "name", string>>,
  machine: Pick<Machine, "networks">,
  interfaces: NodeJS.Dict<os.NetworkInterfaceInfo[]>,
): readonly Problem[] {
  const networks = machine.networks.flatMap(({ Name, IPAM }) => (IPAM.Config ?? []).map((it) => ({ Name, ...it })));
  const docker = networks
    .filter(({ Name }) => Name !== own)
    .map(({ Name, Subnet }) => ({ owner: `Docker's network ${Name}`, cidr: Subnet }));
  // the host's own addresses in the network that the lab has now, whatever subnet is wanted
  const gateways = new Set(networks.filter(({ Name }) => Name === own).map(({ Gateway }) => Gateway));
  const links = Object.entries(interfaces)
    .flatMap(([name, addresses]) => (addresses ?? []).map((address) => ({ name, ...address })))
    .filter(({ family, address }) => family === "IPv4" && !gateways.has(address))
    .map(({ name, cidr }) => ({ owner: `the interface ${name}`, cidr }));
  // a Docker network has an interface, too; the network comes first, as it describes the overlap better
  const taken = [...docker, ...links];
  const hit = taken.find(({ cidr }) => overlap(subnet, cidr));
  const free = SUGGESTED.find((it) => !taken.some(({ cidr }) => overlap(it, cidr)));
  return hit === undefined
    ? []
    : [
        {
          setting,
          value: subnet,
          problem: `overlaps with ${hit.owner} (${hit.cidr ?? ""})`,
          fix: `set a private network that nothing else here uses${free === undefined ? "" : `, such as ${free}`}`,
        },
      ];
}
