import { createHash, type Hash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { Parser, ReadEntry } from "tar";
import { WITH_DATA } from "../../lib/settings/services";
import { childPath } from "../../lib/shared/foreignNames";
import { LabError } from "../../lib/shared/problems";

import { VolumeArchive } from "./volumeArchive";

const FORMAT = "observability-lab backup 1";
/** Text members, which precede the archives of the parts. */
const TEXTS = ["about", "sums"];
/** All members in order; a lab without Alertmanager lacks the last. */
const MEMBERS = [...TEXTS, ...WITH_DATA.map(archiveOf)];
/** First bytes of a backup, which distinguish it from a compressed file. */
const FIRST_BYTES = "about\0";
/** Maximum size of a text member, in bytes. */
const MAX_TEXT_BYTES = 4096;
const CHUNK_SIZE = 1024 * 1024;
const INCOMPLETE = "is not a complete backup";

/** Description of a backup. */
export interface Backup {
  readonly lab: string;
  /** When the backup was made. */
  readonly time: string;
  /** Fingerprint of Grafana's key; undefined if the backup is older than generated keys. */
  readonly key: string | undefined;
  /** Host names of the containers whose data the backup contains. */
  readonly parts: readonly string[];
}

/** Name of the member with the data of a part. */
export function archiveOf(part: string): string {
  return `${part}.tar`;
}

/** Why a file is rejected as a backup. */
class InvalidBackup extends Error {}

/** A member that is being read. */
class Member {
  readonly hash = createHash("sha256");
  readonly volume: VolumeArchive | undefined;
  text = "";
  private readonly copy: number | undefined;

  constructor(entry: ReadEntry, folder: string | undefined) {
    const { path: name, size } = entry;
    this.volume = name.endsWith(".tar") ? new VolumeArchive() : undefined;
    if (this.volume === undefined && size > MAX_TEXT_BYTES) {
      throw new InvalidBackup(INCOMPLETE);
    }
    this.copy = folder === undefined ? undefined : fs.openSync(childPath(folder, name), "wx", 0o600);
    entry.on("data", (chunk: Buffer) => {
      this.take(chunk);
    });
    entry.on("end", () => {
      this.volume?.end();
      if (this.copy !== undefined) {
        fs.closeSync(this.copy);
      }
    });
  }

  private take(chunk: Buffer): void {
    this.hash.update(chunk);
    if (this.copy !== undefined) {
      fs.writeFileSync(this.copy, chunk);
    }
    if (this.volume === undefined) {
      this.text += chunk.toString();
    } else {
      this.volume.write(chunk);
    }
  }
}

/** Reads the members; rejects any but the regular files that `backup` writes, in its order. */
function readMembers(file: string, folder: string | undefined): ReadonlyMap<string, Member> {
  const members = new Map<string, Member>();
  const endEvents: unknown[] = [];
  const parser = new Parser({ strict: true, brotli: false, zstd: false });
  parser.on("entry", (entry: ReadEntry) => {
    if (entry.type !== "File" || entry.path !== MEMBERS[members.size]) {
      throw new InvalidBackup(INCOMPLETE);
    }
    members.set(entry.path, new Member(entry, folder));
  });
  parser.on("eof", (end: unknown) => {
    endEvents.push(end);
  });
  for (const event of ["ignoredEntry", "error"]) {
    parser.on(event, () => {
      throw new InvalidBackup(INCOMPLETE);
    });
  }
  // opening a named pipe would block
  const descriptor = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  try {
    if (!fs.fstatSync(descriptor).isFile()) {
      throw new InvalidBackup("is not a file");
    }
    let chunk = readChunk(descriptor);
    if (!chunk.toString("latin1").startsWith(FIRST_BYTES)) {
      throw new InvalidBackup(INCOMPLETE);
    }
    for (; chunk.length > 0; chunk = readChunk(descriptor)) {
      parser.write(chunk);
    }
    parser.end();
  } finally {
    fs.closeSync(descriptor);
  }
  if (endEvents.length === 0 || members.size < MEMBERS.length - 1) {
    throw new InvalidBackup(INCOMPLETE);
  }
  return members;
}

function readChunk(descriptor: number): Buffer {
  const chunk = Buffer.alloc(CHUNK_SIZE);
  return chunk.subarray(0, fs.readSync(descriptor, chunk));
}

function sumsOf(hashes: readonly (readonly [name: string, hash: Hash])[]): string {
  return hashes.map(([name, hash]) => `${hash.digest("hex")}  ${name}\n`).join("");
}

/** Checks that all members are present and valid; returns the backup's description. */
function checkMembers(members: ReadonlyMap<string, Member>): Backup {
  const about = (members.get("about")?.text ?? "").split("\n");
  if (about[0] !== FORMAT) {
    throw new InvalidBackup("is a backup of another version of the lab");
  }
  const summed = [...members].filter(([name]) => name !== "sums");
  if (members.get("sums")?.text !== sumsOf(summed.map(([name, { hash }]) => [name, hash]))) {
    throw new InvalidBackup("is damaged: its checksums differ");
  }
  // format, lab, time and, unless the backup is older than generated keys, the fingerprint of Grafana's key
  const [, lab = "", time = "", ...rest] = about;
  if (!/^[a-zA-Z0-9][\w.-]*$/.test(lab) || !/^[\d-]{10}T[\d:]{8}Z$/.test(time)) {
    throw new InvalidBackup("does not name its lab and time");
  }
  if (!/^([0-9a-f]{16}\n)?$/.test(rest.join("\n"))) {
    throw new InvalidBackup("does not name a key of Grafana");
  }
  for (const [name, { volume }] of members) {
    if (volume?.problem !== undefined) {
      throw new InvalidBackup(`its ${name} ${volume.problem}`);
    }
  }
  const parts = WITH_DATA.filter((part) => members.has(archiveOf(part)));
  return { lab, time, key: rest.length > 1 ? rest[0] : undefined, parts };
}

/**
 * Checks a backup and, if a folder is given, unpacks its members into it; it changes nothing else.
 *
 * @throws Error if the file is not a valid backup.
 */
export function openBackup(file: string, folder?: string): Backup {
  try {
    return checkMembers(readMembers(file, folder));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (folder !== undefined && (code === "ENOSPC" || code === "EDQUOT")) {
      throw new LabError(
        `${folder} has no space for the data of the backup (${code}): free disk space; nothing was changed`,
      );
    }
    throw error instanceof InvalidBackup ? error : new InvalidBackup(`cannot be read: ${message}`);
  }
}

/** Writes the text members beside the archives of the parts; returns the names of all members in order. */
export async function writeTexts(folder: string, { lab, time, key, parts }: Backup): Promise<readonly string[]> {
  fs.writeFileSync(path.join(folder, "about"), `${[FORMAT, lab, time, key].join("\n")}\n`);
  const archives = parts.map(archiveOf);
  const hashes = ["about", ...archives].map(async (name) => [name, await hashOf(path.join(folder, name))] as const);
  fs.writeFileSync(path.join(folder, "sums"), sumsOf(await Promise.all(hashes)));
  return [...TEXTS, ...archives];
}

async function hashOf(file: string): Promise<Hash> {
  const hash = createHash("sha256");
  for await (const chunk of fs.createReadStream(file)) {
    hash.update(chunk as Buffer);
  }
  return hash;
}
