import { setTimeout } from "node:timers/promises";
import { local } from "@pulumi/command";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { readLog } from "./containerLog";
import { callEngine } from "./engine";
import { LabError } from "./faults";

/** A program that reads its files again when it gets SIGHUP, and tells when it last did. */
export interface ReloadingProgram {
  /** Name of its container. */
  readonly container: string;
  /** URL of its own metrics. */
  readonly metricsUrl: string;
  /** Its metric with the time of the last reload that succeeded. */
  readonly metric: string;
}

/** Milliseconds that a program has for its files, many rules included. */
const PATIENCE_MS = 20_000;
const PAUSE_MS = 50;

/**
 * Declares that a program has read a version of its files. A container that is made reads them by itself; when they
 * change later, the program is told to.
 *
 * @param version Differs after every change of a file.
 */
export function createReload(
  name: string,
  program: ReloadingProgram,
  version: pulumi.Input<string>,
  container: docker.Container,
  parent: pulumi.Resource,
): local.Command {
  return new local.Command(
    `${name}-reload`,
    { create: ":", environment: { CONFIG: version }, logging: "none" },
    { parent, dependsOn: container, hooks: { afterUpdate: [() => reload(program)] } },
  );
}

/**
 * Has a program read its files again, and waits until it has.
 *
 * @throws LabError with the last lines of its log where it refuses them; it then goes on with the ones before.
 */
export async function reload({ container, metricsUrl, metric }: ReloadingProgram): Promise<void> {
  const before = await lastReload(metricsUrl, metric);
  const { status, body } = await callEngine("POST", `/containers/${container}/kill?signal=SIGHUP`);
  if (status >= 400) {
    throw new LabError(`${container} cannot be told to read its files again: ${body.toString().trim()}`);
  }
  const deadline = Date.now() + PATIENCE_MS;
  while ((await lastReload(metricsUrl, metric)) === before) {
    if (Date.now() > deadline) {
      throw new LabError(
        `${container} has not taken its new files, and goes on with those before; its last lines:\n${await readLog(container)}`,
      );
    }
    await setTimeout(PAUSE_MS);
  }
}

async function lastReload(url: string, metric: string): Promise<string | undefined> {
  const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
  const samples = (await response.text()).split("\n");
  return samples.find((line) => line.startsWith(`${metric} `));
}
