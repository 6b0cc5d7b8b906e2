import { randomInt } from "node:crypto";
import * as net from "node:net";
import { PUBLISHED, PublishedKey } from "../../lib/settings/services";

/** Three lanes of suites with up to four workers each stay below the ports of previews. */
const PORTS_OF_A_LANE = 3_200;
const PORTS_OF_A_WORKER = PORTS_OF_A_LANE / 4;
const PORT_SETTINGS = [...PUBLISHED.map((key) => `${key}Port` as const), "flaskPort" as const];

/** A port for each port setting of a lab. */
export type Ports = Readonly<Record<`${PublishedKey}Port` | "flaskPort", number>>;

/** Ports without a listener, below the ephemeral port range. */
export async function freePorts(): Promise<Ports> {
  const ports = new Set<number>();
  // concurrent suites must not choose the same ports
  const [lane, worker] = [Number(process.env.TEST_LANE ?? 0), Number(process.env.JEST_WORKER_ID ?? 1) - 1];
  const first = 20_000 + PORTS_OF_A_LANE * lane + PORTS_OF_A_WORKER * (worker % 4);
  while (ports.size < PORT_SETTINGS.length) {
    const port = randomInt(first, first + PORTS_OF_A_WORKER);
    if (await isFree(port)) {
      ports.add(port);
    }
  }
  return Object.fromEntries(PORT_SETTINGS.map((setting, index) => [setting, [...ports][index]])) as Ports;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer().once("error", () => {
      resolve(false);
    });
    server.listen(port, "127.0.0.1", () =>
      server.close(() => {
        resolve(true);
      }),
    );
  });
}
