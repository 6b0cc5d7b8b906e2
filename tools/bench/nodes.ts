import * as http from "node:http";
import { gzipSync } from "node:zlib";
import { serveTargets } from "./targets";

/** Machines that do not exist, each with a node_exporter that Prometheus can scrape. */
export interface Nodes {
  /** Of one answer: uncompressed, and as it goes over the network. */
  readonly bytes: { readonly plain: number; readonly gzip: number };
  readonly end: () => void;
}

/** Where they are, and everything else of this measurement. */
export const LOOPBACK = "127.0.0.1";
const REFRESH_MS = 1_000;

/**
 * Answers as that many node_exporters with what a real one says, asked anew every second: values change as a
 * machine's do, and a series compresses for itself, so it does not matter that those of all machines are alike.
 */
export async function serveNodes(count: number, exporter: string): Promise<Nodes> {
  let [plain, gzip] = await read(exporter);
  const refreshing = setInterval(() => {
    void read(exporter).then((answer) => ([plain, gzip] = answer));
  }, REFRESH_MS);
  const endTargets = serveTargets(count, LOOPBACK, (request: http.IncomingMessage, response: http.ServerResponse) => {
    const compressed = request.headers["accept-encoding"]?.includes("gzip") === true;
    response.setHeader("content-type", "text/plain; version=0.0.4; charset=utf-8");
    if (compressed) {
      response.setHeader("content-encoding", "gzip");
    }
    response.end(compressed ? gzip : plain);
  });
  return {
    bytes: { plain: plain.length, gzip: gzip.length },
    end: () => {
      clearInterval(refreshing);
      endTargets();
    },
  };
}

async function read(exporter: string): Promise<readonly [plain: Buffer, gzip: Buffer]> {
  const plain = Buffer.from(await (await fetch(exporter)).arrayBuffer());
  return [plain, gzipSync(plain)];
}
