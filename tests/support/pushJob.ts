import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { PROJECT } from "./fixtures";

/** The snippets of docs/jobs.md, verbatim: the script, a weekly job's age, the removal of a group. */
export function documentedSnippets(): readonly string[] {
  const page = fs.readFileSync(path.join(PROJECT, "docs", "jobs.md"), "utf8");
  return [...page.matchAll(/^```sh\n(.*?)^```/gms)].map(([, snippet = ""]) => snippet);
}

/** A simulated host with its own name and home directory, whose snippets push to a lab. */
export class PushingHost {
  private readonly env: NodeJS.ProcessEnv;

  constructor(
    private readonly folder: string,
    name: string,
    pushgatewayPort: number,
  ) {
    fs.mkdirSync(folder, { recursive: true });
    this.write("hostname", `#!/bin/sh\necho ${name}\n`, 0o755);
    this.env = {
      ...process.env,
      HOME: folder,
      PATH: `${folder}:${process.env.PATH ?? ""}`,
      PUSHGATEWAY: `http://127.0.0.1:${String(pushgatewayPort)}`,
    };
  }

  write(file: string, content: string, mode: number): string {
    const written = path.join(this.folder, file);
    fs.writeFileSync(written, content, { mode });
    return written;
  }

  /** Runs a snippet as a script with these arguments. */
  run(snippet: string, ...args: string[]): { status: number | null; stderr: string } {
    const script = this.write("snippet", snippet, 0o755);
    const { status, stderr } = spawnSync("sh", [script, ...args], { encoding: "utf8", env: this.env });
    return { status, stderr };
  }
}
