import * as http from "node:http";
import { setTimeout } from "node:timers/promises";

/** Below the ports of other labs of benchmarks, tests and previews. */
const FIRST_PORT = 18_000;
const PAUSE_MS = 100;
/** Longer than a scrape interval, so that no scrape meets a closing connection. */
const KEEP_ALIVE_MS = 60_000;

/** `host:port` of that many targets, all served by this process. */
export function targetsOn(host: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${host}:${String(FIRST_PORT + index)}`);
}

/** Serves that many targets once the address exists, such as the gateway of a lab's network; returns a stop function. */
export function serveTargets(count: number, address: string, answer: http.RequestListener = oneSeries): () => void {
  let ended = false;
  const servers = targetsOn(address, count).map((_, index) => {
    const server = http.createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, answer);
    const listen = (): unknown => !ended && server.listen(FIRST_PORT + index, address);
    server.on("error", () => void setTimeout(PAUSE_MS).then(listen));
    listen();
    return server;
  });
  return () => {
    ended = true;
    servers.forEach((server) => {
      server.close().closeAllConnections();
    });
  };
}

function oneSeries(_: http.IncomingMessage, response: http.ServerResponse): void {
  response.setHeader("content-type", "text/plain; version=0.0.4").end("bench_target 1\n");
}
