import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { PROJECT } from "../../lib/shared/assets";

const SCRIPTS = path.join(PROJECT, "scripts");
const PARTS = ["prometheus", "grafana", "pushgateway"];
const ALL = [...PARTS, "alertmanager"];

/** A Pulumi that knows the outputs of a lab; the second only where there is a file `webhook`. */
const PULUMI = `#!/bin/sh
case $3 in
  labName) echo ours_observability-lab ;;
  alertmanagerUrl) test -e webhook ;;
esac
`;

/** An engine whose volumes are folders; a container that is named in the file `sick` never gets healthy. */
const ENGINE = `#!/bin/bash
case $1-$2 in volume-create) exec mkdir -p "volumes/$5" ;; esac
case $1 in
  container | volume) test -d "volumes/$(sed 's/^ours_\\(observability-lab-\\)*/ours_observability-lab-/' <<<"$3")" ;;
  cp) tar -C "volumes/ours_observability-lab-grafana-key" -cf - secret_key ;;
  inspect)
    case $3 in
      *Mounts*) if [ -e volumes/ours_observability-lab-grafana-key ]; then echo /lab-key; fi ;;
      *Health*) if grep -qsx "$4" sick; then echo unhealthy 2; else echo healthy 0; fi ;;
      *Status*) echo running ;;
      *) echo image ;;
    esac
    ;;
  run)
    while [ "$1" != --volume ]; do shift; done
    folder=$PWD/volumes/\${2%:/data}
    while [ "$1" != -euc ]; do shift; done
    exec sh -euc "\${2//\\/data/$folder}" "\${@:3}"
    ;;
  stop | start | logs) ;;
esac
`;

/** Node, but for what asks a running Grafana. */
const NODE = `#!/bin/sh
case $1 in *renew-data-keys.js) echo renew-data-keys.js ran ;; *) exec ${process.execPath} "$@" ;; esac
`;

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-backup-"));
  const checkout = path.join(folder, "checkout", "scripts");
  [checkout, path.join(folder, "tools")].forEach((it) => fs.mkdirSync(it, { recursive: true }));
  ["volumes.sh", "swap-data.sh"].forEach((file) => {
    fs.symlinkSync(path.join(SCRIPTS, file), path.join(checkout, file));
  });
  fs.writeFileSync(path.join(checkout, "pulumi"), PULUMI, { mode: 0o755 });
  fs.writeFileSync(path.join(folder, "tools", "docker"), ENGINE, { mode: 0o755 });
  fs.writeFileSync(path.join(folder, "tools", "node"), NODE, { mode: 0o755 });
});

afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

function volume(part: string): string {
  return path.join(folder, "volumes", `ours_observability-lab-${part}`);
}

/** What is in the volume of a part. */
function kept(part: string): string {
  return fs.readFileSync(path.join(volume(part), "data"), "utf8");
}

/** Makes a lab with these parts, with this in the volume of each. */
function lab(parts: readonly string[], text: string): void {
  fs.rmSync(path.join(folder, "volumes"), { recursive: true, force: true });
  for (const part of parts) {
    fs.mkdirSync(volume(part), { recursive: true });
    fs.writeFileSync(path.join(volume(part), "data"), text);
  }
  fs.rmSync(path.join(folder, "webhook"), { force: true });
  if (parts.includes("alertmanager")) {
    fs.writeFileSync(path.join(folder, "webhook"), "");
  }
}

/** Runs backup or restore of that lab; returns its exit code and what it says. */
function run(script: "backup" | "restore"): [number | null, string] {
  const { status, stderr } = spawnSync(path.join(SCRIPTS, script), {
    cwd: folder,
    encoding: "utf8",
    env: {
      ...process.env,
      FILE: "lab.tar",
      LAB_CHECKOUT: path.join(folder, "checkout"),
      LAB_ROOM: path.join(folder, "room"),
      PATH: `${path.join(folder, "tools")}:${String(process.env.PATH)}`,
      DOCKER_HOST: "unix:///nonexistent.sock",
    },
  });
  return [status, stderr];
}

/** A backup of a lab with these parts, with `old` in each. */
function backUp(parts: readonly string[]): void {
  lab(parts, "old");
  expect(run("backup")[0]).toBe(0);
}

describe("a restore", () => {
  it.each([[PARTS], [ALL]])("gets everything of %j back", (parts) => {
    backUp(parts);
    const { stdout } = spawnSync("tar", ["-tf", path.join(folder, "lab.tar")], { encoding: "utf8" });
    expect(stdout).toBe(["about", "sums", ...parts.map((part) => `${part}.tar`), ""].join("\n"));
    lab(parts, "new");
    expect(run("restore")).toEqual([0, expect.not.stringContaining("silences")]);
    expect(parts.map(kept)).toEqual(parts.map(() => "old"));
  });

  it("gets the rest of a backup with silences into a lab without Alertmanager", () => {
    backUp(ALL);
    lab(PARTS, "new");
    expect(run("restore")).toEqual([
      0,
      expect.stringContaining("this lab has no Alertmanager: its silences stay in the backup\n"),
    ]);
    expect(PARTS.map(kept)).toEqual(["old", "old", "old"]);
    expect(fs.existsSync(volume("alertmanager"))).toBe(false);
  });

  it("leaves the silences of a lab whose backup has none", () => {
    backUp(PARTS);
    lab(ALL, "new");
    expect(run("restore")).toEqual([
      0,
      expect.stringContaining("the backup has no silences of Alertmanager: the lab's own stay\n"),
    ]);
    expect(ALL.map(kept)).toEqual(["old", "old", "old", "new"]);
  });

  it("puts all of the lab's own data back where Alertmanager does not get healthy with the backup's", () => {
    backUp(ALL);
    lab(ALL, "new");
    fs.writeFileSync(path.join(folder, "sick"), "ours_alertmanager\n");
    expect(run("restore")).toEqual([1, expect.stringContaining("the lab's own data is put back\nit is back\n")]);
    expect(ALL.map(kept)).toEqual(["new", "new", "new", "new"]);
    expect(fs.readdirSync(volume("alertmanager"))).toEqual(["data"]);
  });

  it("first undoes one that was killed, also of Alertmanager with a backup that has no silences", () => {
    backUp(PARTS);
    lab(ALL, "new");
    fs.mkdirSync(path.join(volume("alertmanager"), ".restore-old"));
    fs.renameSync(path.join(volume("alertmanager"), "data"), path.join(volume("alertmanager"), ".restore-old", "data"));
    fs.writeFileSync(path.join(volume("alertmanager"), "data"), "of the other backup");
    expect(run("restore")[0]).toBe(0);
    expect([kept("alertmanager"), fs.readdirSync(volume("alertmanager"))]).toEqual(["new", ["data"]]);
  });
});

describe("the key of Grafana's datasources", () => {
  const [OURS, OTHER, WELL_KNOWN] = ["key of this lab", "key of another lab", "SW2YcwTIb9zpOOhoPsMm"];
  const print = (key: string): string => createHash("sha256").update(key).digest("hex").slice(0, 16);
  const keyFile = (): string => path.join(volume("grafana-key"), "secret_key");
  const saved = (key: string): string => path.join(folder, "room", "grafana-keys", print(key));

  /** Makes a lab with this key, or one of an earlier version without any. */
  function labWith(key: string | undefined, text: string): void {
    lab(PARTS, text);
    if (key !== undefined) {
      fs.mkdirSync(volume("grafana-key"));
      fs.writeFileSync(keyFile(), key);
    }
  }

  /** A backup of a lab with this key, restored into one with the other; the key then, and what was said. */
  function moved(from: string | undefined, to: string, before: () => void = () => undefined): [string, string] {
    labWith(from, "old");
    expect(run("backup")[0]).toBe(0);
    labWith(to, "new");
    before();
    const [code, output] = run("restore");
    expect([code, PARTS.map(kept)]).toEqual([0, ["old", "old", "old"]]);
    return [fs.readFileSync(keyFile(), "utf8"), output];
  }

  it("is not in the backup, which names it, but in a file for its owner alone", () => {
    labWith(OURS, "old");
    expect(run("backup")).toEqual([0, expect.stringContaining(`need the key in ${saved(OURS)}: keep a copy of that`)]);
    const backup = fs.readFileSync(path.join(folder, "lab.tar"), "latin1");
    expect([backup.includes(OURS), backup.includes(print(OURS))]).toEqual([false, true]);
    expect(fs.readFileSync(saved(OURS), "utf8")).toBe(`${OURS}\n`);
    expect([saved(OURS), path.dirname(saved(OURS))].map((it) => fs.statSync(it).mode & 0o777)).toEqual([0o600, 0o700]);
  });

  it("is said to be known to everybody where it is", () => {
    labWith(undefined, "old");
    expect(run("backup")).toEqual([0, expect.stringContaining("can read the passwords of Grafana's datasources")]);
    expect(fs.existsSync(path.dirname(saved(WELL_KNOWN)))).toBe(false);
  });

  it("stays where it is the backup's", () => {
    expect(moved(OURS, OURS)).toEqual([OURS, expect.stringContaining("can be read: their key is this lab's\n")]);
  });

  it("comes with the data from where the backup put it, and the lab's own is kept", () => {
    expect(moved(OTHER, OURS)).toEqual([OTHER, expect.stringContaining(`takes over their key, ${saved(OTHER)}\n`)]);
    expect(fs.readFileSync(saved(OURS), "utf8")).toBe(`${OURS}\n`);
  });

  it("comes with data of before labs had any", () => {
    expect(moved(undefined, OURS)).toEqual([WELL_KNOWN, expect.stringContaining("afterwards make grafana-key")]);
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
  ])("stays where the backup's %s, and the passwords are said to be unreadable", (_, before) => {
    const [key, output] = moved(OTHER, OURS, before);
    expect(key).toBe(OURS);
    expect(output).toContain(`cannot be read: they need the key ${print(OTHER)}`);
    expect(output).toContain("renew-data-keys.js ran\n");
    // before anything is stopped
    expect(output.indexOf("cannot be read")).toBeLessThan(output.indexOf("restoring the data"));
  });

  it("is put back where Grafana does not get healthy with the backup's data", () => {
    labWith(OTHER, "old");
    expect(run("backup")[0]).toBe(0);
    labWith(OURS, "new");
    fs.writeFileSync(path.join(folder, "sick"), "ours_grafana\n");
    expect(run("restore")).toEqual([1, expect.stringContaining("it is back\n")]);
    expect([fs.readFileSync(keyFile(), "utf8"), ...PARTS.map(kept)]).toEqual([OURS, "new", "new", "new"]);
  });

  it("is not looked for outside its folder", () => {
    labWith(OURS, "old");
    expect(run("backup")[0]).toBe(0);
    const parts = PARTS.map((part) => `${part}.tar`).join(" ");
    const edit = `sed -i "4s|.*|../own.key|" about; sha256sum about ${parts} >sums; tar -cf ../lab.tar about sums ${parts}`;
    const script = `mkdir work; cd work; tar -xf ../lab.tar; ${edit}`;
    expect(spawnSync("sh", ["-euc", script], { cwd: folder }).status).toBe(0);
    expect(run("restore")).toEqual([1, expect.stringContaining("does not name a key of Grafana; nothing was changed")]);
    expect(PARTS.map(kept)).toEqual(["old", "old", "old"]);
  });
});

describe("a backup", () => {
  it("is not made without the silences of a lab whose Alertmanager is missing", () => {
    lab(ALL, "old");
    fs.rmSync(volume("alertmanager"), { recursive: true });
    expect(run("backup")).toEqual([1, "a container or a volume of the lab is missing: run make up\n"]);
    expect(fs.existsSync(path.join(folder, "lab.tar"))).toBe(false);
  });
});
