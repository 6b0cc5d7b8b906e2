import { spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
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
    expect(await run("restore")).toEqual([1, expect.stringContaining("the lab's own data is put back\nit is back\n")]);
    expect(ALL.map(kept)).toEqual(["new", "new", "new", "new"]);
    expect(fs.readdirSync(volume("alertmanager"))).toEqual(["data"]);
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
    fs.writeFileSync(inFolder("slow"), "");
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
});
