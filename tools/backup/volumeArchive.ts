import { Parser, Pax, ReadEntry } from "tar";
import { quote } from "../../lib/shared/foreignNames";

/** The setuid and setgid bits. */
const SET_ID = 0o6000;

/**
 * Checks the archive of a volume as a stream: only files, folders and links that stay inside it. No volume of the lab
 * has devices, pipes, setuid or setgid programs.
 */
export class VolumeArchive {
  /** The first problem found; undefined if there is none. */
  problem: string | undefined;
  private readonly members = new Map<string, string>();
  private readonly parser = new Parser({ strict: true, brotli: false, zstd: false });
  private begun = false;
  private whole = false;

  constructor() {
    this.parser.on("entry", (entry: ReadEntry) => {
      this.problem ??= this.check(entry);
      entry.resume();
    });
    this.parser.on("ignoredEntry", ({ path }: ReadEntry) => {
      this.problem ??= `holds ${quote(path)} of an unknown type`;
    });
    this.parser.on("eof", () => {
      this.whole = true;
    });
    this.parser.on("error", () => {
      this.problem ??= "is not a whole archive";
    });
  }

  write(chunk: Buffer): void {
    // the parser would decompress it, but tar in the volume would not
    if (!this.begun && chunk[0] === 0x1f) {
      this.problem ??= "is compressed";
    }
    this.begun = true;
    if (this.problem === undefined) {
      this.parser.write(chunk);
    }
  }

  end(): void {
    if (this.problem === undefined) {
      this.parser.end();
    }
    // an archive that was cut between two members has no end marker
    this.problem ??= this.whole ? undefined : "is not a whole archive";
  }

  private check(entry: ReadEntry): string | undefined {
    const { path, type, mode = 0, linkpath = "" } = entry;
    const holds = `holds ${quote(path)}`;
    const parts = partsOf(path);
    const name = parts.join("/");
    const above = parts.map((_, index) => parts.slice(0, index).join("/"));
    if (entry.extended instanceof Pax || entry.globalExtended !== undefined) {
      return `${holds} with a header that not every tar reads`;
    }
    if (leaves(path) || this.members.has(name) || above.some((it) => this.members.get(it) === "SymbolicLink")) {
      return `${holds}, which is outside of the volume or twice in it`;
    }
    this.members.set(name, type);
    if (!type.endsWith("File") && (entry.header.size ?? 0) !== 0) {
      return `${holds}, in which tars see different members`;
    }
    switch (type) {
      case "Directory":
        return undefined;
      case "File":
      case "OldFile":
        return (mode & SET_ID) === 0 ? undefined : `${holds}, a program that runs as its owner`;
      case "SymbolicLink":
        return leaves(linkpath) ? `${holds}, a link that leads out of the volume` : undefined;
      case "Link":
        return this.members.get(partsOf(linkpath).join("/"))?.endsWith("File") === true && !leaves(linkpath)
          ? undefined
          : `${holds}, a link to something else than a file before it`;
      default:
        return `${holds}, which is not a file, a folder or a link`;
    }
  }
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

/** Whether a path may leave the folder that it is relative to: with links before it, `..` may lead anywhere. */
function leaves(path: string): boolean {
  return path.startsWith("/") || path.split("/").includes("..");
}
