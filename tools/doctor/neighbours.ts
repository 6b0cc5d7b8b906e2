import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Machine } from "../../lib/docker/machine";
import { Settings } from "../../lib/settings/settings";
import { Finding, ok, warning } from "./finding";

/** A way in for a machine of the same network segment, and the rule that closes it. */
interface Way {
  readonly reached: string;
  /** Rule of the chain PREROUTING of the table raw, as `iptables -S` shows it. */
  readonly rule: string;
}

const CHECK = "neighbours";
/** From here on Docker itself drops what comes from outside for a container's address, or for a port on loopback. */
const DROPS_SINCE = 28;

/**
 * Who reaches the lab from outside, and the firewall's rule against it. Linux answers for each of its addresses on each
 * interface, and forwards: a neighbour need only have a route to the lab's subnet, or to loopback, by this machine.
 *
 * A rule is looked for in `iptables -t raw -S PREROUTING`, which takes root; other rules may close a way, too.
 * https://github.com/moby/moby/pull/49325 says what Docker 28 drops; the gateway it does not protect:
 * https://github.com/moby/moby/pull/52224
 */
export async function checkNeighbours(
  settings: Settings,
  machine: Machine,
  readRules = readRawRules,
): Promise<readonly Finding[]> {
  const { bindAddress } = settings;
  const published = bindAddress.startsWith("127.")
    ? []
    : [
        warning(
          CHECK,
          `bindAddress ${bindAddress}: whoever reaches it reaches ` +
            `${settings.webPassword === undefined ? "Prometheus" : "cAdvisor"}, which asks for no password`,
          "set bindAddress to 127.0.0.1, unless that is what you want; webPassword closes all but cAdvisor and the app",
        ),
      ];
  const ways = machine.native ? findWays(settings, machine) : [];
  const rules = ways.length === 0 ? [] : await readRules();
  const open = ways.filter(({ rule }) => rules === undefined || !isFirst(rule, rules));
  if (open.length > 0) {
    const unseen = rules === undefined ? " (whether a rule of the firewall drops it, only root sees)" : "";
    return [
      ...published,
      warning(
        CHECK,
        `a machine on the same network segment can reach ${open.map(({ reached }) => reached).join(", and ")}${unseen}`,
        `as root, after each start of the machine: ${open.map(({ rule }) => `iptables -t raw -I ${rule}`).join(" && ")}`,
      ),
    ];
  }
  return published.length > 0 ? published : [ok(CHECK, `only this machine reaches the ports on ${bindAddress}`)];
}

function findWays(settings: Settings, machine: Machine): readonly Way[] {
  const { bindAddress, gateway, subnet } = settings;
  const onGateway = [
    ...(settings.nodeExporterNetwork === "host" ? ["node_exporter"] : []),
    // what the webhook is, only the CLI can read
    ...(settings.alertWebhook === undefined ? [] : ["Alertmanager, if its webhook is on loopback"]),
  ];
  const listeners = onGateway.length === 0 ? "" : ` (there, behind a password: ${onGateway.join("; ")})`;
  // by addresses, as the name of the bridge changes; what this machine sends to itself comes by lo
  const rule = `PREROUTING ! -s ${subnet} -d ${subnet} ! -i lo -j DROP`;
  if (machine.dockerMajor >= DROPS_SINCE) {
    // the app answers nobody else there
    return onGateway.length === 0 ? [] : [{ reached: `the lab's gateway ${gateway}${listeners}`, rule }];
  }
  return [
    { reached: `the lab's containers in ${subnet} and its gateway ${gateway}${listeners}`, rule },
    ...(bindAddress.startsWith("127.")
      ? [{ reached: "ports published on loopback", rule: "PREROUTING -d 127.0.0.0/8 ! -i lo -j DROP" }]
      : []),
  ];
}

/** Whether a rule is there, and nothing before it lets packets pass. */
function isFirst(rule: string, rules: readonly string[]): boolean {
  const index = rules.indexOf(`-A ${rule}`);
  return index >= 0 && rules.slice(0, index).every((it) => !it.startsWith("-A ") || it.endsWith(" -j DROP"));
}

/** The rules that see a packet first; undefined for whom they are hidden from, or without iptables. */
async function readRawRules(): Promise<readonly string[] | undefined> {
  try {
    return (await promisify(execFile)("iptables", ["-t", "raw", "-S", "PREROUTING"])).stdout.split("\n");
  } catch {
    return undefined;
  }
}
