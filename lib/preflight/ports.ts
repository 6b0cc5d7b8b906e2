import * as net from "node:net";
import { DockerContainer, Machine, needsHostNetwork } from "../docker/machine";
import { ObservedHost } from "../drift/host";
import { PublishedKey, publishedServices, SERVICES } from "../settings/services";
import { Settings } from "../settings/settings";
import { connectHost } from "../shared/names";
import { Problem } from "../shared/problems";
import { belongsToLab } from "./names";

const CONNECT_TIMEOUT_MS = 1000;
/** States in which a container holds its ports, or did until a moment ago. */
const HOLDS_PORTS = ["running", "paused", "restarting", "removing"];

/** Ports of the lab that other programs, or other parts of the running lab, use. */
export async function findTakenPorts(
  settings: Settings,
  machine: Machine,
  host: ObservedHost,
): Promise<readonly Problem[]> {
  const { bindAddress, flaskPort } = settings;
  const error = await tryListen(bindAddress, 0);
  if (error !== undefined) {
    return [
      {
        setting: "bindAddress",
        value: bindAddress,
        problem: `is not an address of this machine (${error})`,
        fix: "use 127.0.0.1, or an address that ip addr shows",
      },
    ];
  }
  const published = publishedServices(settings).map((key) => ({
    key,
    setting: `${key}Port`,
    port: settings[key].port,
  }));
  const ports = [
    ...published.filter(({ key }) => !holdsItsPort(key, settings, machine)),
    ...(host.appPort === flaskPort ? [] : [{ setting: "flaskPort", port: flaskPort }]),
  ];
  const wanted = new Set([...published.map(({ port }) => port), flaskPort]);
  const problems = await Promise.all(
    ports.map(({ setting, port }) => checkPort(setting, port, settings, machine, host, wanted)),
  );
  return problems.filter((problem) => problem !== undefined);
}

/** Whether the running container of a service has its port already; another container's port is free only later. */
function holdsItsPort(key: PublishedKey, settings: Settings, { containers }: Machine): boolean {
  const name = `/${settings.namePrefix}${SERVICES[key].hostname}`;
  const { port } = settings[key];
  return containers.some(
    (it) =>
      it.Names.includes(name) &&
      belongsToLab(it, settings) &&
      HOLDS_PORTS.includes(it.State) &&
      // containers that Docker is about to restart list no ports, nor do those in the host's network
      (it.State !== "running" ||
        (it.HostConfig.NetworkMode === "host"
          ? new RegExp(`:${String(port)}\\b`).test(it.Command)
          : publishes(it, settings.bindAddress, port))),
  );
}

/** Whether a container publishes a port on an address, or on one that conflicts with it. */
function publishes({ Ports }: DockerContainer, address: string, port: number): boolean {
  return Ports.some(
    ({ IP, PublicPort }) =>
      PublicPort === port && (address === "0.0.0.0" || [undefined, "", "0.0.0.0", "::", address].includes(IP)),
  );
}

async function checkPort(
  setting: string,
  port: number,
  settings: Settings,
  machine: Machine,
  { appPort, foreignApp }: ObservedHost,
  wanted: ReadonlySet<number>,
): Promise<Problem | undefined> {
  const { bindAddress } = settings;
  const error = await tryListen(bindAddress, port);
  if (error === undefined) {
    return undefined;
  }
  if (error === "EACCES") {
    if (listensOnMachine(setting, settings, machine)) {
      return { setting, value: port, problem: "is a privileged port", fix: "set a port of 1024 or above" };
    }
    // Docker publishes it as root
    if ((await tryConnect(connectHost(bindAddress), port, CONNECT_TIMEOUT_MS)) !== undefined) {
      return undefined;
    }
  }
  const free = await findFreePort(bindAddress, port, wanted);
  const another = `set ${setting} to a free port${free === undefined ? "" : ` such as ${String(free)}`}`;
  const problemOf = (who: string, fix: string): Problem => ({
    setting,
    value: port,
    problem: `is in use by ${who} on ${bindAddress} (${error === "EACCES" ? "EADDRINUSE" : error})`,
    fix,
  });
  const holder = machine.containers.find((it) => publishes(it, bindAddress, port));
  const name = (holder?.Names[0] ?? "").slice(1);
  const container = `container ${name}`;
  const names = Object.values(SERVICES).map(({ hostname }) => `${settings.namePrefix}${hostname}`);
  if (holder !== undefined && belongsToLab(holder, settings) && !names.includes(name)) {
    return problemOf(
      `the renamed ${container} of this lab`,
      `remove it with docker rm -f ${name}; up creates it again under its own name, with its data`,
    );
  }
  if (holder === undefined ? appPort === port : belongsToLab(holder, settings)) {
    const part = holder === undefined ? "Flask app" : container;
    return problemOf(
      `the lab's own ${part}`,
      `${another}, or change only the port of that one, run make up, and then set this one`,
    );
  }
  if (holder !== undefined || setting !== "flaskPort" || foreignApp === undefined) {
    return problemOf(holder === undefined ? "another program" : `the ${container}`, `stop it, or ${another}`);
  }
  // any user can start a process with the app's arguments
  return problemOf(
    `another program (perhaps process ${String(foreignApp)}, which another user started as this lab's app)`,
    `stop it as that user, such as with sudo if you started the lab with sudo, or ${another}`,
  );
}

/** Whether a program listens on a port in the host's network, without the permissions of Docker. */
function listensOnMachine(setting: string, { nodeExporterNetwork, alertWebhook }: Settings, machine: Machine): boolean {
  return (
    setting === "flaskPort" ||
    (setting === "nodeExporterPort" && nodeExporterNetwork === "host") ||
    (setting === "alertmanagerPort" && alertWebhook !== undefined && needsHostNetwork(alertWebhook, machine))
  );
}

/** Error code of an attempt to connect; undefined if it succeeds. */
export function tryConnect(host: string, port: number, timeout: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port, timeout });
    const end = (error: string | undefined) => (): void => {
      socket.destroy();
      resolve(error);
    };
    socket.once("connect", end(undefined)).once("timeout", end("no response"));
    socket.once("error", (error: NodeJS.ErrnoException) => {
      end(error.code ?? error.message)();
    });
  });
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
