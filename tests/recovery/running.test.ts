import * as path from "node:path";
import { copyCheckout } from "../support/checkouts";
import { docker, labelled } from "../support/harness";
import { appPid, signal } from "../support/processes";
import { record } from "../support/results";
import { leaveUserData } from "../support/userData";
import { expectOk, UserLab } from "../support/userLab";
import { injectAppFaults } from "./app";
import { injectContainerFaults } from "./containers";
import { driftTests } from "./drift";
import { injectGrafanaFaults } from "./grafana";
import { expectGone } from "./leftovers";
import { Fixture } from "./repair";
import { injectUpdateFaults } from "./updates";

jest.setTimeout(300_000);

let fixture: Fixture;

beforeAll(async () => {
  const lab = await UserLab.create("faults-", "172.30.101.0/24");
  fixture = { lab };
  await lab.prepare();
  await expectOk(lab.up());
  fixture = { lab, userData: await leaveUserData(lab) };
});

afterAll(async () => {
  await fixture.lab.remove();
});

/** What the engine gave to a lab's parts, and the app's process: none of it changes unless the lab is touched. */
function identity(lab: UserLab): string[] {
  return [
    ...(["container", "network", "volume"] as const).flatMap((kind) => labelled(kind, lab.lab).sort()),
    String(appPid(lab)),
  ];
}

describe("up repairs a container", () => {
  injectContainerFaults(() => fixture);
});

describe("up repairs the app", () => {
  injectAppFaults(() => fixture);
});

describe("up repairs Grafana:", () => {
  injectGrafanaFaults(() => fixture);
});

describe("drift", () => {
  driftTests(() => fixture);
});

describe("up succeeds after one that was", () => {
  injectUpdateFaults(() => fixture);
});

describe("two labs", () => {
  let other: UserLab;

  beforeAll(async () => {
    other = await UserLab.create("faults2-", "172.30.102.0/24");
    await other.prepare();
  });

  afterAll(async () => {
    await other.remove();
  });

  it("run side by side, and neither touches the other", async () => {
    const before = identity(fixture.lab);
    await expectOk(other.up());
    expect(await other.failedChecks()).toEqual([]);
    expect(identity(fixture.lab)).toEqual(before);
    expect(await fixture.lab.failedChecks()).toEqual([]);
  });

  it("are destroyed separately, one from another checkout with its app dead and containers missing", async () => {
    const { lab } = fixture;
    const before = identity(other);
    const app = appPid(lab);
    signal(app, "SIGKILL");
    docker("rm", "--force", lab.container("prometheus"), lab.container("grafana"));
    lab.checkout = path.join(lab.folder, "another");
    copyCheckout(lab.checkout);
    const { seconds } = await expectOk(lab.destroy());
    await expectGone(lab, app);
    expect(identity(other)).toEqual(before);
    expect(await other.failedChecks()).toEqual([]);
    const fault = "from another checkout, with the app dead and containers gone";
    record({ part: "destroy", fault, lost: "all data, as asked", seconds });
  });
});
