import { spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { ALL, backUp, calls, inFolder, kept, lab, PARTS, prepareLabs, run, start, volume } from "../support/backupLab";

prepareLabs();

describe("a restore", () => {
  it.each([[PARTS], [ALL]])("restores everything of %j", async (parts) => {
    await backUp(parts);
    const { stdout } = spawnSync("tar", ["-tf", inFolder("lab.tar")], { encoding: "utf8" });
    expect(stdout).toBe(["about", "sums", ...parts.map((part) => `${part}.tar`), ""].join("\n"));
    lab(parts, "new");
    expect(await run("restore")).toEqual([0, expect.not.stringContaining("silences")]);
    expect(parts.map(kept)).toEqual(parts.map(() => "old"));
  });

  it("gets the rest of a backup with silences into a lab without Alertmanager", async () => {
    await backUp(ALL);
    lab(PARTS, "new");
    expect(await run("restore")).toEqual([
      0,
      expect.stringContaining("this lab has no Alertmanager: its silences stay in the backup\n"),
    ]);
    expect(PARTS.map(kept)).toEqual(["old", "old", "old"]);
    expect(fs.existsSync(volume("alertmanager"))).toBe(false);
  });

  it("leaves the silences of a lab whose backup has none", async () => {
    await backUp(PARTS);
    lab(ALL, "new");
    expect(await run("restore")).toEqual([
      0,
      expect.stringContaining("the backup has no silences of Alertmanager: the lab's own stay\n"),
    ]);
    expect(ALL.map(kept)).toEqual(["old", "old", "old", "new"]);
  });

  it("restores all of the lab's own data if Alertmanager does not become healthy with the backup's", async () => {
    await backUp(ALL);
    lab(ALL, "new");
    fs.writeFileSync(inFolder("sick"), "ours_alertmanager\n");
    expect(await run("restore")).toEqual([1, expect.stringContaining("putting the lab's own data back\nit is back\n")]);
    expect(ALL.map(kept)).toEqual(["new", "new", "new", "new"]);
    expect(fs.readdirSync(volume("alertmanager"))).toEqual(["data"]);
  });

  it("that is interrupted at its end leaves no former data, which another one would put back", async () => {
    await backUp(PARTS);
    lab(PARTS, "new");
    fs.writeFileSync(inFolder("slow"), "finish\n");
    const child = start("restore");
    const ended = Promise.all([text(child.stderr), once(child, "close")]);
    // it starts the containers with the data of the backup, and removes the former data then
    while (!/start.*\nrun$/.test(calls().slice(-2).join("\n"))) {
      await sleep(20);
    }
    child.kill("SIGTERM");
    fs.rmSync(inFolder("slow"));
    const [output] = await ended;
    expect([child.exitCode, output]).toEqual([
      143,
      expect.stringMatching(/the data of the backup is in the lab: run make up\ninterrupted\n$/),
    ]);
    expect(PARTS.map((part) => [kept(part), fs.readdirSync(volume(part))])).toEqual(PARTS.map(() => ["old", ["data"]]));
  });

  it("puts the lab's own data back even if it is interrupted again meanwhile", async () => {
    await backUp(PARTS);
    lab(PARTS, "new");
    fs.rmSync(inFolder("calls"));
    const child = start("restore");
    const ended = Promise.all([text(child.stderr), once(child, "close")]);
    // first while the backup is unpacked, and then while the lab's own data is put back
    for (const step of ["unpack", "back"]) {
      fs.writeFileSync(inFolder("slow"), `${step}\n`);
      while (!fs.existsSync(inFolder("waits")) || fs.readFileSync(inFolder("waits"), "utf8") !== `${step}\n`) {
        await sleep(20);
      }
      process.kill(-Number(child.pid), "SIGINT");
    }
    fs.rmSync(inFolder("slow"));
    const [output] = await ended;
    expect([child.exitCode, output]).toEqual([130, expect.stringMatching(/data back\nit is back\n(interrupted\n)+$/)]);
    expect(PARTS.map(kept)).toEqual(["new", "new", "new"]);
    expect(PARTS.filter((part) => fs.existsSync(inFolder(`stopped-ours_${part}`)))).toEqual([]);
  });

  it("first reverts one that was killed, also of Alertmanager with a backup without silences", async () => {
    await backUp(PARTS);
    lab(ALL, "new");
    fs.mkdirSync(path.join(volume("alertmanager"), ".restore-old"));
    fs.renameSync(path.join(volume("alertmanager"), "data"), path.join(volume("alertmanager"), ".restore-old", "data"));
    fs.writeFileSync(path.join(volume("alertmanager"), "data"), "of the other backup");
    expect((await run("restore"))[0]).toBe(0);
    expect([kept("alertmanager"), fs.readdirSync(volume("alertmanager"))]).toEqual(["new", ["data"]]);
  });
});

describe("a backup", () => {
  it("is not created without the silences of a lab whose Alertmanager is missing", async () => {
    lab(ALL, "old");
    fs.rmSync(volume("alertmanager"), { recursive: true });
    expect(await run("backup")).toEqual([1, "a container or a volume of the lab is missing: run make up\n"]);
    expect(fs.existsSync(inFolder("lab.tar"))).toBe(false);
  });

  it("does not depend on the format of the system's tar", async () => {
    const tar =
      '#!/bin/sh\nPATH=${PATH#*:}\ncase $1 in -cf) exec tar --format=posix "$@" ;; *) exec tar "$@" ;; esac\n';
    fs.writeFileSync(inFolder("tools", "tar"), tar, { mode: 0o755 });
    await backUp(PARTS);
    lab(PARTS, "new");
    expect((await run("restore"))[0]).toBe(0);
    expect(PARTS.map(kept)).toEqual(["old", "old", "old"]);
  });

  it("has the data of a part that the user stopped, which stays stopped", async () => {
    lab(PARTS, "old");
    fs.writeFileSync(inFolder("stopped-ours_grafana"), "");
    fs.writeFileSync(inFolder("sick"), "ours_grafana\n"); // as Docker reports what does not run
    expect((await run("backup"))[0]).toBe(0);
    expect(calls().filter((call) => call.includes("grafana"))).toEqual([]);
  });

  it("says why the outputs of the lab cannot be read", async () => {
    lab(PARTS, "old");
    fs.rmSync(inFolder("outputs.json"));
    const [status, output] = await run("backup");
    expect(status).toBe(1);
    expect(output).toContain("outputs.json: No such file or directory");
    expect(output).toMatch(/scripts\/pulumi stack failed: exit code 1\n$/);
  });

  it("that is interrupted starts what it stopped, and leaves nothing", async () => {
    lab(PARTS, "old");
    fs.writeFileSync(inFolder("slow"), "\n");
    const child = start("backup");
    const closed = once(child, "close");
    while (!fs.existsSync(inFolder("calls")) || !calls().includes("run")) {
      await sleep(20);
    }
    child.kill("SIGTERM");
    fs.rmSync(inFolder("slow"));
    await closed;
    expect(child.exitCode).toBe(143);
    expect(calls()).toEqual(["stop ours_prometheus", "run", "start ours_prometheus"]);
    expect(fs.readdirSync(inFolder()).filter((name) => /backup|tar/.test(name))).toEqual([]);
  });

  it("starts what it stopped, also when Ctrl-C reaches Docker's client during the stop", async () => {
    lab(PARTS, "old");
    fs.writeFileSync(inFolder("slow-stop"), "");
    const child = start("backup");
    const closed = once(child, "close");
    while (!fs.existsSync(inFolder("calls"))) {
      await sleep(20);
    }
    process.kill(-Number(child.pid), "SIGINT");
    await closed;
    await sleep(1000); // longer than a stop that goes on
    expect([child.exitCode, calls()]).toEqual([130, ["stop ours_prometheus", "start ours_prometheus"]]);
    expect(fs.existsSync(inFolder("stopped-ours_prometheus"))).toBe(false);
  });

  it("fails if another command starts a container during its copy", async () => {
    lab(PARTS, "old");
    fs.writeFileSync(inFolder("slow"), "\n");
    const child = start("backup");
    const ended = Promise.all([text(child.stderr), once(child, "close")]);
    while (!fs.existsSync(inFolder("calls")) || !calls().includes("run")) {
      await sleep(20);
    }
    fs.rmSync(inFolder("stopped-ours_prometheus"));
    fs.rmSync(inFolder("slow"));
    const [output] = await ended;
    const problem = "ours_prometheus was started during its copy, perhaps by another command: run make backup again";
    expect(output).toBe(`copying the data of ours_prometheus\n${problem}\n`);
    expect([child.exitCode, fs.existsSync(inFolder("lab.tar"))]).toEqual([1, false]);
  });
});
