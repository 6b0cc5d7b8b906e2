import { randomInt } from "node:crypto";
import * as os from "node:os";
import { callDocker, dockerGet } from "../../lib/docker/client";
import { Machine } from "../../lib/docker/machine";
import { tryListen } from "../../lib/preflight/ports";
import { findOverlaps } from "../../lib/preflight/subnets";
import { urlSegment } from "../../lib/shared/foreignNames";
import { LAB_LABEL } from "../../lib/shared/names";
import { LabError } from "../../lib/shared/problems";
import { randomPort } from "./standIns";

/** Candidates, of which a preview takes one. */
const SUBNETS = Array.from({ length: 256 }, (_, third) => `172.29.${String(third)}.0/24`);

/** A volume as Docker lists it. */
interface DockerVolume {
  readonly Name: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
}

/** A port of this machine without a listener. */
export async function findFreePort(): Promise<number> {
  const port = randomPort();
  return (await tryListen("127.0.0.1", port)) === undefined ? port : findFreePort();
}

/** A private subnet without an overlap on this machine. */
export function findFreeSubnet(machine: Machine, namePrefix: string): string {
  const start = randomInt(SUBNETS.length);
  const free = [...SUBNETS.slice(start), ...SUBNETS.slice(0, start)].find(
    (subnet) => findOverlaps({ subnet, namePrefix }, machine, os.networkInterfaces()).length === 0,
  );
  if (free === undefined) {
    throw new LabError("172.29.0.0/16 has no free subnet for a preview; remove networks with docker network prune");
  }
  return free;
}

/** Removes the volumes of labs with this name prefix; returns the names of those that Docker does not remove. */
export async function removeVolumes(prefix: string): Promise<string[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: [LAB_LABEL] }));
  const { Volumes } = await dockerGet<{ Volumes: DockerVolume[] | null }>(`/volumes?filters=${filters}`);
  const left: string[] = [];
  for (const { Name, Labels } of Volumes ?? []) {
    if (Labels?.[LAB_LABEL]?.startsWith(prefix) === true) {
      const { status } = await callDocker("DELETE", `/volumes/${urlSegment(Name)}`);
      left.push(...(status < 400 || status === 404 ? [] : [Name]));
    }
  }
  return left;
}
