import { randomBytes } from "node:crypto";
import { once } from "node:events";
import * as http from "node:http";
import * as net from "node:net";
import { setTimeout } from "node:timers/promises";
import { callDocker } from "../../lib/docker/client";
import { Machine } from "../../lib/docker/machine";
import { succeed, TEMPORARY_LABEL } from "../../lib/docker/temporaryContainer";
import { Settings } from "../../lib/settings/settings";
import { labName } from "../../lib/shared/names";
import { Finding, ok, problem, skipped } from "./finding";

const CHECK = "firewall";
/** Timeout; a response takes milliseconds. */
const PATIENCE_MS = 4000;

/**
 * Connects from a container to the host at the address and port at which Prometheus scrapes the Flask app. Creates the
 * container, and the network unless the lab's exists; the app answers, or a listener in its place.
 *
 * @param appPort Port of the lab's app if it runs and is healthy.
 */
export async function tryFirewall(settings: Settings, machine: Machine, appPort?: number): Promise<Finding> {
  if (!machine.native) {
    return ok(CHECK, "Docker Desktop forwards connections from containers to this machine");
  }
  const image = await findImage(settings);
  if (image === undefined) {
    return skipped(CHECK, "no image of the lab exists yet to test with");
  }
  const trial = new Trial(settings, machine, appPort);
  const stop = (): void => void trial.remove().finally(() => process.exit(130));
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    return await trial.run(image);
  } catch (error) {
    return skipped(CHECK, `the test failed: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await trial.remove();
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}

/** One attempt with its container, network and listener. */
class Trial {
  private readonly name: string;
  private network = false;
  private container = false;
  private listener: http.Server | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly machine: Machine,
    private readonly appPort: number | undefined,
  ) {
    this.name = `${labName(settings.namePrefix)}-doctor-${randomBytes(4).toString("hex")}`;
  }

  async run(image: string): Promise<Finding> {
    const { subnet, gateway, flaskPort } = this.settings;
    const lab = labName(this.settings.namePrefix);
    const network = this.machine.networks.some(({ Name }) => Name === lab) ? lab : await this.createNetwork();
    const port = await this.listen();
    const reached = await this.ask(image, network, `${gateway}:${String(port)}`);
    const whom = `${gateway}:${String(port)}${port === flaskPort ? "" : " (flaskPort is in use)"}`;
    return reached
      ? ok(CHECK, `a container of ${subnet} reaches this machine at ${whom}`)
      : problem(
          CHECK,
          `a container of ${subnet} cannot reach this machine at ${whom}: Prometheus cannot scrape the Flask app`,
          `allow it: iptables -I INPUT -s ${subnet} -p tcp --dport ${String(flaskPort)} -j ACCEPT, or ` +
            `ufw allow from ${subnet} to any port ${String(flaskPort)} proto tcp`,
        );
  }

  private async createNetwork(): Promise<string> {
    const { subnet, gateway } = this.settings;
    this.network = true;
    await succeed("POST", "/networks/create", {
      Name: this.name,
      Driver: "bridge",
      IPAM: { Config: [{ Subnet: subnet, Gateway: gateway }] },
      Labels: { [TEMPORARY_LABEL]: String(process.pid) },
    });
    return this.name;
  }

  /** The port of a listener on the gateway: flaskPort if the app has it or it is free, as another program may answer 404. */
  private async listen(): Promise<number> {
    const { gateway, flaskPort } = this.settings;
    for (const port of [flaskPort, 0]) {
      const server = http.createServer((_, response) => response.end()).listen(port, gateway);
      const taken = await once(server, "listening").then(
        () => undefined,
        (error: unknown) => (error as NodeJS.ErrnoException).code,
      );
      if (taken === undefined) {
        this.listener = server;
        return (server.address() as net.AddressInfo).port;
      }
      if (taken === "EADDRINUSE" && port === this.appPort) {
        return port;
      }
    }
    throw new Error(`nothing can listen on ${gateway}`);
  }

  private async ask(image: string, network: string, address: string): Promise<boolean> {
    this.container = true;
    await succeed("POST", `/containers/create?name=${this.name}`, {
      Image: image,
      Entrypoint: ["wget", "-q", "-O", "/dev/null", `http://${address}/healthz`],
      Cmd: [],
      Labels: { [TEMPORARY_LABEL]: String(process.pid) },
      HostConfig: { NetworkMode: network, CapDrop: ["ALL"], SecurityOpt: ["no-new-privileges:true"] },
    });
    await succeed("POST", `/containers/${this.name}/start`);
    // if a firewall drops packets, wget waits for minutes, and in some builds the timeout of busybox's wget crashes
    const ended = succeed("POST", `/containers/${this.name}/wait`);
    const response = await Promise.race([ended, setTimeout(PATIENCE_MS, undefined, { ref: false })]);
    if (response === undefined) {
      void ended.catch(() => undefined); // the container is removed while this waits
      return false;
    }
    const { StatusCode } = JSON.parse(response.body.toString()) as { StatusCode: number };
    if (StatusCode > 1) {
      throw new Error(`wget of ${image} ended with ${String(StatusCode)}`);
    }
    return StatusCode === 0;
  }

  async remove(): Promise<void> {
    this.listener?.close();
    this.listener?.closeAllConnections();
    if (this.container) {
      await callDocker("DELETE", `/containers/${this.name}?force=1&v=1`);
    }
    if (this.network) {
      await callDocker("DELETE", `/networks/${this.name}`);
    }
  }
}

/** An image of the lab that exists here: all of them have wget. */
async function findImage(settings: Settings): Promise<string | undefined> {
  for (const { image } of [settings.nodeExporter, settings.pushgateway, settings.prometheus, settings.grafana]) {
    const { status } = await callDocker("GET", `/images/${image}/json`);
    if (status === 200) {
      return image;
    }
  }
  return undefined;
}
