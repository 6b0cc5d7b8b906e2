import * as fs from "node:fs";
import * as path from "node:path";
import { dockerGet } from "../../lib/docker/client";
import { findStarts } from "../../lib/drift/starts";
import { System } from "./system";

interface Labelled {
  readonly Name?: string;
  readonly Names?: readonly string[];
}

/** What is left of a lab on the machine, by name: in the engine, among the processes, in its folder on the host. */
export async function leftovers({
  dockerLabel,
  place,
}: Pick<System, "dockerLabel" | "place">): Promise<readonly string[]> {
  const filters = `filters=${encodeURIComponent(JSON.stringify({ label: [dockerLabel] }))}`;
  const [containers, networks, volumes] = await Promise.all([
    dockerGet<Labelled[]>(`/containers/json?all=1&${filters}`),
    dockerGet<Labelled[]>(`/networks?${filters}`),
    dockerGet<{ Volumes: Labelled[] | null }>(`/volumes?${filters}`),
  ]);
  const named = [...containers, ...networks, ...(volumes.Volumes ?? [])].map(
    ({ Name, Names }) => Name ?? Names?.join() ?? "",
  );
  const folder = path.join(place.stateHome, "observability-lab", place.lab);
  const apps = (await appsOf(place.lab)).map((pid) => `process ${pid}`);
  return [...named, ...apps, ...(fs.existsSync(folder) ? [folder] : [])];
}

/** Processes that are an app of the lab. */
export async function appsOf(lab: string): Promise<readonly string[]> {
  return (await findStarts(lab)).filter(({ ours }) => ours).map(({ pid }) => String(pid));
}
