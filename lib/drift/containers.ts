import { callDocker } from "../docker/client";
import { DockerContainer } from "../docker/machine";
import { FOLDER, getFiles } from "../docker/temporaryContainer";
import { MEMORY_LABEL } from "../shared/names";
import { Drift, MISSING } from "./drift";

/** A container as Docker inspects it. */
export interface FoundContainer {
  readonly State: { readonly Status: string; readonly ExitCode: number; readonly Health?: { readonly Status: string } };
  readonly HostConfig: { readonly Memory: number; readonly RestartPolicy: { readonly Name: string } };
  readonly NetworkSettings: {
    readonly Networks: Readonly<Record<string, { readonly NetworkID: string }>>;
    readonly Ports: Readonly<Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[] | null>>;
  };
  readonly Config: { readonly Image: string; readonly Labels: Readonly<Record<string, string>> };
  /** The files of its config volume, by name; empty without such a volume, undefined if Docker does not return them. */
  readonly files: ReadonlyMap<string, string> | undefined;
  /** Files that are not readable by all users; empty by default. */
  readonly unreadable?: readonly string[];
}

/** The declared properties of a container that can be changed by hand. */
export interface DeclaredContainer {
  readonly restart: string;
  /** Whether Docker can limit its memory on this machine. */
  readonly memoryLimit: boolean;
  /** The lab's networks that it joins; empty in the host's network. */
  readonly networks: readonly { readonly name: string; readonly id: string | undefined }[];
}

/** The container, if it still exists. */
export async function findContainer({ Id, Mounts }: DockerContainer): Promise<FoundContainer | undefined> {
  const configured = Mounts.some(({ Destination }) => Destination === FOLDER);
  const [{ status, body }, content] = await Promise.all([
    callDocker("GET", `/containers/${Id}/json`),
    configured ? getFiles(Id) : { files: new Map<string, string>() },
  ]);
  return status === 200
    ? { ...(JSON.parse(body.toString()) as Omit<FoundContainer, "files">), ...(content ?? { files: undefined }) }
    : undefined;
}

/** Drift of a container; a changed setting is not drift. */
export function containerDrift(found: FoundContainer | undefined, declared: DeclaredContainer): Drift {
  if (found === undefined) {
    return MISSING;
  }
  const { State, HostConfig, NetworkSettings, Config } = found;
  if (State.Status !== "running") {
    // a running container has no exit code
    const ended = ["created", "paused"].includes(State.Status) ? "" : `, exit code ${String(State.ExitCode)}`;
    return `its state was ${State.Status}${ended}`;
  }
  if (State.Health?.Status === "unhealthy") {
    return "it was unhealthy";
  }
  if (declared.memoryLimit && HostConfig.Memory !== Number(Config.Labels[MEMORY_LABEL]) * 1024 * 1024) {
    return `its memory limit was ${String(HostConfig.Memory / 1024 / 1024)} MiB`;
  }
  if (HostConfig.RestartPolicy.Name !== declared.restart) {
    return `its restart policy was ${HostConfig.RestartPolicy.Name}`;
  }
  const missing = declared.networks.find(
    ({ name, id }) => id === undefined || NetworkSettings.Networks[name]?.NetworkID !== id,
  );
  return missing === undefined ? undefined : `it was not on the network ${missing.name}`;
}
