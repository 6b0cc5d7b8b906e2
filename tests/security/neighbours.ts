import { execFileSync, spawnSync } from "node:child_process";
import { inspect, sample } from "../support/harness";
import { UserLab } from "../support/userLab";

/** Addresses of the segment that this machine and its neighbour share. */
const [OURS, THEIRS] = ["10.213.9.1", "10.213.9.2"];
const NAMESPACE = "lab-neighbour";
const LINK = "lab-neighbour";

/** Asks as the first argument says, and prints what came before the connection was closed; fails without one. */
const ASK = `
const [host, port] = process.argv[1].split(":");
const socket = require("node:net").connect({ host, port, localAddress: "${THEIRS}", timeout: 2000 });
socket.on("connect", () => socket.write("GET / HTTP/1.0\\r\\n\\r\\n"));
socket.on("data", (data) => process.stdout.write(data.subarray(0, 12)));
socket.on("timeout", () => socket.destroy(new Error("timeout")));
socket.on("error", ({ code }) => (process.exitCode = code === "ECONNRESET" ? 0 : 1));
`;

function ip(...args: string[]): void {
  execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
}

/** Why no neighbour can be made here. */
function problem(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    return "needs root, on Linux";
  }
  const made = spawnSync("ip", ["netns", "add", NAMESPACE], { encoding: "utf8" });
  if (made.status === 0) {
    ip("netns", "del", NAMESPACE);
  }
  return made.status === 0 ? undefined : `no network namespace: ${made.error?.message ?? made.stderr.trim()}`;
}

/** A machine of the same segment that has routes to the lab's subnet, and to loopback, by this machine. */
function addNeighbour(subnet: string): void {
  const inside = ["-n", NAMESPACE];
  ip("netns", "add", NAMESPACE);
  ip("link", "add", LINK, "type", "veth", "peer", "name", "peer", "netns", NAMESPACE);
  ip("addr", "add", `${OURS}/30`, "dev", LINK);
  ip("link", "set", LINK, "up");
  ip(...inside, "addr", "add", `${THEIRS}/30`, "dev", "peer");
  ip(...inside, "link", "set", "peer", "up");
  ip(...inside, "route", "add", subnet, "via", OURS);
  ip(...inside, "route", "add", "127.0.0.1", "via", OURS);
  ip("netns", "exec", NAMESPACE, "sysctl", "-qw", "net.ipv4.conf.all.route_localnet=1");
}

/** What the neighbour gets; undefined without a connection. */
function askAsNeighbour(address: string): string | undefined {
  const asked = spawnSync("ip", ["netns", "exec", NAMESPACE, process.execPath, "-e", ASK, address], {
    encoding: "utf8",
  });
  return asked.status === 0 ? asked.stdout : undefined;
}

/** A neighbour on the local network, who sends packets to addresses of the lab by way of this machine. */
export function neighbourAttacks(lab: () => UserLab): void {
  const why = problem();
  describe(`a neighbour on the local network${why === undefined ? "" : ` (${why})`}`, () => {
    const attack = why === undefined ? it : it.skip;
    let [subnet, gateway] = ["", ""];

    beforeAll(() => {
      if (why === undefined) {
        [subnet, gateway] = ["Subnet", "Gateway"].map((key) =>
          String(inspect(lab().lab, `(index .IPAM.Config 0).${key}`)),
        ) as [string, string];
        addNeighbour(subnet);
      }
    });

    afterAll(() => {
      if (why === undefined) {
        ip("netns", "del", NAMESPACE);
      }
    });

    attack("gets no response of the app, which Prometheus and this machine get", async () => {
      const { flaskPort } = lab().ports;
      expect(askAsNeighbour(`${gateway}:${String(flaskPort)}`)).toBe("");
      for (const address of [gateway, "127.0.0.1"]) {
        expect((await fetch(`http://${address}:${String(flaskPort)}/healthz`)).status).toBe(200);
      }
      expect(await sample(lab(), 'up{job="flask_app"}')).toBe(1);
    });

    attack("reaches nothing once the rules are there that doctor names", async () => {
      const doctor = async (): Promise<{ seen: string; fix?: string }[]> => {
        const { stdout } = await lab().run("doctor", ["--json"]).outcome;
        const { checks } = JSON.parse(stdout) as { checks: { check: string; seen: string; fix?: string }[] };
        return checks.filter(({ check }) => check === "neighbours");
      };
      const { flaskPort, nodeExporterPort, prometheusPort } = lab().ports;
      const prometheus = String(
        inspect(lab().container("prometheus"), `(index .NetworkSettings.Networks "${lab().lab}").IPAddress`),
      );
      const ways = [
        `${gateway}:${String(flaskPort)}`,
        `${gateway}:${String(nodeExporterPort)}`,
        `${prometheus}:9090`,
        `127.0.0.1:${String(prometheusPort)}`,
      ];
      expect(askAsNeighbour(`${gateway}:${String(nodeExporterPort)}`)).toMatch(/^HTTP/);
      const [{ fix = "" } = {}] = await doctor();
      const rules = [...fix.matchAll(/iptables -t raw -I (.*?)(?= && |$)/g)].map(([, rule = ""]) => rule.split(" "));
      expect(rules.length).toBeGreaterThan(0);
      rules.forEach((rule) => execFileSync("iptables", ["-w", "-t", "raw", "-I", ...rule]));
      try {
        expect(ways.map(askAsNeighbour)).toEqual(ways.map(() => undefined));
        expect(await doctor()).toEqual([expect.objectContaining({ state: "ok" })]);
        // what the machine itself has nothing to show of is not what is tested
        expect((await lab().failedChecks()).filter((it) => !it.startsWith("panels:"))).toEqual([]);
      } finally {
        rules.forEach((rule) => execFileSync("iptables", ["-w", "-t", "raw", "-D", ...rule]));
      }
    });
  });
}
