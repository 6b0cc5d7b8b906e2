import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { PROJECT } from "../../components/assets";

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
case $1 in
  container | volume) test -d "volumes/$(sed 's/^ours_\\(observability-lab-\\)*/ours_observability-lab-/' <<<"$3")" ;;
  inspect)
    case $3 in
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

describe("a backup", () => {
  it("is not made without the silences of a lab whose Alertmanager is missing", () => {
    lab(ALL, "old");
    fs.rmSync(volume("alertmanager"), { recursive: true });
    expect(run("backup")).toEqual([1, "a container or a volume of the lab is missing: run make up\n"]);
    expect(fs.existsSync(path.join(folder, "lab.tar"))).toBe(false);
  });
});
