import * as http from "node:http";
import { setTimeout } from "node:timers/promises";

const FIRST_PORT = 30_000;
const PAUSE_MS = 100;
/** Longer than a scrape interval: no scrape meets a connection that is just closed. */
const KEEP_ALIVE_MS = 60_000;

/** What Prometheus scrapes besides the lab, as its setting lists it: programs of this process, a port each. */
export function extraJob(count: number): object {
  return { job: "bench", targets: portsOf(count).map((port) => `host.docker.internal:${String(port)}`) };
}

/**
 * Answers as that many targets on the gateway of a lab, as soon as its network is there; what is returned ends that.
 */
export function serveTargets(count: number, gateway: string): () => void {
  let ended = false;
  const servers = portsOf(count).map((port) => {
    const server = http.createServer((_, response) => {
      response.setHeader("content-type", "text/plain; version=0.0.4").end("bench_target 1\n");
    });
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    const listen = (): void => {
      if (!ended) {
        server.listen(port, gateway);
      }
    };
    // the address is not there yet
    server.on("error", () => void setTimeout(PAUSE_MS).then(listen));
    listen();
    return server;
  });
  return () => {
    ended = true;
    servers.forEach((server) => {
      server.close();
      server.closeAllConnections();
    });
  };
}

function portsOf(count: number): number[] {
  return Array.from({ length: count }, (_, index) => FIRST_PORT + index);
}
