import * as fs from "node:fs";
import * as http from "node:http";
import { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { text } from "node:stream/consumers";

/** Response of a test server to a path. */
export interface Answer {
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
export type Answers = Readonly<Record<string, Answer | Answer[]>>;

/** Serves these responses, otherwise 404, on a free loopback port or on a socket. */
export async function serve(answers: Answers, socketPath?: string): Promise<TestServer> {
  const asked: string[] = [];
  const requests: Asked[] = [];
  const server = http.createServer((request, response) => {
    const { method = "", url = "", headers } = request;
    asked.push(url);
    void text(request).then((sent) => {
      const body = sent === "" ? undefined : (JSON.parse(sent) as unknown);
      requests.push({ method, path: url, authorization: headers.authorization, body });
      const found = answers[`${method} ${url}`] ?? answers[url];
      const answer = Array.isArray(found) ? found.shift() : found;
      response
        .writeHead(answer?.status ?? (answer === undefined ? 404 : 200), { connection: "close" })
        .end(answer?.body ?? "not here");
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
export async function serveDocker(answers: Answers): Promise<TestServer> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-engine-"));
  const socket = path.join(folder, "docker.sock");
  const { DOCKER_HOST: host } = process.env;
  const server = await serve(answers, socket);
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
