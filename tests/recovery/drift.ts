import * as fs from "node:fs";
import * as path from "node:path";
import { docker } from "../support/harness";
import { expectOk, UserLab } from "../support/userLab";
import { Fixture } from "./repair";

/** What `make drift` says, and the code that it exits with. */
async function drift(lab: UserLab): Promise<{ code: number | null; report: string }> {
  const { child, outcome } = lab.run("drift");
  await outcome;
  return { code: child.exitCode, report: fs.readFileSync(path.join(lab.stateDir, "drift/report.md"), "utf8") };
}

/** `make drift` tells what was changed by hand, and what of the code was not applied. */
export function driftTests(fixture: () => Fixture): void {
  it("is not reported for a lab that equals its code", async () => {
    const { code, report } = await drift(fixture().lab);
    expect([code, report.split("\n")[2]]).toEqual([0, "## Drift of the lab: no change"]);
  });

  it("is reported for a setting that was not applied, and for a container that was stopped", async () => {
    const { lab } = fixture();
    docker("stop", lab.container("pushgateway"));
    lab.configure({ nodeExporterMemory: 144 });
    const { code, report } = await drift(lab);
    expect([code, report.split("\n")[2]]).toEqual([2, "## Drift of the lab: 2 to replace"]);
    expect(report).toContain(`container | \`${lab.container("pushgateway")}\` | `);
    expect(report).toContain("its state was exited, exit code");
    expect(report).toContain("memory: `128` → `144`");
    lab.configure({ nodeExporterMemory: undefined });
    await expectOk(lab.up());
    expect((await drift(lab)).code).toBe(0);
  });

  it("is detected without Grafana by the lab alone, which reports that", async () => {
    const { lab } = fixture();
    docker("stop", lab.container("grafana"));
    const { code, report } = await drift(lab);
    expect(code).toBe(2);
    expect(report).toContain("The Pulumi engine could not refresh every resource");
    expect(report).toContain(`container | \`${lab.container("grafana")}\` | `);
    await expectOk(lab.up());
  });
}
