import * as ipaddr from "ipaddr.js";

/** Why a text is not a private IPv4 network in CIDR notation with a suitable size; undefined if it is. */
export function networkProblem(subnet: string): string | undefined {
  if (!ipaddr.IPv4.isValidCIDRFourPartDecimal(subnet)) {
    return "is not an IPv4 network in CIDR notation";
  }
  const [address, bits] = ipaddr.IPv4.parseCIDR(subnet);
  if (bits < 16 || bits > 28) {
    return "must have a prefix length from 16 to 28";
  }
  const isNetwork = address.toString() === ipaddr.IPv4.networkAddressFromCIDR(subnet).toString();
  return address.range() === "private" && isNetwork ? undefined : "must be the address of a private network";
}

/** The first address of a network, which Docker gives to the host. */
export function gatewayOf(subnet: string): string {
  const [a, b, c, d] = ipaddr.IPv4.networkAddressFromCIDR(subnet).octets;
  return [a, b, c, (d ?? 0) + 1].join(".");
}

/** Whether two IPv4 networks in CIDR notation overlap; false for anything else. */
export function overlap(one: string, other: string | null | undefined): boolean {
  if (other === undefined || other === null || !ipaddr.IPv4.isValidCIDR(one) || !ipaddr.IPv4.isValidCIDR(other)) {
    return false;
  }
  const [[a, aBits], [b, bBits]] = [ipaddr.IPv4.parseCIDR(one), ipaddr.IPv4.parseCIDR(other)];
  return a.match(b, Math.min(aBits, bBits));
}
