import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { DEFAULT_SOCKET } from "../../lib/docker/client";
import { copyCheckout } from "../support/checkouts";
import { docker, PROJECT } from "../support/harness";
import { expectOk, UserLab } from "../support/userLab";

jest.setTimeout(300_000);

const [UID, GID] = [65534, 65534]; // nobody, who has no home and no rights
const PYTHON = "/usr/bin/python3"; // one that every user may run
const HOME = process.env.PULUMI_HOME ?? path.join(os.homedir(), ".pulumi");

/** Why nobody else can be played here; undefined where it can. */
function impossible(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    return "needs root on Linux";
  }
  if (spawnSync("setpriv", ["--version"]).status !== 0 || fs.statSync(DEFAULT_SOCKET).gid === 0) {
    return "needs setpriv and a group that may open Docker's socket";
  }
  return spawnSync(PYTHON, ["-c", "import venv, ensurepip"]).status === 0 ? undefined : `needs ${PYTHON} with venv`;
}

const why = impossible();

(why === undefined ? describe : describe.skip)(`a user who is not root (${why ?? "nobody"})`, () => {
  let lab: UserLab;
  let copy: string;

  /** Makes the scripts of the lab's checkout those of the copy, run by this user with these groups. */
  const runWith = (...groups: number[]): void => {
    const user = ["setpriv", `--reuid=${String(UID)}`, `--regid=${String(GID)}`];
    const others = groups.length === 0 ? "--clear-groups" : `--groups=${groups.join(",")}`;
    const env = `env HOME="$copy/home" PULUMI_HOME="$copy/pulumi" PYTHON=${PYTHON}`;
    for (const script of ["doctor", "pulumi", "verify"]) {
      const command = `exec ${user.join(" ")} ${others} ${env} "$copy/checkout/scripts/${script}" "$@"`;
      const text = `#!/bin/sh\ncopy=$(dirname "$(dirname "$(dirname "$0")")")\n${command}\n`;
      fs.writeFileSync(path.join(lab.checkout, "scripts", script), text, { mode: 0o755 });
    }
  };
  /** Copies by links where it can: packages and plugins are large. */
  const copyTree = (from: string, to: string): void => {
    if (spawnSync("cp", ["--archive", "--link", from, to]).status !== 0) {
      fs.cpSync(from, to, { recursive: true, verbatimSymlinks: true });
    }
  };

  beforeAll(async () => {
    lab = await UserLab.create("nobody-", "172.30.117.0/24");
    copy = fs.mkdtempSync(path.join(os.tmpdir(), "lab of nobödy #1 (50%) "));
    fs.chmodSync(copy, 0o755);
    copyCheckout(path.join(copy, "checkout"));
    fs.rmSync(path.join(copy, "checkout", "node_modules"));
    copyTree(path.join(PROJECT, "node_modules"), path.join(copy, "checkout", "node_modules"));
    fs.utimesSync(path.join(copy, "checkout", "package-lock.json"), 0, 0); // older than what was installed by it
    fs.mkdirSync(path.join(copy, "pulumi"));
    ["versions", "plugins"].forEach((it) => {
      copyTree(path.join(HOME, it), path.join(copy, "pulumi", it));
    });
    lab.checkout = path.join(copy, "as-user");
    fs.mkdirSync(path.join(lab.checkout, "scripts"), { recursive: true });
    [path.join(copy, "home"), lab.stateDir, lab.stateHome].forEach((it) => {
      fs.mkdirSync(it);
    });
    [lab.folder, lab.logs, lab.stateDir, lab.stateHome, path.join(copy, "home"), path.join(copy, "pulumi")].forEach(
      (it) => {
        fs.chownSync(it, UID, GID);
      },
    );
    runWith();
    await lab.prepare();
  });

  afterAll(async () => {
    await lab.remove(() => {
      fs.rmSync(copy, { recursive: true });
    });
  });

  it("sees that Docker runs but denies access, and the command that grants it", async () => {
    const [group = ""] = groupLine().split(":");
    const output = `Docker does not let nobody open ${DEFAULT_SOCKET}: run sudo usermod -aG ${group} nobody, then log in again`;
    expect((await lab.run("doctor").outcome).output.replace(/[│\s]+/g, " ")).toContain(output);
    const up = await lab.up();
    expect(up.ok).toBe(false);
    expect(up.output).toContain(output);
  });

  it("has a lab as soon as he is in its group, from a checkout whose path has any characters, which destroy removes to the last file", async () => {
    runWith(fs.statSync(DEFAULT_SOCKET).gid);
    expect(await lab.run("doctor").outcome).toMatchObject({ ok: true });
    await expectOk(lab.up());
    expect(await lab.failedChecks()).toEqual([]);
    expect(await lab.preview()).toEqual([]);
    await expectOk(lab.destroy());
    expect(docker("ps", "--all", "--quiet", "--filter", `name=^/${lab.prefix}`)).toBe("");
    expect(fs.readdirSync(lab.stateHome)).toEqual([]);
  });
});

/** The line of the user database's groups for the one that may open Docker's socket. */
function groupLine(): string {
  const { gid } = fs.statSync(DEFAULT_SOCKET);
  const groups = fs.readFileSync("/etc/group", "utf8").split("\n");
  return groups.find((it) => it.split(":")[2] === String(gid)) ?? "";
}
