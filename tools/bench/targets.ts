import * as http from "node:http";
import { setTimeout } from "node:timers/promises";

/** Below the port range of labs of benchmarks, tests and previews. */
const FIRST_PORT = 18_000;
const RETRY_MS = 100;
/** Longer than a scrape interval, so that no scrape meets a closing connection. */
const KEEP_ALIVE_MS = 60_000;

/** `host:port` of that many targets, all served by this process. */
export function targetsOn(host: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${host}:${String(FIRST_PORT + index)}`);
}

/** Serves that many targets once the address exists, such as the gateway of a lab's network; returns a stop function. */
export function serveTargets(count: number, address: string, listener: http.RequestListener = oneSeries): () => void {
  let stopped = false;
  const servers = targetsOn(address, count).map((_, index) => {
    const server = http.createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, listener);
    const listen = (): unknown => !stopped && server.listen(FIRST_PORT + index, address);
    server.on("error", () => void setTimeout(RETRY_MS).then(listen));
    listen();
    return server;
  });
  return () => {
    stopped = true;
    servers.forEach((server) => {
      server.close().closeAllConnections();
    });
  };
}

function oneSeries(_: http.IncomingMessage, response: http.ServerResponse): void {
  response.setHeader("content-type", "text/plain; version=0.0.4").end("bench_target 1\n");
}
