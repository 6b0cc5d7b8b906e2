import { createHash } from "node:crypto";
import { Damage, GONE } from "./damage";
import type { FoundContainer } from "./containers";

/** File beside a container's files that says which were written, so that an edited one is seen by its content. */
export const RECORD = ".observability-lab.json";

interface FileRecord {
  /** When they were written, by the clock of the Docker host. */
  readonly written: string;
  /** sha256 of each, by name. */
  readonly sums: Readonly<Record<string, string>>;
}

/** The text of the record of these files. */
export function describeFiles(files: ReadonlyMap<string, string>, written: string): string {
  const record: FileRecord = {
    written,
    sums: Object.fromEntries([...files].map(([name, content]) => [name, sumOf(content)])),
  };
  return JSON.stringify(record);
}

/**
 * What is wrong with the files of a container.
 *
 * @param volume Whether their volume is there.
 * @param owner The container that has it, without which nothing can be said of files that are there.
 */
export function filesDamage(volume: boolean, owner: Pick<FoundContainer, "files"> | undefined): Damage {
  if (!volume) {
    return GONE;
  }
  if (owner?.files === undefined) {
    return undefined;
  }
  const record = recordIn(owner.files);
  if (record === undefined) {
    return "the record of them was lost";
  }
  const present = new Map([...owner.files].filter(([name]) => name !== RECORD));
  const edited = [...present].find(([name, content]) => name in record.sums && record.sums[name] !== sumOf(content));
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

/** When the files were written, in seconds since the epoch; undefined if nothing says so. */
export function writtenAt(files: ReadonlyMap<string, string>): number | undefined {
  const record = recordIn(files);
  return record === undefined ? undefined : Date.parse(record.written) / 1000;
}

function recordIn(files: ReadonlyMap<string, string>): FileRecord | undefined {
  try {
    const record = JSON.parse(files.get(RECORD) ?? "") as Partial<FileRecord> | null;
    return typeof record?.written === "string" && typeof record.sums === "object" ? (record as FileRecord) : undefined;
  } catch {
    return undefined;
  }
}

function sumOf(content: string): string {
  return createHash("sha256").update(content).digest("hex");
}
