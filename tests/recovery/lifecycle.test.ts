import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout } from "node:timers/promises";
import { copyCheckout } from "../support/checkouts";
import { appPid, interrupt, killSession } from "../support/processes";
import { record } from "../support/results";
import { leaveUserData } from "../support/userData";
import { expectOk, Running, UserLab } from "../support/userLab";
import { injectDataFaults } from "./data";
import { expectGone } from "./leftovers";
import { Fixture, expectGreen } from "./repair";

jest.setTimeout(300_000);

let fixture: Fixture;
const canMount = spawnSync("unshare", ["--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0;

beforeAll(async () => {
  fixture = { lab: await UserLab.create("backup-", "172.30.103.0/24") };
});

afterAll(async () => {
  await fixture.lab.remove(() => spawnSync("umount", ["--lazy", smallDisk()]));
});

function smallDisk(): string {
  return path.join(fixture.lab.folder, "disk");
}

describe("a first up", () => {
  (canMount ? it : it.skip)("ends green after one on a full disk (where the user may mount one)", async () => {
    const { lab } = fixture;
    const mount = (options: string): void => {
      expect(spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", smallDisk()]).stderr.toString()).toBe("");
    };
    fs.mkdirSync(smallDisk());
    mount("size=24m");
    lab.stateDir = path.join(smallDisk(), "lab");
    lab.stateHome = path.join(smallDisk(), "state-home");
    await lab.prepare();
    const { ok, output } = await lab.up();
    expect(ok).toBe(false);
    // pip cannot even write down what is wrong
    expect(output).toMatch(/environment \*\*creating failed|no space left/i);
    mount("remount,size=1g");
    await expectGreen(fixture, { part: "up", fault: "the disk full, and freed again" });
  });
});

describe("data is kept", () => {
  beforeAll(async () => {
    const { lab } = fixture;
    await lab.prepare();
    await expectOk(lab.up());
    fixture = { lab, userData: await leaveUserData(lab) };
  });

  injectDataFaults(() => fixture);
});

describe("destroy leaves nothing", () => {
  beforeAll(async () => {
    await expectOk(fixture.lab.destroy());
  });

  async function expectDestroyed(fault: string, app?: number): Promise<void> {
    const { seconds } = await expectOk(fixture.lab.destroy());
    await expectGone(fixture.lab, app);
    record({ part: "destroy", fault, lost: "all data, as asked", seconds });
  }

  /** Starts an up of a lab that is not there, and breaks it off once it works on a resource. */
  async function breakOffFirstUp(resource: string, breakOff: (up: Running) => unknown): Promise<void> {
    const up = fixture.lab.run("pulumi", ["up", "--yes", "--skip-preview"]);
    await up.reached(resource);
    await breakOff(up);
    expect((await up.outcome).ok).toBe(false);
  }

  const kill = ({ child }: Running): void => {
    killSession(child);
  };
  const impatient = async ({ child }: Running): Promise<void> => {
    interrupt(child);
    await setTimeout(300);
    killSession(child);
  };

  it.each([
    ["after SIGKILL while commands run", "ansible-environment", kill],
    ["after SIGINT, then SIGKILL, while containers are made", "grafana-container", impatient],
    ["after SIGKILL while Grafana is filled", "lab-overview-dashboard", kill],
  ])("%s", async (fault, resource, breakOff) => {
    await breakOffFirstUp(resource, breakOff);
    await expectDestroyed(fault);
  });

  it("after the checkout moved", async () => {
    const { lab } = fixture;
    const [before, after] = ["checkout", "moved"].map((name) => path.join(lab.folder, name)) as [string, string];
    copyCheckout(before);
    [lab.checkout, lab.stateDir] = [before, path.join(before, ".lab")];
    await lab.prepare();
    // its first up is killed: the next one makes from nothing what the state does not know of
    await breakOffFirstUp("prometheus-container", kill);
    await expectGreen({ lab }, { part: "up", fault: "SIGKILL while the first up makes containers" });
    const app = appPid(lab);
    fs.renameSync(before, after);
    [lab.checkout, lab.stateDir] = [after, path.join(after, ".lab")];
    await expectDestroyed("after the checkout moved", app);
  });
});
