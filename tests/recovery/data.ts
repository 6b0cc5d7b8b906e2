import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { docker, labelled } from "../support/harness";
import { record } from "../support/results";
import { grafana } from "../support/userData";
import { expectOk, UserLab } from "../support/userLab";
import { expectGone } from "./leftovers";
import { Fixture, expectGreen, expectKept } from "./repair";

const DATA = ["grafana", "prometheus", "pushgateway"];

/** What people have put into a lab outlives a destroy and an upgrade, where they ask for it. */
export function injectDataFaults(fixture: () => Fixture): void {
  const part = "data";
  const backup = (): string => path.join(fixture().lab.folder, "backup.tar");

  it("by make backup, which leaves the lab as it is", async () => {
    const { lab } = fixture();
    await expectOk(lab.run("backup", [], { FILE: backup() }).outcome);
    expect(fs.statSync(backup()).mode & 0o777).toBe(0o600);
    expect(await lab.failedChecks()).toEqual([]);
    expect(await lab.preview()).toEqual([]);
    await expectKept(fixture());
    const again = await lab.run("backup", [], { FILE: backup() }).outcome;
    expect([again.ok, again.output]).toEqual([false, `FILE = ${backup()}: exists already; name another file\n`]);
  });

  it("over a destroy by keepData, and Grafana's has the password of the lab before", async () => {
    const { lab } = fixture();
    const old = await lab.password();
    lab.configure({ keepData: true });
    await expectOk(lab.up());
    const { output } = await expectOk(lab.destroy());
    const volumes = [...DATA, "grafana-key"].map((name) => `${lab.lab}-${name}`).sort();
    volumes.forEach((volume) => {
      expect(output).toContain(volume);
    });
    expect(docker("volume", "ls", "--quiet", "--filter", `label=observability-lab.lab=${lab.lab}`).split("\n")).toEqual(
      volumes,
    );
    expect([labelled("container", lab.lab), labelled("network", lab.lab)]).toEqual([[], []]);
    expect(fs.existsSync(lab.hostFolder)).toBe(false);

    await expectGreen(fixture(), { part, fault: "destroy with keepData: a Grafana volume with another password" });
    expect((await grafana(lab, { login: "admin", password: old }, "GET", "/api/user")).status).toBe(401);
  });

  it("by a new Grafana image (the same program under another tag)", async () => {
    const { lab } = fixture();
    const newer = "observability-lab/grafana-of-a-test:newer";
    docker("tag", lab.setting("grafanaImage"), newer);
    lab.configure({ grafanaImage: newer });
    await expectGreen(fixture(), { part, fault: "another Grafana image over the volume" });
    expect(docker("inspect", "--format", "{{.Config.Image}}", lab.container("grafana"))).toBe(newer);
    lab.configure({ grafanaImage: undefined });
    await expectGreen(fixture(), { part, fault: "another Grafana image over the volume" });
    docker("image", "rm", newer);
  });

  it("over a destroy without keepData by make restore, which brings the lab up first", async () => {
    const { lab } = fixture();
    lab.configure({ keepData: false });
    await expectOk(lab.up());
    await expectOk(lab.destroy());
    await expectGone(lab);
    const { seconds } = await expectOk(lab.run("restore", [], { FILE: backup() }).outcome);
    expect(await lab.failedChecks()).toEqual([]);
    await expectKept(fixture());
    expect(await lab.preview()).toEqual([]);
    record({ part, fault: "destroy, and make restore of a backup", lost: "what came after the backup", seconds });
  });

  it("by a restore that fails", async () => {
    const { lab } = fixture();
    const broken = changeBackup(lab, backup(), (folder) => {
      // the sums are right, the database is none
      const data = path.join(folder, "data");
      fs.mkdirSync(data);
      fs.writeFileSync(path.join(data, "grafana.db"), "broken");
      fs.chmodSync(path.join(data, "grafana.db"), 0o666);
      sh(folder, "tar -C data -cf grafana.tar . && rm -r data");
    });
    const { ok, output } = await lab.run("restore", [], { FILE: broken }).outcome;
    expect(ok).toBe(false);
    expect(output).toContain(`${lab.container("grafana")} does not get healthy; its last lines:`);
    expect(output).toContain("the restore failed: putting the lab's own data back");
    await expectGreen(fixture(), { part, fault: "make restore of a backup that Grafana cannot read" });
  });

  it("from a backup of another lab", async () => {
    const { lab } = fixture();
    const foreign = changeBackup(lab, backup(), (folder) => {
      sh(folder, "sed -i 2s/.*/another-observability-lab/ about");
    });
    const { ok, output } = await lab.run("restore", [], { FILE: foreign }).outcome;
    expect(ok).toBe(false);
    expect(output).toBe(
      `FILE = ${foreign}: is a backup of the lab another-observability-lab, and this one is ${lab.lab}; ` +
        "nothing was changed: give a file that make backup wrote\n",
    );
    await expectKept(fixture());
  });
}

/** A copy of a backup with something changed in it and the sums put right. */
function changeBackup({ folder }: UserLab, file: string, change: (folder: string) => void): string {
  const parts = fs.mkdtempSync(path.join(folder, "changed-"));
  const members = "about sums prometheus.tar grafana.tar pushgateway.tar";
  sh(parts, `tar -xf ${file}`);
  change(parts);
  sh(parts, `sha256sum ${members.replace("sums ", "")} >sums && tar -cf ../changed.tar ${members}`);
  fs.rmSync(parts, { recursive: true });
  return path.join(folder, "changed.tar");
}

function sh(cwd: string, command: string): void {
  expect(spawnSync("sh", ["-c", command], { cwd, encoding: "utf8" }).stderr).toBe("");
}
