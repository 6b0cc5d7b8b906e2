import * as http from "node:http";
import { setTimeout } from "node:timers/promises";

/** Below the ports that a lab of the bench, of a test or of a preview takes. */
const FIRST_PORT = 18_000;
const PAUSE_MS = 100;
/** Longer than a scrape interval: no scrape meets a connection that is just closed. */
const KEEP_ALIVE_MS = 60_000;

/** What Prometheus scrapes besides the lab, as its setting lists it: programs of this process, a port each. */
export function extraJob(count: number): object {
  return { job: "bench", targets: targetsOn("host.docker.internal", count) };
}

/** `host:port` of that many targets. */
export function targetsOn(host: string, count: number): readonly string[] {
  return portsOf(count).map((port) => `${host}:${String(port)}`);
}

/**
 * Answers as that many targets on an address, as soon as that is there, such as the gateway of a lab's network; what is
 * returned ends that.
 */
export function serveTargets(count: number, address: string, answer: http.RequestListener = oneSeries): () => void {
  let ended = false;
  const servers = portsOf(count).map((port) => {
    const server = http.createServer(answer);
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    const listen = (): void => {
      if (!ended) {
        server.listen(port, address);
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

function oneSeries(_: http.IncomingMessage, response: http.ServerResponse): void {
  response.setHeader("content-type", "text/plain; version=0.0.4").end("bench_target 1\n");
}

function portsOf(count: number): number[] {
  return Array.from({ length: count }, (_, index) => FIRST_PORT + index);
}
