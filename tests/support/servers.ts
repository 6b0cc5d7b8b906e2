import * as fs from "node:fs";
import * as http from "node:http";
import { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { text } from "node:stream/consumers";

/** Answer of a test's server to a path. */
export interface Answer {
  readonly status?: number;
  readonly body: string | Buffer;
}

/** A request that a test's server got. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  /** The JSON that came with it; undefined without. */
  readonly body: unknown;
}

/** A server of a test, on loopback or on a socket. */
export interface TestServer {
  /** Its URL; meaningless for one on a socket. */
  readonly url: string;
  readonly port: number;
  /** Paths that were asked for. */
  readonly asked: readonly string[];
  readonly requests: readonly Asked[];
  readonly close: () => Promise<void>;
}

/** What a server answers: by path or by `METHOD path`; one that is a list gives its answers in turn. */
export type Answers = Readonly<Record<string, Answer | Answer[]>>;

/** Serves these answers, and 404 for anything else, on a free port of loopback or on a socket. */
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

/** Serves an engine that answers as Docker does, and is the one that DOCKER_HOST names until it is closed. */
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
