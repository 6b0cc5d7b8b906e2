import { once } from "node:events";
import { Header, Parser, Pax } from "tar";
import { LAB_LABEL } from "../shared/names";
import { LabError } from "../shared/problems";
import { callDocker, DockerResponse } from "./client";

/** Label of a temporary container or network; its value is the process that has to remove it. */
export const TEMPORARY_LABEL = "observability-lab.temporary";

/** Mount point of a temporary container's volume. */
export const FOLDER = "/lab";

/** Mode of a file that everybody may read. */
const READABLE = 0o444;
/** Milliseconds for a program that checks files, also on a small machine. */
const RUN_TIMEOUT_MS = 60_000;

/** A container without a network that is removed once a task with it has ended. */
export interface TemporaryContainer {
  /** A local image. */
  readonly image: string;
  /** The lab's name. */
  readonly lab: string;
  /** Its program, if it is started. */
  readonly entrypoint: readonly string[];
  /** Name of the volume at `FOLDER`; by default an anonymous one, which is removed with it. */
  readonly volume?: string;
  /** Environment variables as `NAME=value`, besides those of the image. */
  readonly env?: readonly string[];
}

/**
 * Creates a container, and removes it after the task.
 *
 * @throws LabError if Docker does not create the container, for example without the image.
 */
export async function withTemporaryContainer<T>(
  { image, lab, entrypoint, volume, env = [] }: TemporaryContainer,
  task: (id: string) => Promise<T>,
): Promise<T> {
  await removeLeftovers();
  const created = await succeed("POST", "/containers/create", {
    Image: image,
    Entrypoint: entrypoint,
    Cmd: [],
    Env: env,
    // a single output stream, and root without capabilities, which only owns the files
    Tty: true,
    User: "0:0",
    Labels: { [LAB_LABEL]: lab, [TEMPORARY_LABEL]: String(process.pid) },
    HostConfig: {
      NetworkMode: "none",
      ReadonlyRootfs: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges:true"],
      Mounts: [{ Type: "volume", Target: FOLDER, ...(volume === undefined ? {} : { Source: volume }) }],
    },
  });
  const { Id } = JSON.parse(created.body.toString()) as { Id: string };
  try {
    return await task(Id);
  } finally {
    await callDocker("DELETE", `/containers/${Id}?force=1&v=1`);
  }
}

/** Starts a container and waits for it to exit; returns its exit code and output. */
export async function runToEnd(id: string, timeout = RUN_TIMEOUT_MS): Promise<{ code: number; output: string }> {
  await succeed("POST", `/containers/${id}/start`);
  const ended = await succeed("POST", `/containers/${id}/wait`, undefined, { timeout });
  const { StatusCode: code } = JSON.parse(ended.body.toString()) as { StatusCode: number };
  const { body } = await succeed("GET", `/containers/${id}/logs?stdout=1&stderr=1`);
  return { code, output: body.toString().replaceAll("\r\n", "\n") };
}

/** Puts files into a container's folder: owned by root, read by everybody. */
export async function putFiles(id: string, files: ReadonlyMap<string, string>): Promise<void> {
  const blocks = [...files].flatMap(([path, content]) => {
    const data = Buffer.from(content);
    const about = { path, mode: READABLE, uid: 0, gid: 0, size: data.length, mtime: new Date() };
    const header = new Header({ ...about, type: "File" });
    // a long name does not fit into the header alone
    const more = header.encode() ? new Pax(about).encode() : Buffer.alloc(0);
    return [more, header.block ?? Buffer.alloc(0), data, Buffer.alloc(-data.length & 511)];
  });
  // two empty blocks end an archive
  await succeed("PUT", `/containers/${id}/archive?path=${FOLDER}`, Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

/** Contents of a container's folder. */
export interface FolderContent {
  /** Texts by path in the folder. */
  readonly files: ReadonlyMap<string, string>;
  /** Paths of the files that not everybody may read. */
  readonly unreadable: readonly string[];
}

/** The files of a container's folder, running or not; undefined if Docker does not return them. */
export async function getFiles(id: string, folder = FOLDER): Promise<FolderContent | undefined> {
  const { status, body } = await callDocker("GET", `/containers/${id}/archive?path=${folder}`);
  if (status !== 200) {
    return undefined;
  }
  const files: Promise<[string, string]>[] = [];
  const unreadable: string[] = [];
  const parser = new Parser({
    onReadEntry: (entry) => {
      // the first part is the folder itself
      const name = entry.path.split("/").slice(1).join("/");
      const read = entry.concat();
      if (entry.type === "File") {
        files.push(read.then((content) => [name, content.toString()]));
      }
      if (entry.type === "File" && ((entry.mode ?? 0) & READABLE) !== READABLE) {
        unreadable.push(name);
      }
    },
  });
  const ended = once(parser, "end");
  parser.end(body);
  await ended;
  return { files: new Map(await Promise.all(files)), unreadable };
}

/** Removes leftovers of killed processes. */
export async function removeLeftovers(): Promise<void> {
  const filter = encodeURIComponent(JSON.stringify({ label: [TEMPORARY_LABEL] }));
  for (const [list, kind] of [
    [`/containers/json?all=1&filters=${filter}`, "containers"],
    [`/networks?filters=${filter}`, "networks"],
  ] as const) {
    const { body } = await succeed("GET", list);
    const left = JSON.parse(body.toString()) as { Id: string; Labels: Record<string, string> }[];
    for (const { Id } of left.filter(({ Labels }) => !isAlive(Number(Labels[TEMPORARY_LABEL])))) {
      await callDocker("DELETE", `/${kind}/${Id}${kind === "containers" ? "?force=1&v=1" : ""}`);
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * Calls the Docker API.
 *
 * @throws LabError for an unsuccessful response, with Docker's message.
 */
export async function succeed(
  method: "GET" | "POST" | "PUT",
  path: string,
  body?: object,
  options?: { timeout: number },
): Promise<DockerResponse> {
  const response = await callDocker(method, path, body, options);
  if (response.status >= 300 && response.status !== 304) {
    throw new LabError(
      `Docker returned ${String(response.status)} to ${method} ${path}: ${response.body.toString().trim()}`,
    );
  }
  return response;
}
