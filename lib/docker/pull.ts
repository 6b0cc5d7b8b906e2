import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { callDocker, dockerSocket } from "./client";

/** Whether Docker has an image. */
export async function hasImage(image: string): Promise<boolean> {
  return (await callDocker("GET", `/images/${image}/json`)).status === 200;
}

/**
 * Pulls an image with Docker's client, which uses the user's `docker login`.
 *
 * @throws Error with the client's output.
 */
export async function pull(image: string): Promise<void> {
  const DOCKER_HOST = `unix://${dockerSocket(process.env)}`;
  try {
    await promisify(execFile)("docker", ["pull", "--quiet", image], { env: { ...process.env, DOCKER_HOST } });
  } catch (error) {
    const { stderr = "", message } = error as Error & { stderr?: string };
    const output = stderr.trim();
    // a client that cannot be started writes nothing
    throw new Error(output === "" ? message : output);
  }
}
