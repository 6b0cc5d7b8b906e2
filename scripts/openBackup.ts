// Checks a file of backup, and unpacks its members into a folder of the caller's; it changes nothing else.
// usage: openBackup.ts FILE [FOLDER]      exits 1 and prints what is wrong with the file; without FOLDER it only checks
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { Parser, ReadEntry } from "tar";
import { childPath } from "../lib/shared/foreignNames";
import { VolumeArchive } from "./volumeArchive";

const FORMAT = "observability-lab backup 1";
const PARTS = ["prometheus", "grafana", "pushgateway"];
/** Members of a backup in their order, of a lab without and with Alertmanager. */
const MEMBERS = [PARTS, [...PARTS, "alertmanager"]].map((parts) => [
  "about",
  "sums",
  ...parts.map((part) => `${part}.tar`),
]);
const [LONGEST = []] = MEMBERS.slice(-1);
/** Of the first member, which is in no compressed file. */
const BEGINNING = "about\0";
/** Bytes of a member that is a text, at most. */
const TEXT_SIZE = 4096;
const CHUNK_SIZE = 1024 * 1024;
const NOT_WHOLE = "is not a complete backup";

/** A reason for which a file is not taken for a backup. */
class Refusal extends Error {}

/** A member while it is read. */
class Member {
  readonly hash = createHash("sha256");
  readonly volume: VolumeArchive | undefined;
  text = "";
  private readonly copy: number | undefined;

  constructor(entry: ReadEntry, folder: string | undefined) {
    const { path: name, size } = entry;
    this.volume = name.endsWith(".tar") ? new VolumeArchive() : undefined;
    if (this.volume === undefined && size > TEXT_SIZE) {
      throw new Refusal(NOT_WHOLE);
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

/** Reads the members, which have to be exactly those that `backup` writes, each a plain file. */
function readMembers(file: string, folder: string | undefined): ReadonlyMap<string, Member> {
  const members = new Map<string, Member>();
  const ends: unknown[] = [];
  const parser = new Parser({ strict: true, brotli: false, zstd: false });
  parser.on("entry", (entry: ReadEntry) => {
    if (entry.type !== "File" || entry.path !== LONGEST[members.size]) {
      throw new Refusal(NOT_WHOLE);
    }
    members.set(entry.path, new Member(entry, folder));
  });
  parser.on("eof", (end: unknown) => {
    ends.push(end);
  });
  for (const event of ["ignoredEntry", "error"]) {
    parser.on(event, () => {
      throw new Refusal(NOT_WHOLE);
    });
  }
  // a pipe would be waited for
  const opened = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  try {
    if (!fs.fstatSync(opened).isFile()) {
      throw new Refusal("is not a file");
    }
    let chunk = readChunk(opened);
    if (!chunk.toString("latin1").startsWith(BEGINNING)) {
      throw new Refusal(NOT_WHOLE);
    }
    for (; chunk.length > 0; chunk = readChunk(opened)) {
      parser.write(chunk);
    }
    parser.end();
  } finally {
    fs.closeSync(opened);
  }
  if (ends.length === 0 || !MEMBERS.some((names) => names.length === members.size)) {
    throw new Refusal(NOT_WHOLE);
  }
  return members;
}

function readChunk(opened: number): Buffer {
  const chunk = Buffer.alloc(CHUNK_SIZE);
  return chunk.subarray(0, fs.readSync(opened, chunk));
}

/** Whether the members are what they have to be, all of them. */
function checkMembers(members: ReadonlyMap<string, Member>): void {
  const about = (members.get("about")?.text ?? "").split("\n");
  if (about[0] !== FORMAT) {
    throw new Refusal("is a backup of another version of the lab");
  }
  const summed = [...members].filter(([name]) => name !== "sums");
  const sums = summed.map(([name, { hash }]) => `${hash.digest("hex")}  ${name}\n`).join("");
  if (members.get("sums")?.text !== sums) {
    throw new Refusal("is damaged: its sums differ");
  }
  // format, lab, time and, in one that is not from before labs had keys of their own, the fingerprint of Grafana's key
  const [, lab = "", time = "", ...rest] = about;
  if (!/^[a-zA-Z0-9][\w.-]*$/.test(lab) || !/^[\d-]{10}T[\d:]{8}Z$/.test(time)) {
    throw new Refusal("does not say of which lab and of which time it is");
  }
  if (!/^([0-9a-f]{16}\n)?$/.test(rest.join("\n"))) {
    throw new Refusal("does not name a key of Grafana");
  }
  for (const [name, { volume }] of members) {
    if (volume?.problem !== undefined) {
      throw new Refusal(`its ${name} ${volume.problem}`);
    }
  }
}

try {
  const [file = "", folder] = process.argv.slice(2);
  checkMembers(readMembers(file, folder));
} catch (error) {
  console.log(error instanceof Refusal ? error.message : `cannot be read: ${(error as Error).message}`);
  process.exitCode = 1;
}
