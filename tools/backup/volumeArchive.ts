import { Parser, Pax, ReadEntry } from "tar";
import { quote } from "../../lib/shared/foreignNames";

/** Mode bits setuid and setgid. */
const SET_ID = 0o6000;

/**
 * Checks the archive of a volume as a stream: only files, folders, and links within the volume are allowed. No volume of
 * the lab has devices, pipes, setuid or setgid programs.
 */
export class VolumeArchive {
  /** The first problem found; undefined if there is none. */
  problem: string | undefined;
  private readonly members = new Map<string, string>();
  private readonly parser = new Parser({ strict: true, brotli: false, zstd: false });
  private started = false;
  private complete = false;

  constructor() {
    this.parser.on("entry", (entry: ReadEntry) => {
      this.problem ??= this.check(entry);
      entry.resume();
    });
    this.parser.on("ignoredEntry", ({ path }: ReadEntry) => {
      this.problem ??= `holds ${quote(path)} of an unknown type`;
    });
    this.parser.on("eof", () => {
      this.complete = true;
    });
    this.parser.on("error", () => {
      this.problem ??= "is not a complete tar archive";
    });
  }

  write(chunk: Buffer): void {
    // the parser would decompress it, but tar in the container would not
    if (!this.started && chunk[0] === 0x1f) {
      this.problem ??= "is compressed";
    }
    this.started = true;
    if (this.problem === undefined) {
      this.parser.write(chunk);
    }
  }

  end(): void {
    if (this.problem === undefined) {
      this.parser.end();
    }
    // an archive truncated between two members has no end marker
    this.problem ??= this.complete ? undefined : "is not a complete tar archive";
  }

  private check(entry: ReadEntry): string | undefined {
    const { path, type, mode = 0, linkpath = "" } = entry;
    const prefix = `holds ${quote(path)}`;
    const parts = segmentsOf(path);
    const name = parts.join("/");
    const parents = parts.map((_, index) => parts.slice(0, index).join("/"));
    if (entry.extended instanceof Pax || entry.globalExtended !== undefined) {
      return `${prefix} with a header that not every tar reads`;
    }
    if (mayEscape(path) || this.members.has(name) || parents.some((it) => this.members.get(it) === "SymbolicLink")) {
      return `${prefix}, which is outside of the volume or twice in it`;
    }
    this.members.set(name, type);
    if (!type.endsWith("File") && (entry.header.size ?? 0) !== 0) {
      return `${prefix}, which tar implementations read differently`;
    }
    switch (type) {
      case "Directory":
        return undefined;
      case "File":
      case "OldFile":
        return (mode & SET_ID) === 0 ? undefined : `${prefix}, a program that runs as its owner`;
      case "SymbolicLink":
        return mayEscape(linkpath) ? `${prefix}, a link that leads out of the volume` : undefined;
      case "Link":
        return this.members.get(segmentsOf(linkpath).join("/"))?.endsWith("File") === true && !mayEscape(linkpath)
          ? undefined
          : `${prefix}, a link to something else than a file before it`;
      default:
        return `${prefix}, which is not a file, a folder or a link`;
    }
  }
}

function segmentsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

/** Whether a path may lead out of its base folder; after links, `..` may lead anywhere. */
function mayEscape(path: string): boolean {
  return path.startsWith("/") || path.split("/").includes("..");
}
