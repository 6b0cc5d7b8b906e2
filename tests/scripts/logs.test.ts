import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { PROJECT } from "../../lib/shared/assets";
import { write, writeScript } from "../support/files";

const IN_TERMINAL = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)";
const CONTAINER = "ours_prometheus";

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-logs-"));
  writeScript(place("checkout/scripts/pulumi"), "echo ours_observability-lab");
  writeScript(place("tools/docker"), `case $1 in ps) echo ${CONTAINER} ;; logs) echo "$@" ;; info) echo false ;; esac`);
  write(place("state/observability-lab/ours_observability-lab/flask/app.log"), "1\n2\n3\n");
});

afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

function place(file: string): string {
  return path.join(folder, file);
}

/** What the script shows on a terminal of 40 lines, and its exit code. */
function logs(environment: Record<string, string>): { lines: readonly string[]; status: number | null } {
  const command = `stty rows 40 cols 100; exec ${path.join(PROJECT, "scripts", "logs")}`;
  const { status, stdout } = spawnSync("python3", ["-c", IN_TERMINAL, "sh", "-c", command], {
    encoding: "utf8",
    env: {
      PATH: `${path.join(folder, "tools")}:${String(process.env.PATH)}`,
      HOME: folder,
      LAB_CHECKOUT: path.join(folder, "checkout"),
      LAB_STATE_DIR: path.join(folder, "lab"),
      XDG_STATE_HOME: path.join(folder, "state"),
      ...environment,
    },
  });
  return { lines: stdout.trim().split(/\r?\n/), status };
}

describe("logs on a terminal", () => {
  it("shows as many lines of each as LINES sets", () => {
    expect(logs({ LINES: "2" })).toEqual({
      lines: [`== ${CONTAINER}`, `logs --tail 2 ${CONTAINER}`, "== flask", "2", "3"],
      status: 0,
    });
  });

  it("shows 50 by default", () => {
    expect(logs({}).lines).toContain(`logs --tail 50 ${CONTAINER}`);
  });

  it("fails with Docker's own error", () => {
    writeScript(place("tools/docker"), "echo Docker is not running >&2; exit 1");
    expect(logs({})).toEqual({ lines: ["Docker is not running"], status: 1 });
  });
});
