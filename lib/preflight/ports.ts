import * as net from "node:net";
import { Machine } from "../docker/machine";
import { ObservedHost } from "../drift/host";
import { PUBLISHED, publishedServices, SERVICES } from "../settings/services";
import { Settings } from "../settings/settings";
import { Problem } from "../shared/problems";
import { isOurs } from "./names";

/** States in which a container holds its ports, or did until a moment ago. */
const HOLDS_PORTS = ["running", "paused", "restarting", "removing"];

/** Ports of the lab that other programs use. */
export async function findTakenPorts(
  settings: Settings,
  machine: Machine,
  host: ObservedHost,
): Promise<readonly Problem[]> {
  const ours = machine.containers.filter((it) => isOurs(it, settings) && HOLDS_PORTS.includes(it.State));
  const held = new Set(ours.flatMap(({ Ports }) => Ports.map(({ PublicPort }) => PublicPort)));
  // containers in the host's network list no ports, nor do those that Docker is about to restart
  const unlisted = ours.filter(({ HostConfig, State }) => HostConfig.NetworkMode === "host" || State !== "running");
  for (const key of PUBLISHED) {
    if (unlisted.some(({ Names }) => Names.includes(`/${settings.namePrefix}${SERVICES[key].hostname}`))) {
      held.add(settings[key].port);
    }
  }
  if (host.appPort !== undefined) {
    held.add(host.appPort);
  }
  const ports: readonly (readonly [string, number])[] = [
    ...publishedServices(settings).map((key) => [`${key}Port`, settings[key].port] as const),
    ["flaskPort", settings.flaskPort],
  ];
  const taken = new Set(ports.map(([, port]) => port));
  const problems = await Promise.all(
    ports
      .filter(([, port]) => !held.has(port))
      .map(([setting, port]) => checkPort(setting, port, settings, machine, host, taken)),
  );
  return problems.filter((problem) => problem !== undefined);
}

async function checkPort(
  setting: string,
  port: number,
  { bindAddress }: Settings,
  machine: Machine,
  { foreignApp }: ObservedHost,
  wanted: ReadonlySet<number>,
): Promise<Problem | undefined> {
  const error = await tryListen(bindAddress, port);
  switch (error) {
    case undefined:
      return undefined;
    case "EADDRNOTAVAIL":
      return {
        setting: "bindAddress",
        value: bindAddress,
        problem: `is not an address of this machine, so ${setting} cannot listen there`,
        fix: "use 127.0.0.1, or an address that ip addr shows",
      };
    case "EACCES":
      return { setting, value: port, problem: "is a privileged port", fix: "set a port of 1024 or above" };
    default: {
      const holder = machine.containers.find(({ Ports }) => Ports.some(({ PublicPort }) => PublicPort === port));
      // any user can start a process with the app's arguments
      const foreign = setting === "flaskPort" && holder === undefined ? foreignApp : undefined;
      const other =
        foreign === undefined
          ? "another program"
          : `another program (perhaps process ${String(foreign)}, which another user started as this lab's app)`;
      const who = holder === undefined ? other : `the container ${(holder.Names[0] ?? "").slice(1)}`;
      const stop =
        foreign === undefined ? "stop it" : "stop it as that user, such as with sudo if you started the lab with sudo";
      const free = await findFreePort(bindAddress, port, wanted);
      return {
        setting,
        value: port,
        problem: `is in use by ${who} on ${bindAddress} (${error})`,
        fix: `${stop}, or set ${setting} to a free port${free === undefined ? "" : ` such as ${String(free)}`}`,
      };
    }
  }
}

async function findFreePort(address: string, taken: number, wanted: ReadonlySet<number>): Promise<number | undefined> {
  for (let port = taken + 1; port <= Math.min(taken + 20, 65535); port++) {
    if (!wanted.has(port) && (await tryListen(address, port)) === undefined) {
      return port;
    }
  }
  return undefined;
}

/** Error code of an attempt to listen; undefined if it succeeds. */
export function tryListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? error.message);
    });
    server.listen({ host, port, exclusive: true }, () =>
      server.close(() => {
        resolve(undefined);
      }),
    );
  });
}
