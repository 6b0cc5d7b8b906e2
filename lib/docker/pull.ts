import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { callDocker, dockerSocket } from "./client";

/** Whether the engine has an image. */
export async function hasImage(image: string): Promise<boolean> {
  return (await callDocker("GET", `/images/${image}/json`)).status === 200;
}

/**
 * Pulls an image by Docker's client, which knows the registries that the user is logged in to.
 *
 * @throws Error with what the client said.
 */
export async function pull(image: string): Promise<void> {
  const DOCKER_HOST = `unix://${dockerSocket(process.env)}`;
  try {
    await promisify(execFile)("docker", ["pull", "--quiet", image], { env: { ...process.env, DOCKER_HOST } });
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new Error((stderr ?? message).trim());
  }
}
