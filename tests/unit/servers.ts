import * as http from "node:http";
import { AddressInfo } from "node:net";

/** Answer of a test's server to a path. */
export interface Answer {
  readonly status?: number;
  readonly body: string;
}

/** A server of a test, on loopback or on a socket. */
export interface TestServer {
  /** Its URL; meaningless for one on a socket. */
  readonly url: string;
  readonly port: number;
  /** Paths that were asked for. */
  readonly asked: readonly string[];
  readonly close: () => Promise<void>;
}

/** Serves these answers by path, and 404 for any other, on a free port of loopback or on a socket. */
export async function serve(answers: Readonly<Record<string, Answer>>, socketPath?: string): Promise<TestServer> {
  const asked: string[] = [];
  const server = http.createServer(({ url = "" }, response) => {
    asked.push(url);
    const { status = 200, body } = answers[url] ?? { status: 404, body: "not here" };
    response.writeHead(status, { connection: "close" }).end(body);
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
  return { url: `http://127.0.0.1:${String(port)}`, port, asked, close };
}
