import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { LabError } from "../shared/problems";
import { callDocker, dockerSocket } from "./client";

/** Pulls an image that is not here, by the client: it knows the user's registries and credentials. */
export async function pullMissing(image: string): Promise<void> {
  if ((await callDocker("GET", `/images/${image}/json`)).status === 200) {
    return;
  }
  const DOCKER_HOST = `unix://${dockerSocket(process.env)}`;
  try {
    await promisify(execFile)("docker", ["pull", "--quiet", image], { env: { ...process.env, DOCKER_HOST } });
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new LabError(`the image ${image} cannot be pulled: ${(stderr ?? message).trim()}`);
  }
}
