import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Header, type HeaderData } from "tar";
import { describeAccounts } from "../../tools/backup/grafanaAccounts";
import { VolumeArchive } from "../../tools/backup/volumeArchive";
import type { LabOutputs } from "../../tools/verify/lab";
import { serve } from "../support/servers";

const SCRIPTS = path.resolve(__dirname, "../../scripts");
const PARTS = ["prometheus", "grafana", "pushgateway"];
const TARS = PARTS.map((part) => `${part}.tar`).join(" ");
const ABOUT = "observability-lab backup 1\\nobservability-lab\\n2026-01-01T00:00:00Z\\n";
const FIX = "nothing was changed: give a file that make backup wrote\n";

/** Backups that somebody gives to somebody else: what is not exactly one is refused before anything is asked or changed. */
describe("restore of a foreign file", () => {
  let folder: string;

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-restore-"));
    // engine and CLI exist, record that they were called, and know no lab
    fs.mkdirSync(path.join(folder, "checkout", "scripts"), { recursive: true });
    fs.mkdirSync(path.join(folder, "tools"));
    const called = `#!/bin/sh\necho called >>${folder}/called\n[ "$1" = stack ] && exec echo '{}'\nexit 1\n`;
    for (const program of ["checkout/scripts/pulumi", "tools/docker", "tools/ssh", "tools/rsh"]) {
      fs.writeFileSync(path.join(folder, program), called, { mode: 0o755 });
    }
    sh("mkdir volume; echo data >volume/file");
    PARTS.forEach((part) => {
      sh(`tar -C volume -cf ${part}.tar .`);
    });
  });

  afterEach(() => {
    fs.rmSync(folder, { recursive: true });
  });

  const sh = (command: string): void => {
    const { status, stderr } = spawnSync("bash", ["--norc", "-euc", command], { cwd: folder, encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
  };
  /** Sums and packs the members as backup does, with more between. */
  const pack = (more = "true", members = `about sums ${TARS}`): void => {
    sh(`printf '${ABOUT}' >about; sha256sum about ${TARS} >sums; ${more}; tar -cf lab.tar ${members}`);
  };
  const restore = (file = "lab.tar"): string => {
    const stateDir = path.join(folder, "lab");
    const { stderr } = spawnSync(path.join(SCRIPTS, "restore"), {
      cwd: folder,
      encoding: "utf8",
      timeout: 20_000,
      env: {
        ...process.env,
        FILE: file,
        LAB_CHECKOUT: path.join(folder, "checkout"),
        LAB_STATE_DIR: stateDir,
        PATH: `${path.join(folder, "tools")}:${String(process.env.PATH)}`,
        DOCKER_HOST: "unix:///nonexistent.sock",
      },
    });
    expect(fs.readdirSync(stateDir)).toEqual([]);
    return stderr;
  };
  const untouched = (): boolean => !fs.existsSync(path.join(folder, "called"));

  it("takes one that backup wrote, whatever its name is", () => {
    pack();
    sh("mkdir dir:a; cp lab.tar 'host:lab.tar'; cp lab.tar dir:a/x.tar; cp lab.tar ./-C; cp lab.tar ./--to-command=x");
    for (const name of ["host:lab.tar", "dir:a/x.tar", "-C", "--to-command=x"]) {
      expect(restore(name)).toContain("the lab is not up: bringing it up first");
    }
  });

  it.each([
    ["a link beside what its sums name", "ln -s /etc/passwd link", `about sums ${TARS} link`],
    ["a link before what its sums name", "ln -s /etc/passwd link", `link about sums ${TARS}`],
    ["a link in the place of a member", "rm grafana.tar; ln -s prometheus.tar grafana.tar", undefined],
    ["a hard link in the place of a member", "ln -f prometheus.tar grafana.tar", undefined],
    ["a member twice", "true", `about sums ${TARS} grafana.tar`],
    ["a folder beside them", "mkdir more", `about sums ${TARS} more`],
    ["a device in the place of a member", "rm sums; mkfifo sums", undefined],
    ["a member by another path", "true", `./about sums ${TARS}`],
    ["a path that leads out", "touch ../lab-out", `about sums ${TARS} --absolute-names ../lab-out`],
    ["a text without an end", "head -c 1M /dev/zero >sums", undefined],
  ])("refuses one with %s", (_, more, members) => {
    pack(more, members);
    expect(restore()).toBe(`FILE = lab.tar: is not a complete backup; ${FIX}`);
    expect(untouched()).toBe(true);
    fs.rmSync(path.join(folder, "..", "lab-out"), { force: true });
  });

  it.each([
    ["one compressed", "gzip lab.tar; mv lab.tar.gz lab.tar", "is not a complete backup"],
    ["a pipe", "rm lab.tar; mkfifo lab.tar", "is not a file"],
    ["a folder", "rm lab.tar; mkdir lab.tar", "is not a file"],
    ["a device", "rm lab.tar; ln -s /dev/zero lab.tar", "is not a file"],
  ])("refuses %s", (_, change, problem) => {
    pack();
    sh(change);
    expect(restore()).toBe(`FILE = lab.tar: ${problem}; ${FIX}`);
    expect(untouched()).toBe(true);
  });

  it.each([
    ["sums that do not name all", "sed -i /grafana/d sums", "is damaged: its checksums differ"],
    ["sums that name more", "sha256sum /etc/passwd >>sums", "is damaged: its checksums differ"],
    [
      "a lab's name that steers the terminal",
      `printf 'observability-lab backup 1\\n\\033]0;x\\007\\n2026-01-01T00:00:00Z\\n' >about; sha256sum about ${TARS} >sums`,
      "does not name its lab and time",
    ],
  ])("refuses one with %s", (_, more, problem) => {
    pack(more);
    expect(restore()).toBe(`FILE = lab.tar: ${problem}; ${FIX}`);
    expect(untouched()).toBe(true);
  });

  it.each([
    ["an absolute path", "touch x; tar -P -rf grafana.tar $PWD/x", 'holds "<folder>/x", which is outside'],
    ["a way up", "touch x; mkdir y; tar -C y -P -rf grafana.tar ../x", 'holds "../x", which is outside'],
    ["a link to elsewhere", "ln -s /etc/passwd volume/l", 'holds "./l", a link that leads out of the volume'],
    ["a link upwards", "ln -s a/../../x volume/l", 'holds "./l", a link that leads out of the volume'],
    [
      "a file behind a link",
      "ln -s . l; tar -cf grafana.tar l; mkdir d; touch d/f; tar -rf grafana.tar --transform s,^d,l, d/f",
      'holds "l/f", which is outside',
    ],
    ["a pipe", "mkfifo volume/p", 'holds "./p", which is not a file, a folder or a link'],
    ["a device", "mknod volume/n c 1 3", 'holds "./n", which is not a file, a folder or a link'],
    [
      "a program of root's",
      "cp /bin/true volume/su; chmod 4755 volume/su",
      'holds "./su", a program that runs as its owner',
    ],
    ["a header that busybox does not read", "tar --format=posix -C volume -cf grafana.tar .", 'holds "./"'],
    ["a compressed volume", "gzip grafana.tar; mv grafana.tar.gz grafana.tar", "is compressed"],
    ["no archive", "echo x >grafana.tar", "is not a complete tar archive"],
    ["an archive cut between two members", "truncate -s 700 grafana.tar", "is not a complete tar archive"],
    ["an archive cut short", "head -c 1200 prometheus.tar >grafana.tar", "is not a complete tar archive"],
  ])("refuses a volume with %s", (_, change, problem) => {
    const again = change.includes("grafana.tar") ? "true" : "tar -C volume -cf grafana.tar .";
    sh(`${change}; ${again}`);
    const volume = new VolumeArchive();
    volume.write(fs.readFileSync(path.join(folder, "grafana.tar")));
    volume.end();
    expect(volume.problem).toContain(problem.replace("<folder>", folder));
  });

  it.each(["SymbolicLink", "Link"] as const)("refuses a volume with a %s that hides members in its body", (type) => {
    const member = (header: HeaderData): Buffer => {
      const block = Buffer.alloc(512);
      new Header({ mode: 0o644, uid: 0, gid: 0, mtime: new Date(0), ...header }).encode(block);
      return block;
    };
    const hidden = member({ path: "./suid", type: "File", size: 0, mode: 0o4755 });
    const first = member({ path: "./f", type: "File", size: 0 });
    const volume = new VolumeArchive();
    volume.write(
      Buffer.concat([first, member({ path: "./a", type, linkpath: "f", size: 512 }), hidden, Buffer.alloc(1024)]),
    );
    volume.end();
    expect(volume.problem).toBe('holds "./a", which tar implementations read differently');
  });

  it.each([
    ["a program of root's", "cp /bin/true volume/su; chmod 4755 volume/su", "su"],
    ["a link out of it", "ln -s /etc volume/evil", "evil"],
    ["a link upwards", "ln -s a/../../x volume/l", "l"],
    ["a pipe", "mkfifo volume/p", "p"],
  ])("does not put into a volume what came out of an archive with %s", (_, change, name) => {
    sh(`${change}; tar -C volume -cf strange.tar .; mkdir data; echo ours >data/kept`);
    const { status, stderr } = spawnSync(
      "sh",
      [path.join(SCRIPTS, "../tools/backup/swap-data.sh"), "unpack", path.join(folder, "data")],
      { input: fs.readFileSync(path.join(folder, "strange.tar")), encoding: "utf8" },
    );
    expect([status, stderr]).toEqual([1, `the archive has what no volume of the lab has: .restore-new/${name}\n`]);
  });

  it("refuses one with such a volume", () => {
    sh("ln -s /etc/passwd volume/l; tar -C volume -cf grafana.tar .");
    pack();
    expect(restore()).toBe(`FILE = lab.tar: its grafana.tar holds "./l", a link that leads out of the volume; ${FIX}`);
    expect(untouched()).toBe(true);
  });

  it("takes links that stay in the volume", () => {
    sh(
      "mkdir volume/d; ln -s d/f volume/l; echo 1 >volume/d/f; ln volume/d/f volume/hard; tar -C volume -cf grafana.tar .",
    );
    pack();
    expect(restore()).toContain("bringing it up first");
  });
});

describe("after a restore", () => {
  it("it is said who else may sign in to Grafana, whatever they call themselves", async () => {
    const grafana = await serve({
      "/api/users?perpage=5000": {
        body: JSON.stringify([
          { login: "admin", isAdmin: true, isDisabled: false },
          { login: "mallory\u001b[2J\u009b2J\u202e", isAdmin: true, isDisabled: false },
          { login: "jane", isAdmin: false, isDisabled: true },
        ]),
      },
      "/api/serviceaccounts/search?perpage=5000": {
        body: JSON.stringify({ serviceAccounts: [{ name: "robot", role: "Admin", tokens: 1 }] }),
      },
      "/api/orgs": { body: JSON.stringify([{ name: "Main Org." }, { name: "x" }]) },
      "/api/auth/keys": { body: JSON.stringify([{ name: "old", role: "Editor" }]) },
    });
    const lab = { grafanaUrl: grafana.url, grafanaUser: "admin", grafanaAdminPassword: "password" } as LabOutputs;
    const accounts = await describeAccounts(lab);
    await grafana.close();
    expect(accounts.split("\n")).toEqual([
      "besides the lab's admin, these accounts of the backup can sign in to Grafana:",
      '  - the user "mallory\\u001b[2J\\u009b2J\\u202e", a Grafana server admin',
      '  - the user "jane", disabled',
      '  - the service account "robot" (Admin) with tokens: 1',
      '  - the API key "old" (Editor)',
      "  - further organisations, with service accounts of their own: 1",
      `remove accounts that you do not recognize: ${grafana.url}/admin/users and ${grafana.url}/org/serviceaccounts`,
    ]);
  });
});
