import * as ipaddr from "ipaddr.js";

/** Whether two IPv4 networks in CIDR notation overlap; false for anything else. */
export function overlap(one: string, other: string | null | undefined): boolean {
  if (other === undefined || other === null || !ipaddr.IPv4.isValidCIDR(one) || !ipaddr.IPv4.isValidCIDR(other)) {
    return false;
  }
  const [[a, aBits], [b, bBits]] = [ipaddr.IPv4.parseCIDR(one), ipaddr.IPv4.parseCIDR(other)];
  return a.match(b, Math.min(aBits, bBits));
}
