import { execFile } from "node:child_process";
import { promisify } from "node:util";

const LINES = 20;

/** The last lines of a container's log, or the reason why they cannot be read. */
export async function readLog(container: string): Promise<string> {
  try {
    const { stdout, stderr } = await promisify(execFile)("docker", ["logs", "--tail", String(LINES), container]);
    return `${stdout}${stderr}`.trim() || "(nothing)";
  } catch (error) {
    return `(cannot be read: ${error instanceof Error ? error.message : String(error)})`;
  }
}
