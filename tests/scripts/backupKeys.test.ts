import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { inFolder, kept, lab, PARTS, prepareLabs, run, volume } from "../support/backupLab";

prepareLabs();

describe("the key of Grafana's datasources", () => {
  const [OURS, OTHER, WELL_KNOWN] = ["key of this lab", "key of another lab", "SW2YcwTIb9zpOOhoPsMm"];
  const print = (key: string): string => createHash("sha256").update(key).digest("hex").slice(0, 16);
  const keyFile = (): string => path.join(volume("grafana-key"), "secret_key");
  const saved = (key: string): string => inFolder("lab", "grafana-keys", print(key));

  /** Makes a lab with this key, or one of an earlier version without any. */
  function labWith(key: string | undefined, text: string): void {
    lab(PARTS, text);
    if (key !== undefined) {
      fs.mkdirSync(volume("grafana-key"));
      fs.writeFileSync(keyFile(), key);
    }
  }

  /** A backup of a lab with this key, restored into one with the other; the key then, and what was said. */
  async function moved(
    from: string | undefined,
    to: string,
    before: () => void = () => undefined,
  ): Promise<[string, string]> {
    labWith(from, "old");
    expect((await run("backup"))[0]).toBe(0);
    labWith(to, "new");
    before();
    const [code, output] = await run("restore");
    expect([code, PARTS.map(kept)]).toEqual([0, ["old", "old", "old"]]);
    return [fs.readFileSync(keyFile(), "utf8"), output];
  }

  it("is not in the backup, which names it, but in a file for its owner alone", async () => {
    labWith(OURS, "old");
    expect(await run("backup")).toEqual([
      0,
      expect.stringContaining(`need the key in ${saved(OURS)}: keep a copy of that`),
    ]);
    const backup = fs.readFileSync(inFolder("lab.tar"), "latin1");
    expect([backup.includes(OURS), backup.includes(print(OURS))]).toEqual([false, true]);
    expect(fs.readFileSync(saved(OURS), "utf8")).toBe(`${OURS}\n`);
    expect([saved(OURS), path.dirname(saved(OURS))].map((it) => fs.statSync(it).mode & 0o777)).toEqual([0o600, 0o700]);
  });

  it("is saved again where its file is incomplete, as after a full disk", async () => {
    labWith(OURS, "old");
    fs.mkdirSync(path.dirname(saved(OURS)), { recursive: true });
    fs.writeFileSync(saved(OURS), "");
    expect((await run("backup"))[0]).toBe(0);
    expect(fs.readFileSync(saved(OURS), "utf8")).toBe(`${OURS}\n`);
    expect(fs.readdirSync(path.dirname(saved(OURS)))).toEqual([print(OURS)]);
  });

  it("is reported if everybody knows it", async () => {
    labWith(undefined, "old");
    expect(await run("backup")).toEqual([
      0,
      expect.stringContaining("can read the passwords of Grafana's datasources"),
    ]);
    expect(fs.existsSync(path.dirname(saved(WELL_KNOWN)))).toBe(false);
  });

  it("stays if it is the backup's", async () => {
    expect(await moved(OURS, OURS)).toEqual([OURS, expect.stringContaining("can be read: their key is this lab's\n")]);
  });

  it("comes with the data from where the backup put it, and the lab's own is kept", async () => {
    expect(await moved(OTHER, OURS)).toEqual([
      OTHER,
      expect.stringContaining(`takes over their key, ${saved(OTHER)}\n`),
    ]);
    expect(fs.readFileSync(saved(OURS), "utf8")).toBe(`${OURS}\n`);
  });

  it("is restored with data from before labs had any", async () => {
    expect(await moved(undefined, OURS)).toEqual([
      WELL_KNOWN,
      expect.stringContaining("run make grafana-key afterwards"),
    ]);
  });

  it.each([
    [
      "is missing",
      () => {
        fs.rmSync(saved(OTHER));
      },
    ],
    [
      "is another one",
      () => {
        fs.writeFileSync(saved(OTHER), "another\n");
      },
    ],
  ])("stays if the backup's %s, and the passwords are reported as unreadable", async (_, before) => {
    const [key, output] = await moved(OTHER, OURS, before);
    expect(key).toBe(OURS);
    expect(output).toContain(`cannot be read: they need the key ${print(OTHER)}`);
    expect(output).toContain(
      "Grafana encrypts new secrets with its present key: save the passwords of these datasources again: theirs\n",
    );
    expect(output).toContain(
      'besides the lab\'s admin, these accounts of the backup can sign in to Grafana:\n  - the user "jane"\n',
    );
    // before anything is stopped
    expect(output.indexOf("cannot be read")).toBeLessThan(output.indexOf("restoring the data"));
  });

  it("is restored if Grafana does not become healthy with the backup's data", async () => {
    labWith(OTHER, "old");
    expect((await run("backup"))[0]).toBe(0);
    labWith(OURS, "new");
    fs.writeFileSync(inFolder("sick"), "ours_grafana\n");
    expect(await run("restore")).toEqual([1, expect.stringContaining("it is back\n")]);
    expect([fs.readFileSync(keyFile(), "utf8"), ...PARTS.map(kept)]).toEqual([OURS, "new", "new", "new"]);
  });

  it("is not searched for outside its folder", async () => {
    labWith(OURS, "old");
    expect((await run("backup"))[0]).toBe(0);
    const parts = PARTS.map((part) => `${part}.tar`).join(" ");
    const edit = `sed -i "4s|.*|../own.key|" about; sha256sum about ${parts} >sums; tar -cf ../lab.tar about sums ${parts}`;
    const script = `mkdir work; cd work; tar -xf ../lab.tar; ${edit}`;
    expect(spawnSync("sh", ["-euc", script], { cwd: inFolder() }).status).toBe(0);
    expect(await run("restore")).toEqual([
      1,
      expect.stringContaining("does not name a key of Grafana; nothing was changed"),
    ]);
    expect(PARTS.map(kept)).toEqual(["old", "old", "old"]);
  });
});
