import { createHash } from "node:crypto";
import { parseJson } from "../shared/attempt";
import type { FoundContainer } from "./containers";
import { Drift, MISSING } from "./drift";

/** File beside a container's files with their checksums, to detect an edited one. */
export const RECORD = ".observability-lab.json";

interface FileRecord {
  /** Time of the running program's last reload before the write; missing if unknown. */
  readonly loadedBefore?: number;
  /** sha256 of each, by name. */
  readonly sums: Readonly<Record<string, string>>;
}

/** The text of the record of these files. */
export function describeFiles(files: ReadonlyMap<string, string>, loadedBefore?: number): string {
  const record: FileRecord = {
    ...(loadedBefore === undefined ? {} : { loadedBefore }),
    sums: Object.fromEntries([...files].map(([name, content]) => [name, checksum(content)])),
  };
  return JSON.stringify(record);
}

/**
 * Drift of a container's files.
 *
 * @param volume Whether their volume exists.
 * @param owner The container that mounts it; without one, the drift of existing files is unknown.
 */
export function filesDrift(volume: boolean, owner: Pick<FoundContainer, "files" | "unreadable"> | undefined): Drift {
  if (!volume) {
    return MISSING;
  }
  if (owner?.files === undefined) {
    return undefined;
  }
  const [unreadable] = owner.unreadable ?? [];
  if (unreadable !== undefined) {
    return `${unreadable} cannot be read by its program`;
  }
  const record = recordIn(owner.files);
  if (record === undefined) {
    return "their checksum record was lost";
  }
  const present = new Map([...owner.files].filter(([name]) => name !== RECORD));
  const edited = [...present].find(([name, content]) => name in record.sums && record.sums[name] !== checksum(content));
  const added = [...present.keys()].find((name) => !(name in record.sums));
  const missing = Object.keys(record.sums).find((name) => !present.has(name));
  return edited !== undefined
    ? `${edited[0]} was edited`
    : added !== undefined
      ? `${added} was added`
      : missing !== undefined
        ? `${missing} was removed`
        : undefined;
}

/** Time of the program's last reload before these files were written; undefined if unknown. */
export function loadedBefore(files: ReadonlyMap<string, string>): number | undefined {
  return recordIn(files)?.loadedBefore;
}

function recordIn(files: ReadonlyMap<string, string>): FileRecord | undefined {
  const record = parseJson(files.get(RECORD) ?? "") as Partial<FileRecord> | null | undefined;
  return typeof record?.sums === "object" && (record.sums as unknown) !== null ? (record as FileRecord) : undefined;
}

function checksum(content: string): string {
  return createHash("sha256").update(content).digest("hex");
}
