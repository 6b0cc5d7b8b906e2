import { ChildProcess, spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout } from "node:timers/promises";
import { appPid, isAlive, signal } from "../support/processes";
import { expectOk, UserLab } from "../support/userLab";

/** Another user of the machine: nobody. */
const OTHER = { uid: 65534, gid: 65534, cwd: "/" };

/** Listens where the first argument says, if anywhere, and answers with the token that it was started with. */
const APP = `
const [port, ...args] = process.argv.slice(1);
const instance = args[args.length - 1];
const respond = (_, response) => response.end(JSON.stringify({ status: "ok", instance }));
if (port !== "none") require("node:http").createServer(respond).listen(Number(port), "127.0.0.1", () => console.log());
else setInterval(() => undefined, 1000), console.log();
`;

/** Prints the paths on its standard input that can be opened, or listed. */
const READ = `
const fs = require("node:fs");
const reads = (path) => { try { fs.closeSync(fs.openSync(path)); return true; } catch { return false; } };
console.log(JSON.stringify(JSON.parse(fs.readFileSync(0, "utf8")).filter(reads)));
`;

/** A process of another user, with the arguments of an app. */
async function startAsOther(port: string, ...args: string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["-e", APP, port, ...args], { ...OTHER, stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  return child;
}

function readableByOther(paths: readonly string[]): string[] {
  const { stdout } = spawnSync(process.execPath, ["-e", READ], {
    ...OTHER,
    input: JSON.stringify(paths),
    encoding: "utf8",
  });
  return JSON.parse(stdout) as string[];
}

/** Another user of the machine, who sees the list of processes and may start some. */
export function userAttacks(lab: () => UserLab): void {
  const root = process.platform === "linux" && process.getuid?.() === 0;
  describe(`another user of the machine${root ? "" : " (needs root, on Linux)"}`, () => {
    const attack = root ? it : it.skip;
    const token = (): string => {
      const record = fs.readFileSync(path.join(lab().hostFolder, "flask", "record.json"), "utf8");
      return (JSON.parse(record) as { instance: string }).instance;
    };

    attack("blocks no up by processes that look like the app, and they are left alone", async () => {
      const listen = ["--listen", `127.0.0.1:${String(lab().ports.flaskPort)}`];
      const started = await Promise.all([
        startAsOther("none", ...listen, "--instance", token()),
        startAsOther(
          "none",
          ...listen,
          "--instance",
          `${lab().lab}-0123456789ab`,
          "--instance",
          `${lab().lab}-ba9876543210`,
        ),
        startAsOther("none", ...listen, `\n1 python --instance ${token()}\n`, "--instance", token()),
      ]);
      try {
        expect(await lab().preview()).toEqual([]);
        signal(appPid(lab()), "SIGKILL");
        await expectOk(lab().up());
        expect(await lab().preview()).toEqual([]);
        expect(started.map(({ pid }) => isAlive(pid ?? 0))).toEqual([true, true, true]);
      } finally {
        started.forEach((child) => child.kill());
      }
    });

    attack("is not taken for the app with its token and its port", async () => {
      const [app, instance] = [appPid(lab()), token()];
      signal(app, "SIGKILL");
      while (isAlive(app)) {
        await setTimeout(20);
      }
      const port = String(lab().ports.flaskPort);
      const other = await startAsOther(port, "--listen", `127.0.0.1:${port}`, "--instance", instance);
      try {
        const { ok, output, changes } = await lab().up();
        expect({ ok, changes }).toEqual({ ok: false, changes: [] });
        expect(output).toContain(
          `(perhaps process ${String(other.pid)}, which another user started as this lab's app)`,
        );
        expect(isAlive(other.pid ?? 0)).toBe(true);
      } finally {
        const ended = new Promise((resolve) => other.once("exit", resolve));
        other.kill();
        await ended;
      }
      await expectOk(lab().up());
      expect(await lab().preview()).toEqual([]);
    });

    attack("reads no file of the lab", () => {
      const { folder, stateDir, stateHome } = lab();
      const below = (top: string): string[] =>
        fs.readdirSync(top, { recursive: true, encoding: "utf8" }).map((it) => path.join(top, it));
      const paths = [stateDir, ...below(stateDir), ...below(stateHome)];
      expect(paths).toContain(path.join(stateDir, "passphrase"));
      // as a checkout in a folder that others enter
      fs.chmodSync(folder, 0o755);
      try {
        expect(readableByOther([folder, ...paths])).toEqual([folder]);
      } finally {
        fs.chmodSync(folder, 0o700);
      }
    });
  });
}
