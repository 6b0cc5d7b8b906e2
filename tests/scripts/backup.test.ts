import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { PROJECT } from "../../lib/shared/assets";

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-backup-"));
});

afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

/** Runs a command in the test's folder. */
function sh(command: string, cwd = folder): string {
  const { status, stdout, stderr } = spawnSync("sh", ["-euc", command], { cwd, encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
  return stdout;
}

/** What restore says of a file that it refuses; it has asked neither Pulumi nor Docker by then. */
function refusal(file: string | undefined): string {
  const tools = path.join(folder, "tools");
  fs.mkdirSync(tools);
  fs.writeFileSync(path.join(tools, "docker"), "#!/bin/sh\necho docker was called >&2\nexit 1\n", { mode: 0o755 });
  const { status, stderr } = spawnSync(path.join(PROJECT, "scripts", "restore"), {
    encoding: "utf8",
    env: {
      ...process.env,
      FILE: file ?? "",
      LAB_STATE_DIR: path.join(folder, "lab"),
      PATH: `${tools}:${String(process.env.PATH)}`,
      PULUMI_HOME: path.join(folder, "no-pulumi"),
      DOCKER_HOST: "unix:///nonexistent.sock",
    },
  });
  expect(status).toBe(1);
  expect(fs.readdirSync(path.join(folder, "lab"))).toEqual([]);
  return stderr;
}

/** A backup as the script writes it, with these files in the place of its own. */
function backupFile(changed: Record<string, string> = {}): string {
  const parts = ["prometheus", "grafana", "pushgateway"].map((part) => [`${part}.tar`, `data of ${part}`] as const);
  const about = "observability-lab backup 1\nobservability-lab\n2026-01-01T00:00:00Z\n";
  const write = (files: Record<string, string>): void => {
    Object.entries(files).forEach(([name, text]) => {
      fs.writeFileSync(path.join(folder, name), text);
    });
  };
  write({ about, ...Object.fromEntries(parts) });
  sh("sha256sum about prometheus.tar grafana.tar pushgateway.tar >sums");
  write(changed);
  sh("tar -cf backup.tar about sums prometheus.tar grafana.tar pushgateway.tar");
  return path.join(folder, "backup.tar");
}

describe("restore refuses, before anything is changed,", () => {
  const fix = "nothing was changed: give a file that make backup wrote\n";

  it("to be called without a file", () => {
    expect(refusal(undefined)).toBe("FILE is not set: make restore FILE=.lab/backups/...\n");
  });

  it("a file that does not exist", () => {
    expect(refusal("/nonexistent.tar")).toBe(`FILE = /nonexistent.tar: is not a file; ${fix}`);
  });

  it("a file of another kind", () => {
    const file = path.join(folder, "notes.txt");
    fs.writeFileSync(file, "notes\n");
    expect(refusal(file)).toBe(`FILE = ${file}: is not a complete backup; ${fix}`);
  });

  it("an archive of something else", () => {
    const file = backupFile();
    sh("tar -cf backup.tar about");
    expect(refusal(file)).toBe(`FILE = ${file}: is not a complete backup; ${fix}`);
  });

  it.each([512, 2048, 3000, 5000])("a backup that ends after %d bytes", (bytes) => {
    const file = backupFile();
    fs.truncateSync(file, bytes);
    expect(refusal(file)).toBe(`FILE = ${file}: is not a complete backup; ${fix}`);
  });

  it("a backup with a changed byte", () => {
    const file = backupFile({ "grafana.tar": "data of Grafana" });
    expect(refusal(file)).toBe(`FILE = ${file}: is damaged: its checksums differ; ${fix}`);
  });

  it("a backup of a later version", () => {
    const file = backupFile({ about: "observability-lab backup 2\n" });
    expect(refusal(file)).toBe(`FILE = ${file}: is a backup of another version of the lab; ${fix}`);
  });
});

describe("swap-data.sh", () => {
  const script = path.join(PROJECT, "tools", "backup", "swap-data.sh");
  const step = (name: string, input = "/dev/null"): string => sh(`sh ${script} ${name} ${folder}/volume <${input}`);
  const files = (): string => sh("find . -type f | sort | xargs head", path.join(folder, "volume"));
  let old: string;

  beforeEach(() => {
    sh("mkdir -p volume/sub new/sub; echo old >volume/sub/file; echo old >volume/.hidden; echo 1 >volume/only-old");
    sh("echo new >new/sub/file; echo 2 >new/.only-new; tar -C new -cf new.tar .");
    old = files();
  });

  it("replaces the old data by the new", () => {
    ["unpack", "swap", "finish"].forEach((name) => step(name, name === "unpack" ? `${folder}/new.tar` : undefined));
    expect(files()).toBe(sh("find . -type f | sort | xargs head", path.join(folder, "new")));
    expect(fs.readdirSync(path.join(folder, "volume")).sort()).toEqual([".only-new", "sub"]);
  });

  it.each([[["unpack"]], [["unpack", "swap"]], [[]]])("restores %j", (steps) => {
    steps.forEach((name) => step(name, name === "unpack" ? `${folder}/new.tar` : undefined));
    step("back");
    expect(files()).toBe(old);
    step("back");
    expect(files()).toBe(old);
  });

  it("restores the data of an interrupted swap", () => {
    step("unpack", `${folder}/new.tar`);
    sh("mkdir .restore-part; mv sub .restore-part/", path.join(folder, "volume")); // in the middle of swap
    step("back");
    expect(files()).toBe(old);
    step("unpack", `${folder}/new.tar`);
    step("swap");
    sh(
      "rm -r sub; mv .restore-old .restore-part; mv .restore-part/.hidden .; rm .only-new",
      path.join(folder, "volume"),
    ); // of back
    step("back");
    expect(files()).toBe(old);
  });
});
