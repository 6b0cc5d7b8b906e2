import { ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { PROJECT } from "../../lib/shared/assets";
import { serve, TestServer } from "./servers";

const SCRIPTS = path.join(PROJECT, "scripts");
export const PARTS = ["prometheus", "grafana", "pushgateway"];
export const ALL = [...PARTS, "alertmanager"];

/** A fake Pulumi that returns the outputs of a lab. */
const PULUMI = `#!/bin/sh
if [ "$1" = stack ]; then cat outputs.json; fi
`;

/**
 * A fake Docker whose volumes are folders. A container that is named in the file `sick` never becomes healthy. A container
 * with a volume waits while its last argument is a line of the file `slow`. If the file `slow-stop` exists, a stop takes a
 * moment, and goes on without its client.
 */
const ENGINE = `#!/bin/bash
case $1 in run) echo run >>calls ;; stop | start) echo "$1 \${@: -1}" >>calls ;; esac
case $1-$2 in volume-create) exec mkdir -p "volumes/$5" ;; esac
case $1 in
  container) for name in "\${@:3}"; do test -d "volumes/\${name/_/_observability-lab-}" || exit 1; done ;;
  volume) for name in "\${@:3}"; do test -d "volumes/$name" || exit 1; done ;;
  inspect)
    case $3 in
      *Mounts*) if [ -e volumes/ours_observability-lab-grafana-key ]; then echo '[{"Destination":"/lab-key"}]'; else echo '[]'; fi ;;
      *Health*) if grep -qsx "$4" sick; then echo unhealthy 2; else echo healthy 0; fi ;;
      *Status*) if [ -e "stopped-$4" ]; then echo exited; else echo running; fi ;;
      *) echo image ;;
    esac
    ;;
  run)
    while [ "$1" != --volume ]; do shift; done
    folder=$PWD/volumes/\${2%:/data}
    while [ "$1" != -euc ]; do shift; done
    while grep -qsx -- "\${4:-}" slow; do echo "\${4:-}" >waits; sleep 0.02; done
    exec sh -euc "\${2//\\/data/$folder}" "\${@:3}"
    ;;
  stop)
    if [ -e slow-stop ]; then (trap '' INT; sleep 0.5; touch "stopped-\${@: -1}") & wait; fi
    touch "stopped-\${@: -1}"
    ;;
  start) for name in "\${@:2}"; do rm -f "stopped-$name"; done ;;
  logs) ;;
esac
`;

let folder: string;
let grafana: TestServer;

/** Gives every test of a file a folder with the fake Pulumi and Docker, and a fake Grafana. */
export function prepareLabs(): void {
  beforeAll(async () => {
    const json = (body: unknown): { body: string } => ({ body: JSON.stringify(body) });
    grafana = await serve({
      "POST /api/admin/encryption/rotate-data-keys": { body: "" },
      "/api/datasources": json([{ uid: "a" }, { uid: "b" }]),
      "/api/datasources/uid/a": json({ name: "ours", secureJsonFields: {} }),
      "/api/datasources/uid/b": json({ name: "theirs", secureJsonFields: { password: true } }),
      "/api/users?perpage=5000": json([{ login: "jane" }]),
      "/api/serviceaccounts/search?perpage=5000": json({ serviceAccounts: [] }),
      "/api/orgs": json([{ name: "Main Org." }]),
    });
  });

  afterAll(() => grafana.close());

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-backup-"));
    for (const [file, text] of [
      ["checkout/scripts/pulumi", PULUMI],
      ["tools/docker", ENGINE],
    ] as const) {
      fs.mkdirSync(path.dirname(inFolder(file)), { recursive: true });
      fs.writeFileSync(inFolder(file), text, { mode: 0o755 });
    }
  });

  afterEach(() => {
    fs.rmSync(folder, { recursive: true });
  });
}

export function inFolder(...names: string[]): string {
  return path.join(folder, ...names);
}

/** The recorded Docker commands, without queries. */
export function calls(): string[] {
  return fs.readFileSync(inFolder("calls"), "utf8").trim().split("\n");
}

export function volume(part: string): string {
  return inFolder("volumes", `ours_observability-lab-${part}`);
}

/** Content of the volume of a part. */
export function kept(part: string): string {
  return fs.readFileSync(path.join(volume(part), "data"), "utf8");
}

/** Creates a lab with these parts and this data in the volume of each. */
export function lab(parts: readonly string[], data: string): void {
  fs.rmSync(inFolder("volumes"), { recursive: true, force: true });
  for (const part of parts) {
    fs.mkdirSync(volume(part), { recursive: true });
    fs.writeFileSync(path.join(volume(part), "data"), data);
  }
  const outputs = {
    labName: "ours_observability-lab",
    alertmanagerUrl: parts.includes("alertmanager") ? "http://127.0.0.1:1" : undefined,
    grafanaUrl: grafana.url,
    grafanaUser: "admin",
    grafanaAdminPassword: "password",
  };
  fs.writeFileSync(inFolder("outputs.json"), JSON.stringify(outputs));
}

/** Runs backup or restore on that lab; returns its exit code and stderr. */
export async function run(script: "backup" | "restore"): Promise<[number | null, string]> {
  const child = start(script);
  const [output] = await Promise.all([text(child.stderr), once(child, "close")]);
  return [child.exitCode, output];
}

/** Starts it as a terminal does, in a process group of its own. */
export function start(script: "backup" | "restore"): ChildProcessByStdio<null, null, Readable> {
  return spawn(path.join(SCRIPTS, script), {
    cwd: folder,
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      ...process.env,
      FILE: "lab.tar",
      LAB_CHECKOUT: inFolder("checkout"),
      LAB_STATE_DIR: inFolder("lab"),
      PATH: `${inFolder("tools")}:${String(process.env.PATH)}`,
      DOCKER_HOST: "unix:///nonexistent.sock",
    },
  });
}

/** Backs up a lab with these parts, with `old` in each. */
export async function backUp(parts: readonly string[]): Promise<void> {
  lab(parts, "old");
  expect((await run("backup"))[0]).toBe(0);
}
