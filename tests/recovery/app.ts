import { once } from "node:events";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { eventually } from "../support/harness";
import { appPid, isAlive, signal } from "../support/processes";
import { Fixture, DASHBOARDS, expectRepaired } from "./repair";

/** A program that has the port; undefined while the threads of a killed one still hold it. */
async function listen(port: number): Promise<net.Server | undefined> {
  const server = net.createServer((socket) => socket.destroy()).listen(port, "127.0.0.1");
  return once(server, "listening").then(
    () => server,
    () => undefined,
  );
}

/** Faults of the Flask app and of what the lab keeps on the host. */
export function injectAppFaults(fixture: () => Fixture): void {
  const part = "the app";
  const remove = (...folder: string[]): void => {
    fs.rmSync(path.join(fixture().lab.hostFolder, ...folder), { recursive: true });
  };

  it("killed", () =>
    expectRepaired(fixture(), {
      part,
      fault: "the Flask process killed",
      cause: () => {
        signal(appPid(fixture().lab), "SIGKILL");
      },
      shows: ["flask-process"],
    }));

  it("killed, and its port taken by another program", () =>
    expectRepaired(fixture(), {
      part,
      fault: "its port taken by another program while it is dead",
      cause: async () => {
        const { lab } = fixture();
        const app = appPid(lab);
        signal(app, "SIGKILL");
        await eventually(() => Promise.resolve(!isAlive(app) || undefined));
        const other = await eventually(() => listen(lab.ports.flaskPort));
        const { ok, output, changes } = await lab.up();
        other.close();
        await once(other, "close");
        expect(ok).toBe(false);
        expect(output).toMatch(/1 problem, nothing was changed:\s+- flaskPort = \d+: is in use by another program/);
        expect(changes).toEqual([]);
      },
      shows: ["flask-process"],
    }));

  it("without its virtual environment", () =>
    expectRepaired(fixture(), {
      part,
      fault: "its virtual environment deleted",
      cause: () => {
        remove("flask", "venv");
      },
      // the app runs on what it has imported, until it asks for more
      shows: ["flask-environment", "flask-process"],
    }));

  it("without any of its files", () =>
    expectRepaired(fixture(), {
      part,
      fault: "the lab's folder on the host deleted",
      cause: () => {
        remove();
      },
      // the notes of the dashboards' versions are there, too
      shows: ["ansible-environment", "ansible-run", "flask-environment", "flask-process", ...DASHBOARDS],
    }));
}
