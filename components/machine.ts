import { existsSync, readFileSync } from "node:fs";
import * as http from "node:http";
import { LabError } from "./faults";

/** A container as the engine lists it. */
export interface EngineContainer {
  readonly Names: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
  readonly State: string;
  /** Such as `Up 5 minutes (healthy)`. */
  readonly Status: string;
  readonly Ports: readonly { readonly IP?: string; readonly PublicPort?: number }[];
  readonly HostConfig: { readonly NetworkMode: string };
}

/** A network as the engine lists it. */
export interface EngineNetwork {
  readonly Name: string;
  readonly IPAM: { readonly Config: readonly { readonly Subnet?: string }[] | null };
}

/** What the lab needs to know of the machine and of its Docker engine. */
export interface Machine {
  /** The engine runs on this very Linux, and not in Docker Desktop's virtual machine. */
  readonly native: boolean;
  /** Docker's storage driver; `overlayfs` is the one of the containerd image store. */
  readonly storageDriver: string;
  /** Major version of the engine, such as 28. */
  readonly engineMajor: number;
  /** `/` is a shared mount, so that mounts made later reach a container that follows it. */
  readonly rootShared: boolean;
  /** The machine was booted by systemd. */
  readonly systemd: boolean;
  readonly containers: readonly EngineContainer[];
  readonly networks: readonly EngineNetwork[];
}

const DEFAULT_HOST = "unix:///var/run/docker.sock";
const TIMEOUT_MS = 10_000;

/** The engine cannot be asked; the message says why and what to do. */
export class EngineError extends LabError {}

/**
 * The engine's address, chosen as the Docker provider chooses it.
 *
 * @throws EngineError for an engine that is not on this machine: the app on the host would be out of its reach.
 */
export function engineSocket(env: NodeJS.ProcessEnv): string {
  const host = env.DOCKER_HOST === undefined || env.DOCKER_HOST === "" ? DEFAULT_HOST : env.DOCKER_HOST;
  if (env.DOCKER_CONTEXT !== undefined && env.DOCKER_CONTEXT !== "") {
    throw new EngineError(
      `DOCKER_CONTEXT is ${env.DOCKER_CONTEXT}; unset it and set DOCKER_HOST to what docker context inspect shows as Host`,
    );
  }
  if (!host.startsWith("unix://")) {
    throw new EngineError(`DOCKER_HOST is ${host}, but the lab needs the engine of this machine; unset DOCKER_HOST`);
  }
  return host.slice("unix://".length);
}

/** What the machine is, asked once for a run of the program. */
export async function inspectMachine(): Promise<Machine> {
  const socketPath = engineSocket(process.env);
  const [info, containers, networks] = await Promise.all([
    ask<{ Driver: string; OperatingSystem: string; ServerVersion: string }>(socketPath, "/info"),
    ask<EngineContainer[]>(socketPath, "/containers/json?all=1"),
    ask<EngineNetwork[]>(socketPath, "/networks"),
  ]);
  const native = process.platform === "linux" && !info.OperatingSystem.startsWith("Docker Desktop");
  return {
    native,
    storageDriver: info.Driver,
    engineMajor: parseInt(info.ServerVersion, 10) || 0,
    rootShared: native && isRootShared(readFileSync("/proc/self/mountinfo", "utf8")),
    systemd: native && existsSync("/run/systemd/system"), // the test of sd_booted(3)
    containers,
    networks,
  };
}

/** Whether `/` is a shared mount, from a mountinfo file as proc(5) describes it. */
export function isRootShared(mountinfo: string): boolean {
  return mountinfo
    .split("\n")
    .map((line) => line.split(" "))
    .some(
      (fields) => fields[4] === "/" && fields.slice(6, fields.indexOf("-")).some((tag) => tag.startsWith("shared:")),
    );
}

function ask<T>(socketPath: string, path: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const failed = (reason: string): void => {
      reject(
        new EngineError(
          `Docker does not answer at ${socketPath} (${reason}); start it, or set DOCKER_HOST to where it listens`,
        ),
      );
    };
    const request = http.get({ socketPath, path, timeout: TIMEOUT_MS }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", (error) => {
        failed(error.message);
      });
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        if (response.statusCode !== 200) {
          failed(`${path}: ${String(response.statusCode)} ${text}`);
          return;
        }
        try {
          resolve(JSON.parse(text) as T);
        } catch {
          failed(`${path} is no JSON: ${text.slice(0, 80)}`); // another program behind the socket
        }
      });
    });
    request.on("timeout", () => request.destroy(new Error(`no answer within ${String(TIMEOUT_MS / 1000)} s`)));
    request.on("error", (error) => {
      failed(error.message);
    });
  });
}
