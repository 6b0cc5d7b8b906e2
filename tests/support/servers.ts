import * as fs from "node:fs";
import * as http from "node:http";
import { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { text } from "node:stream/consumers";

/** Response of a test server to a path. */
export interface FakeResponse {
  readonly status?: number;
  readonly body: string | Buffer;
}

/** A request that a test server received. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  /** The JSON body; undefined without one. */
  readonly body: unknown;
}

/** A test server on loopback or on a socket. */
export interface TestServer {
  /** Its URL; meaningless on a socket. */
  readonly url: string;
  readonly port: number;
  /** Requested paths. */
  readonly asked: readonly string[];
  readonly requests: readonly Asked[];
  readonly close: () => Promise<void>;
}

/** Responses by path or by `METHOD path`; a list is returned in order. */
export type Responses = Readonly<Record<string, FakeResponse | FakeResponse[]>>;

/** Serves these responses, otherwise 404, on a free loopback port or on a socket. */
export async function serve(responses: Responses, socketPath?: string): Promise<TestServer> {
  const asked: string[] = [];
  const requests: Asked[] = [];
  const server = http.createServer((request, response) => {
    const { method = "", url = "", headers } = request;
    asked.push(url);
    void text(request).then((sent) => {
      const body = sent === "" ? undefined : (JSON.parse(sent) as unknown);
      requests.push({ method, path: url, authorization: headers.authorization, body });
      const found = responses[`${method} ${url}`] ?? responses[url];
      const fake = Array.isArray(found) ? found.shift() : found;
      response
        .writeHead(fake?.status ?? (fake === undefined ? 404 : 200), { connection: "close" })
        .end(fake?.body ?? "not here");
    });
  });
  await new Promise<void>((resolve) => {
    if (socketPath === undefined) {
      server.listen(0, "127.0.0.1", resolve);
    } else {
      server.listen(socketPath, resolve);
    }
  });
  const port = socketPath === undefined ? (server.address() as AddressInfo).port : 0;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => {
        resolve();
      });
    });
  return { url: `http://127.0.0.1:${String(port)}`, port, asked, requests, close };
}

/** Serves a fake Docker, to which DOCKER_HOST points until it is closed. */
export async function serveDocker(responses: Responses): Promise<TestServer> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-engine-"));
  const socket = path.join(folder, "docker.sock");
  const { DOCKER_HOST: host } = process.env;
  const server = await serve(responses, socket);
  process.env.DOCKER_HOST = `unix://${socket}`;
  const close = async (): Promise<void> => {
    await server.close();
    fs.rmSync(folder, { recursive: true });
    if (host === undefined) {
      delete process.env.DOCKER_HOST;
    } else {
      process.env.DOCKER_HOST = host;
    }
  };
  return { ...server, close };
}
