import { once } from "node:events";
import { basename } from "node:path";
import { Parser } from "tar";
import { CONFIG_FOLDER } from "../configVolume";
import { callEngine } from "../engine";
import { EngineContainer } from "../machine";
import { MEMORY_LABEL } from "../names";
import { Damage, GONE } from "./damage";

/** A file as it lies in a container. */
interface FoundFile {
  readonly content: string;
  readonly modified: Date;
}

/** A container as the engine describes it. */
export interface FoundContainer {
  readonly Created: string;
  readonly State: { readonly Status: string; readonly ExitCode: number; readonly Health?: { readonly Status: string } };
  readonly HostConfig: { readonly Memory: number; readonly RestartPolicy: { readonly Name: string } };
  readonly NetworkSettings: {
    readonly Networks: Readonly<Record<string, { readonly NetworkID: string }>>;
    readonly Ports: Readonly<Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[] | null>>;
  };
  readonly Config: { readonly Labels: Readonly<Record<string, string>> };
  readonly Mounts: readonly { readonly Destination: string }[];
  /** The files of its config volume by their names. */
  readonly files: ReadonlyMap<string, FoundFile>;
}

/** What a container has to be like, as far as somebody can change it by hand. */
export interface DeclaredContainer {
  readonly restart: string;
  /** Those of the lab that it is on: none for one in the host's network. */
  readonly networks: readonly { readonly name: string; readonly id: string | undefined }[];
}

/** Clocks of the engine and of its files, in milliseconds. */
const TOLERANCE_MS = 2000;
/** From a container that carries files until they are there. */
const UPLOAD_MS = 10_000;

/** The container, if it is still there. */
export async function findContainer({ Id }: EngineContainer): Promise<FoundContainer | undefined> {
  const { status, body } = await callEngine("GET", `/containers/${Id}/json`);
  if (status !== 200) {
    return undefined;
  }
  const found = JSON.parse(body.toString()) as Omit<FoundContainer, "files">;
  const configured = found.Mounts.some(({ Destination }) => Destination === CONFIG_FOLDER);
  return { ...found, files: configured ? await readConfig(Id) : new Map() };
}

/** The files of a container's config volume; the engine sends a folder as a tar archive. */
async function readConfig(id: string): Promise<ReadonlyMap<string, FoundFile>> {
  const { status, body } = await callEngine("GET", `/containers/${id}/archive?path=${CONFIG_FOLDER}`);
  if (status !== 200) {
    return new Map();
  }
  const files: Promise<[string, FoundFile]>[] = [];
  const parser = new Parser({
    onReadEntry: (entry) => {
      const modified = entry.mtime ?? new Date(0);
      files.push(entry.concat().then((content) => [basename(entry.path), { content: content.toString(), modified }]));
    },
  });
  const read = once(parser, "end");
  parser.end(body);
  await read;
  return new Map(await Promise.all(files));
}

/** What is wrong with a container; a setting that is new is no damage. */
export function containerDamage(found: FoundContainer | undefined, declared: DeclaredContainer): Damage {
  if (found === undefined) {
    return GONE;
  }
  const { State, HostConfig, NetworkSettings, Config } = found;
  if (State.Status !== "running") {
    return `it was ${State.Status}, exit code ${String(State.ExitCode)}`;
  }
  if (State.Health?.Status === "unhealthy") {
    return "it was unhealthy";
  }
  if (HostConfig.Memory !== Number(Config.Labels[MEMORY_LABEL]) * 1024 * 1024) {
    return `its memory limit was ${String(HostConfig.Memory / 1024 / 1024)} MiB`;
  }
  if (HostConfig.RestartPolicy.Name !== declared.restart) {
    return `its restart policy was ${HostConfig.RestartPolicy.Name}`;
  }
  const left = declared.networks.find(
    ({ name, id }) => id === undefined || NetworkSettings.Networks[name]?.NetworkID !== id,
  );
  return left === undefined ? undefined : `it was not on the network ${left.name}`;
}

/** What is wrong with the container that carried the files of another one, or with the files. */
export function configDamage(carrier: FoundContainer | undefined, owner: FoundContainer | undefined): Damage {
  if (carrier === undefined) {
    return GONE;
  }
  // the files are there before their owner is made, and later ones come with another carrier
  const made = Math.max(Date.parse(owner?.Created ?? "") + TOLERANCE_MS, Date.parse(carrier.Created) + UPLOAD_MS);
  const late = [...(owner?.files ?? [])].filter(([, { modified }]) => modified.getTime() > made).map(([name]) => name);
  const file = late.find((name) => name !== basename(CONFIG_FOLDER));
  return file !== undefined
    ? `its file ${file} was edited`
    : late.length > 0
      ? "a file was added or taken away"
      : undefined;
}
