import { checkNeighbours } from "../../tools/doctor/neighbours";
import { LINUX, settingsWith } from "../support/fixtures";

const SUBNET_RULE = "PREROUTING ! -s 172.30.90.0/24 -d 172.30.90.0/24 ! -i lo -j DROP";
const LOOPBACK_RULE = "PREROUTING -d 127.0.0.0/8 ! -i lo -j DROP";
const [ON_SUBNET, ON_LOOPBACK] = [SUBNET_RULE, LOOPBACK_RULE].map((rule) => `iptables -t raw -I ${rule}`);
const OLD = { ...LINUX, dockerMajor: 27 };
const BEFORE = "as root, after each boot: ";
const HIDDEN = " (only root can see whether a firewall rule blocks it)";
const CONTAINERS = "the lab's containers in 172.30.90.0/24 and its gateway 172.30.90.1";

async function check(
  changes: Record<string, string> = {},
  machine = LINUX,
  rules: readonly string[] | undefined = ["-P PREROUTING ACCEPT", ""],
): Promise<readonly (readonly [string, string, string?])[]> {
  const findings = await checkNeighbours(settingsWith(changes), machine, () => Promise.resolve(rules));
  return findings.map(({ state, seen, fix }) => (fix === undefined ? [state, seen] : [state, seen, fix]));
}

const reach = (what: string): string => `a machine on the same network segment can reach ${what}`;
const CLOSED = ["ok", "only this machine can reach the ports on 127.0.0.1"];

describe("a neighbour", () => {
  it("reaches nothing of a default lab on Docker 28, which drops what comes for a container", async () => {
    expect(await check()).toStrictEqual([CLOSED]);
  });

  it("reaches containers, the gateway and loopback of an older one", async () => {
    expect(await check({}, OLD)).toStrictEqual([
      [
        "warning",
        reach(`${CONTAINERS}, and ports published on loopback`),
        `${BEFORE}${String(ON_SUBNET)} && ${String(ON_LOOPBACK)}`,
      ],
    ]);
  });

  it.each([
    [{ nodeExporterNetwork: "host" }, "node_exporter"],
    // whether it is on loopback, only the CLI can read
    [{ alertWebhook: "https://example.org/hook" }, "Alertmanager, if its webhook is on loopback"],
    [
      { alertWebhook: "http://localhost:9/", nodeExporterNetwork: "host" },
      "node_exporter; Alertmanager, if its webhook is on loopback",
    ],
  ])("reaches what is in the host's network with %j, on Docker 28 too", async (changes, who) => {
    expect(await check(changes)).toStrictEqual([
      [
        "warning",
        reach(`the lab's gateway 172.30.90.1 (there, behind a password: ${who})`),
        `${BEFORE}${String(ON_SUBNET)}`,
      ],
    ]);
  });

  it.each<Record<string, string>>([
    { extraScrapeTargets: '[{"job": "shop", "targets": ["host.docker.internal:8000"]}]' },
    { extraScrapeTargets: '[{"job": "shop", "targets": ["172.30.90.1:8000"]}]' },
    { probes: '[{"tcp": "host.docker.internal:5432"}]' },
    { remoteWrite: '[{"url": "http://host.docker.internal:8428/api/v1/write"}]' },
  ])("reaches a program that listens on the gateway for %j, on Docker 28 too", async (changes) => {
    const reached = "the lab's gateway 172.30.90.1 (there, your programs at host.docker.internal)";
    expect(await check(changes)).toStrictEqual([["warning", reach(reached), `${BEFORE}${String(ON_SUBNET)}`]]);
    const [finding] = await check({ ...changes, nodeExporterNetwork: "host" });
    expect(finding?.[1]).toContain("(there, behind a password: node_exporter; your programs at host.docker.internal)");
  });

  it("reaches what is published for it, whatever the firewall says", async () => {
    const published = [
      "warning",
      "bindAddress 0.0.0.0: anyone who can reach it can use Prometheus, which has no password",
      "set bindAddress to 127.0.0.1, unless this is intended; webPassword protects all but cAdvisor and the app",
    ];
    expect(await check({ bindAddress: "0.0.0.0" })).toStrictEqual([published]);
    expect(await check({ bindAddress: "0.0.0.0" }, OLD)).toStrictEqual([
      published,
      ["warning", reach(CONTAINERS), `${BEFORE}${String(ON_SUBNET)}`],
    ]);
  });

  it("reaches nothing once both rules exist", async () => {
    expect(await check({}, OLD, [`-A ${LOOPBACK_RULE}`, `-A ${SUBNET_RULE}`])).toStrictEqual([CLOSED]);
  });

  it("reaches ports that the rule of another lab, or a rule behind an earlier accept, does not close", async () => {
    const others = [`-A ${SUBNET_RULE.replaceAll(".90.", ".91.")}`, "-A PREROUTING -j ACCEPT", `-A ${LOOPBACK_RULE}`];
    const [finding] = await check({}, OLD, [`-A ${SUBNET_RULE}`, ...others]);
    expect(finding).toStrictEqual(["warning", reach("ports published on loopback"), `${BEFORE}${String(ON_LOOPBACK)}`]);
    expect(await check({}, OLD, others)).toHaveLength(1);
  });

  it("may be kept out by rules that only root sees", async () => {
    const [finding] = await checkNeighbours(settingsWith(), OLD, () => Promise.resolve(undefined));
    expect(finding?.seen).toBe(`${reach(`${CONTAINERS}, and ports published on loopback`)}${HIDDEN}`);
  });

  it("does not reach the virtual machine of Docker Desktop", async () => {
    expect(await check({ nodeExporterNetwork: "host" }, { ...OLD, native: false })).toStrictEqual([CLOSED]);
  });
});
