import type * as os from "node:os";
import type { Machine } from "../docker/machine";
import { overlap } from "../settings/cidr";
import type { Settings } from "../settings/settings";
import { labName, overlayName } from "../shared/names";
import { Problem } from "../shared/problems";

/** Networks of this machine that overlap with the lab's. */
export function findOverlaps(
  settings: Pick<Settings, "subnet" | "gateway" | "namePrefix"> & Partial<Pick<Settings, "engine" | "overlaySubnet">>,
  machine: Pick<Machine, "networks">,
  interfaces: NodeJS.Dict<os.NetworkInterfaceInfo[]>,
): readonly Problem[] {
  const { subnet, gateway, namePrefix, engine, overlaySubnet = "" } = settings;
  const lab = { setting: "subnet", subnet, name: labName(namePrefix), gateway };
  const overlay = { setting: "overlaySubnet", subnet: overlaySubnet, name: overlayName(namePrefix), gateway: "" };
  return [lab, ...(engine === "swarm" ? [overlay] : [])].flatMap((it) => findOverlap(it, machine, interfaces));
}

/** A network that the lab needs. */
interface WantedNetwork {
  readonly setting: string;
  readonly subnet: string;
  readonly name: string;
  /** The host's own address in the network. */
  readonly gateway: string;
}

function findOverlap(
  { setting, subnet, name: own, gateway }: WantedNetwork,
  machine: Pick<Machine, "networks">,
  interfaces: NodeJS.Dict<os.NetworkInterfaceInfo[]>,
): readonly Problem[] {
  const docker = machine.networks
    .filter(({ Name }) => Name !== own)
    .flatMap(({ Name, IPAM }) =>
      (IPAM.Config ?? []).map(({ Subnet }) => ({ owner: `Docker's network ${Name}`, cidr: Subnet })),
    );
  const links = Object.entries(interfaces)
    .flatMap(([name, addresses]) => (addresses ?? []).map((address) => ({ name, ...address })))
    .filter(({ family, address }) => family === "IPv4" && address !== gateway)
    .map(({ name, cidr }) => ({ owner: `the interface ${name}`, cidr }));
  // a Docker network has an interface, too; the network comes first, as it describes the overlap better
  const hit = [...docker, ...links].find(({ cidr }) => overlap(subnet, cidr));
  return hit === undefined
    ? []
    : [
        {
          setting,
          value: subnet,
          problem: `overlaps with ${hit.owner} (${hit.cidr ?? ""})`,
          fix: "set a private network that nothing else here uses, such as 172.30.91.0/24",
        },
      ];
}
