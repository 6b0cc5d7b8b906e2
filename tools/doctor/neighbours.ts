import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Machine } from "../../lib/docker/machine";
import { Settings } from "../../lib/settings/settings";
import { Finding, ok, warning } from "./finding";

/** A route to the lab from a machine of the same network segment, and the rule that blocks it. */
interface Way {
  readonly reached: string;
  /** Rule of the chain PREROUTING in the table raw, as `iptables -S` prints it. */
  readonly rule: string;
}

const CHECK = "neighbours";
/** From this version on Docker drops external packets to containers' addresses and to ports on loopback. */
const DROPS_SINCE = 28;

/**
 * Which parts of the lab other machines can reach, and the firewall rule against it. Linux answers for each of its
 * addresses on every interface and forwards: a neighbour only needs a route to the lab's subnet or loopback through it.
 *
 * The rules are read from `iptables -t raw -S PREROUTING`, which needs root; other rules may block the way, too.
 * Docker 28's rules: https://github.com/moby/moby/pull/49325; they do not protect the gateway:
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
          `bindAddress ${bindAddress}: anyone who can reach it can use ` +
            `${settings.webPassword === undefined ? "Prometheus" : "cAdvisor"}, which has no password`,
          "set bindAddress to 127.0.0.1, unless this is intended; webPassword protects all but cAdvisor and the app",
        ),
      ];
  const ways = machine.native ? findWays(settings, machine) : [];
  const rules = ways.length === 0 ? [] : await readRules();
  const open = ways.filter(({ rule }) => rules === undefined || !isFirst(rule, rules));
  if (open.length > 0) {
    const unseen = rules === undefined ? " (only root can see whether a firewall rule blocks it)" : "";
    return [
      ...published,
      warning(
        CHECK,
        `a machine on the same network segment can reach ${open.map(({ reached }) => reached).join(", and ")}${unseen}`,
        `as root, after each boot: ${open.map(({ rule }) => `iptables -t raw -I ${rule}`).join(" && ")}`,
      ),
    ];
  }
  return published.length > 0 ? published : [ok(CHECK, `only this machine can reach the ports on ${bindAddress}`)];
}

function findWays(settings: Settings, machine: Machine): readonly Way[] {
  const { bindAddress, gateway, subnet, extraScrapeTargets, probes, remoteWrite } = settings;
  const protectedByPassword = [
    ...(settings.nodeExporterNetwork === "host" ? ["node_exporter"] : []),
    // only the CLI can read the webhook
    ...(settings.alertWebhook === undefined ? [] : ["Alertmanager, if its webhook is on loopback"]),
  ];
  const onHost = new RegExp(`host\\.docker\\.internal|(?<![\\d.])${gateway.replaceAll(".", "\\.")}(?![\\d.])`, "i");
  const onGateway = [
    ...(protectedByPassword.length === 0 ? [] : [`behind a password: ${protectedByPassword.join("; ")}`]),
    ...(onHost.test(JSON.stringify([extraScrapeTargets, probes, remoteWrite]))
      ? ["your programs at host.docker.internal"]
      : []),
  ];
  const listeners = onGateway.length === 0 ? "" : ` (there, ${onGateway.join("; ")})`;
  // matched by address, as the name of the bridge changes; traffic of this machine to itself uses lo
  const rule = `PREROUTING ! -s ${subnet} -d ${subnet} ! -i lo -j DROP`;
  if (machine.dockerMajor >= DROPS_SINCE) {
    // the app answers only the lab and this machine
    return onGateway.length === 0 ? [] : [{ reached: `the lab's gateway ${gateway}${listeners}`, rule }];
  }
  return [
    { reached: `the lab's containers in ${subnet} and its gateway ${gateway}${listeners}`, rule },
    ...(bindAddress.startsWith("127.")
      ? [{ reached: "ports published on loopback", rule: "PREROUTING -d 127.0.0.0/8 ! -i lo -j DROP" }]
      : []),
  ];
}

/** Whether a rule exists and no earlier rule accepts packets. */
function isFirst(rule: string, rules: readonly string[]): boolean {
  const index = rules.indexOf(`-A ${rule}`);
  return index >= 0 && rules.slice(0, index).every((it) => !it.startsWith("-A ") || it.endsWith(" -j DROP"));
}

/** The rules that see a packet first; undefined without permission or without iptables. */
async function readRawRules(): Promise<readonly string[] | undefined> {
  try {
    return (await promisify(execFile)("iptables", ["-t", "raw", "-S", "PREROUTING"])).stdout.split("\n");
  } catch {
    return undefined;
  }
}
