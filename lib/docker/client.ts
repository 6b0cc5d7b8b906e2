import { readFileSync, statSync } from "node:fs";
import * as http from "node:http";
import * as os from "node:os";
import * as path from "node:path";
import { attempt } from "../shared/attempt";
import { LabError } from "../shared/problems";

/** Docker's default socket. */
export const DEFAULT_SOCKET = "/var/run/docker.sock";
const DEFAULT_HOST = `unix://${DEFAULT_SOCKET}`;
const TIMEOUT_MS = 10_000;

/** Docker's response. */
export interface DockerResponse {
  readonly status: number;
  readonly body: Buffer;
}

/**
 * Docker's address, chosen as the Docker provider does, which does not support contexts.
 *
 * @throws LabError for a Docker on another machine, which could not reach the app on the host, and for a
 *   context that Docker's client would use and the provider would not.
 */
export function dockerSocket(env: NodeJS.ProcessEnv): string {
  const context = contextOf(env);
  if (context !== undefined) {
    throw new LabError(
      `${context}, which the Docker provider does not know: run make, or ` +
        "export DOCKER_HOST=$(docker context inspect --format '{{.Endpoints.docker.Host}}') and unset DOCKER_CONTEXT",
    );
  }
  const host = isSet(env.DOCKER_HOST) ? env.DOCKER_HOST : DEFAULT_HOST;
  if (!host.startsWith("unix://")) {
    throw new LabError(
      `DOCKER_HOST is ${host}, but the lab needs the Docker of this machine: ` +
        "unset DOCKER_HOST, or if it comes from a Docker context, unset DOCKER_CONTEXT and run docker context use default",
    );
  }
  return host.slice("unix://".length);
}

/** The context that selects a Docker, in words; DOCKER_HOST takes precedence over a file's. */
function contextOf(env: NodeJS.ProcessEnv): string | undefined {
  if (isSet(env.DOCKER_CONTEXT)) {
    return `DOCKER_CONTEXT is ${env.DOCKER_CONTEXT}`; // also of default, which the provider looks for in a file
  }
  const folder = isSet(env.DOCKER_CONFIG) ? env.DOCKER_CONFIG : path.join(env.HOME ?? os.homedir(), ".docker");
  const current = isSet(env.DOCKER_HOST) ? undefined : currentContext(path.join(folder, "config.json"));
  return current === undefined || current === "default" ? undefined : `Docker's current context is ${current}`;
}

/** The context chosen by `docker context use`; undefined if the client has no readable configuration. */
function currentContext(file: string): string | undefined {
  const settings = attempt(() => JSON.parse(readFileSync(file, "utf8")) as { currentContext?: string } | null);
  return isSet(settings?.currentContext) ? settings.currentContext : undefined;
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== "";
}

/**
 * Calls Docker's API (https://docs.docker.com/reference/api/engine/).
 *
 * @param body Sent as JSON; a Buffer is a tar archive.
 * @param options.timeout Milliseconds without a byte of a response, 10 s by default.
 * @throws LabError if Docker does not respond.
 */
export function callDocker(
  method: "GET" | "DELETE" | "POST" | "PUT",
  path: string,
  body?: object | Buffer,
  { timeout = TIMEOUT_MS, socketPath = dockerSocket(process.env) }: { timeout?: number; socketPath?: string } = {},
): Promise<DockerResponse> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => {
      reject(
        (error as NodeJS.ErrnoException).code === "EACCES"
          ? refused(socketPath)
          : noResponse(socketPath, error.message),
      );
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
    request.on("timeout", () => request.destroy(new Error(`no response within ${String(timeout / 1000)} s`)));
    request.on("error", failed);
    request.end(body === undefined || Buffer.isBuffer(body) ? body : JSON.stringify(body));
  });
}

/**
 * Gets a path of Docker's API.
 *
 * @throws LabError for any response except a successful one in JSON.
 */
export async function dockerGet<T>(path: string, socketPath = dockerSocket(process.env)): Promise<T> {
  const { status, body } = await callDocker("GET", path, undefined, { socketPath });
  const text = body.toString();
  if (status !== 200) {
    throw noResponse(socketPath, `${path}: ${String(status)} ${text}`);
  }
  try {
    return JSON.parse(text) as T;
  } catch {
    // another program behind the socket
    throw noResponse(socketPath, `${path} is not JSON: ${text.slice(0, 80)}`);
  }
}

/** Docker may be running, but the current user may not open its socket. */
function refused(socketPath: string): LabError {
  const username = userName();
  const group = groupOf(socketPath);
  return new LabError(
    `Docker does not let ${username} open ${socketPath}: run sudo usermod -aG ${group} ${username}, then log in again`,
  );
}

/** Name of the current user; a number without an entry in the user database. */
function userName(): string {
  return attempt(() => os.userInfo().username) ?? `user ${String(process.getuid?.())}`;
}

/** Name of the group that may open a socket; by default Docker's own. */
function groupOf(socketPath: string): string {
  try {
    const { gid } = statSync(socketPath);
    const line = readFileSync("/etc/group", "utf8")
      .split("\n")
      .find((it) => it.split(":")[2] === String(gid));
    return gid === 0 || line === undefined ? "docker" : (line.split(":")[0] ?? "docker");
  } catch {
    return "docker";
  }
}

function noResponse(socketPath: string, reason: string): LabError {
  return new LabError(
    `Docker does not respond at ${socketPath} (${reason}); start it, or set DOCKER_HOST to where it listens`,
  );
}
