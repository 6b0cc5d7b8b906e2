import * as http from "node:http";
import { LabError } from "../shared/problems";

/** Docker's default socket. */
export const DEFAULT_SOCKET = "/var/run/docker.sock";
const DEFAULT_HOST = `unix://${DEFAULT_SOCKET}`;
const TIMEOUT_MS = 10_000;

/** The engine cannot be asked; the message says why and what to do. */
export class DockerError extends LabError {}

/** What the engine answered. */
export interface DockerResponse {
  readonly status: number;
  readonly body: Buffer;
}

/**
 * The engine's address, chosen as the Docker provider chooses it.
 *
 * @throws EngineError for an engine that is not on this machine: the app on the host would be out of its reach.
 */
export function dockerSocket(env: NodeJS.ProcessEnv): string {
  const host = env.DOCKER_HOST === undefined || env.DOCKER_HOST === "" ? DEFAULT_HOST : env.DOCKER_HOST;
  if (env.DOCKER_CONTEXT !== undefined && env.DOCKER_CONTEXT !== "") {
    throw new DockerError(
      `DOCKER_CONTEXT is ${env.DOCKER_CONTEXT}; unset it and set DOCKER_HOST to what docker context inspect shows as Host`,
    );
  }
  if (!host.startsWith("unix://")) {
    throw new DockerError(`DOCKER_HOST is ${host}, but the lab needs the Docker of this machine; unset DOCKER_HOST`);
  }
  return host.slice("unix://".length);
}

/**
 * Calls the engine's API (https://docs.docker.com/reference/api/engine/).
 *
 * @param body Sent as JSON; a Buffer is a tar archive.
 * @param options.timeout Milliseconds without a byte of an answer, 10 s by default.
 * @throws EngineError for an engine that does not answer.
 */
export function callDocker(
  method: "GET" | "DELETE" | "POST" | "PUT",
  path: string,
  body?: object | Buffer,
  { timeout = TIMEOUT_MS, socketPath = dockerSocket(process.env) }: { timeout?: number; socketPath?: string } = {},
): Promise<DockerResponse> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => {
      reject(unanswered(socketPath, error.message));
    };
    const type = Buffer.isBuffer(body) ? "application/x-tar" : "application/json";
    const headers = body === undefined ? {} : { "content-type": type };
    const request = http.request({ socketPath, method, path, headers, timeout }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", failed);
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) });
      });
    });
    request.on("timeout", () => request.destroy(new Error(`no answer within ${String(timeout / 1000)} s`)));
    request.on("error", failed);
    request.end(body === undefined || Buffer.isBuffer(body) ? body : JSON.stringify(body));
  });
}

/**
 * What the engine says at a path.
 *
 * @throws EngineError for anything but a success that is JSON.
 */
export async function dockerGet<T>(path: string, socketPath = dockerSocket(process.env)): Promise<T> {
  const { status, body } = await callDocker("GET", path, undefined, { socketPath });
  const text = body.toString();
  if (status !== 200) {
    throw unanswered(socketPath, `${path}: ${String(status)} ${text}`);
  }
  try {
    return JSON.parse(text) as T;
  } catch {
    // another program behind the socket
    throw unanswered(socketPath, `${path} is not JSON: ${text.slice(0, 80)}`);
  }
}

function unanswered(socketPath: string, reason: string): DockerError {
  return new DockerError(
    `Docker does not answer at ${socketPath} (${reason}); start it, or set DOCKER_HOST to where it listens`,
  );
}
