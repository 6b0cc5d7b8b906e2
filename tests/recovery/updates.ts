import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout } from "node:timers/promises";
import { copyCheckout } from "../support/checkouts";
import { docker } from "../support/harness";
import { appPid, interrupt, killSession, signal } from "../support/processes";
import { grafana } from "../support/userData";
import { expectOk, Running } from "../support/userLab";
import { Fixture, expectGreen, InjectedFault } from "./repair";

const CONTAINERS = ["cadvisor", "grafana", "node_exporter", "prometheus", "pushgateway"];

/** Where an update is broken off: what gives it something to do there, and the resource that it is then working on. */
interface Point {
  readonly cause: () => unknown;
  readonly resource: string;
}

/** Faults of an update itself: interrupted at several points, or failing. */
export function injectUpdateFaults(fixture: () => Fixture): void {
  const part = "up";

  const commands: Point = {
    resource: "flask-environment",
    cause: () => {
      const { lab } = fixture();
      signal(appPid(lab), "SIGKILL");
      fs.rmSync(path.join(lab.hostFolder, "flask", "venv"), { recursive: true });
    },
  };
  const containers: Point = {
    resource: "prometheus-container",
    cause: () => docker("rm", "--force", ...CONTAINERS.map((name) => fixture().lab.container(name))),
  };
  const dashboards: Point = {
    resource: "lab-overview-dashboard",
    cause: async () => {
      const { lab } = fixture();
      const admin = { login: "admin", password: await lab.password() };
      await grafana(lab, admin, "DELETE", "/api/folders/observability-lab");
    },
  };

  /** Breaks an update off at a point, and sees that the next one ends green. */
  async function expectResumed(point: Point, fault: string, breakOff: (up: Running) => unknown): Promise<void> {
    await point.cause();
    const up = fixture().lab.run("pulumi", ["up", "--yes", "--skip-preview"]);
    await up.reached(point.resource);
    await breakOff(up);
    expect((await up.outcome).ok).toBe(false);
    await expectGreen(fixture(), { part, fault });
  }

  const ctrlC = ({ child }: Running): void => {
    interrupt(child);
  };
  const kill = ({ child }: Running): void => {
    killSession(child);
  };
  const impatient = async ({ child }: Running): Promise<void> => {
    interrupt(child);
    await setTimeout(300);
    killSession(child);
  };

  it("interrupted while it runs commands", () => expectResumed(commands, "SIGINT while commands run", ctrlC));
  it("killed while it runs commands", () => expectResumed(commands, "SIGKILL while commands run", kill));
  it("interrupted while it makes containers", () =>
    expectResumed(containers, "SIGINT while containers are made", ctrlC));
  it("interrupted and then killed while it makes containers", () =>
    expectResumed(containers, "SIGINT, then SIGKILL, while containers are made", impatient));
  it("killed while it fills Grafana", () => expectResumed(dashboards, "SIGKILL while Grafana is filled", kill));

  it("started twice: the second says so and the first ends well", async () => {
    const { lab } = fixture();
    docker("rm", "--force", lab.container("pushgateway"));
    const first = lab.run("pulumi", ["up", "--yes", "--skip-preview"]);
    await first.reached("pushgateway-container");
    const second = await lab.up();
    expect(second.ok).toBe(false);
    expect(second.output).toContain(String(first.child.pid));
    expect(second.changes).toEqual([]);
    await expectOk(first.outcome);
    await expectGreen(fixture(), { part, fault: "a second up of the same lab at once" });
  });

  it("that installs packages in another way: the app and the playbook start again in their environments", async () => {
    const { lab } = fixture();
    const before = lab.checkout;
    lab.checkout = path.join(lab.folder, "checkout");
    copyCheckout(lab.checkout);
    fs.appendFileSync(path.join(lab.checkout, "assets", "python", "install.sh"), "# another way\n");
    try {
      const changes = ["ansible-environment", "ansible-run", "flask-environment", "flask-process"];
      expect((await expectOk(lab.up())).changes).toEqual(changes);
      expect(await lab.preview()).toEqual([]);
      await expectOk(lab.run("playbook").outcome);
    } finally {
      lab.checkout = before;
    }
    await expectOk(lab.up());
    expect(await lab.failedChecks()).toEqual([]);
  });

  /** Sees that an up fails with these words, and that the next one ends green once the cause is away. */
  async function expectFailure(
    says: RegExp,
    { cause, undo, ...fault }: Pick<InjectedFault, "fault" | "lost"> & { cause: () => unknown; undo: () => unknown },
  ): Promise<void> {
    await cause();
    const { ok, output } = await fixture().lab.up();
    await undo();
    expect(ok).toBe(false);
    expect(output).toMatch(says);
    await expectGreen(fixture(), { part, ...fault });
  }

  it("with an image that cannot be pulled", () =>
    expectFailure(
      /nothing was changed:\n.*prometheusImage = "127\.0\.0\.1:9\/nobody\/prometheus:none": cannot be pulled/,
      {
        fault: "an image that cannot be pulled",
        cause: () => {
          fixture().lab.configure({ prometheusImage: "127.0.0.1:9/nobody/prometheus:none" });
        },
        undo: () => {
          expect(docker("inspect", "--format", "{{.State.Status}}", fixture().lab.container("prometheus"))).toBe(
            "running",
          );
          fixture().lab.configure({ prometheusImage: undefined });
        },
      },
    ));

  it("with a Grafana that never gets healthy", () => {
    const { lab } = fixture();
    const container = lab.container("grafana");
    const image = docker("inspect", "--format", "{{.Image}}", container);
    const inVolume = (script: string): void => {
      const root = ["--rm", "--user", "0:0", "--volume", `${lab.lab}-grafana:/data`, "--entrypoint", "sh"];
      docker("run", ...root, image, "-euc", `cd /data; ${script}`);
    };
    return expectFailure(
      new RegExp(`${container} was not healthy within 20 s.*\n.*the last lines that the container`),
      {
        fault: "Grafana never gets healthy: its database is broken, and put right again",
        cause: () => {
          lab.configure({ startTimeout: "20" });
          docker("rm", "--force", container);
          inVolume("mv grafana.db kept; echo broken >grafana.db; chmod 666 grafana.db");
        },
        undo: () => {
          docker("stop", container);
          inVolume("mv kept grafana.db");
          lab.configure({ startTimeout: undefined });
        },
      },
    );
  });

  it("with a dashboard that Grafana refuses", () =>
    expectFailure(/cannot be changed to a folder/i, {
      fault: "a dashboard that Grafana refuses",
      cause: async () => {
        const { lab } = fixture();
        const dashboardCatalogue = path.join(lab.folder, "catalogue");
        fs.mkdirSync(dashboardCatalogue);
        const dashboard = { uid: "folder-by-hand", title: "With the uid of somebody's folder", panels: [] };
        const admin = { login: "admin", password: await lab.password() };
        await grafana(lab, admin, "POST", "/api/folders", { uid: dashboard.uid, title: "By hand" });
        fs.writeFileSync(path.join(dashboardCatalogue, "4711_rev1.json"), JSON.stringify(dashboard));
        lab.configure({ dashboardCatalogue, communityDashboards: [{ id: 4711, revision: 1 }] });
      },
      undo: () => {
        fixture().lab.configure({ dashboardCatalogue: undefined, communityDashboards: undefined });
      },
    }));
}
