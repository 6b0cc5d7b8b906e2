import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { LabRun, PreviewLab } from "../../tools/pull-request/previewLab";
import { describeSteps } from "../../tools/pull-request/report/resources";
import { edit } from "../support/changes";
import { copyCheckout } from "../support/checkouts";
import { renderExample } from "../support/examples";
import { docker, machineStack } from "../support/harness";

jest.setTimeout(300_000);

const MISFIT = "the saved plan no longer fits:";
const AGAIN = "these resources were not changed, but earlier changes remain: run it again for a new preview";

let folder: string;
let lab: PreviewLab;
let checkout: string;

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-saved-plan-"));
  checkout = path.join(folder, "checkout");
  copyCheckout(checkout);
  lab = await PreviewLab.create({ folder: path.join(folder, "lab"), stack: machineStack() });
});

afterAll(async () => {
  await lab.remove();
  fs.rmSync(folder, { recursive: true });
});

const POLICIES = path.resolve(__dirname, "../../policy");
const preview = (): Promise<LabRun> => lab.preview(checkout, POLICIES, { plan: true });
const apply = (): Promise<LabRun> => lab.up(checkout, POLICIES, { plan: true });

/** Names of the resources that a run changes, without the operations: a replacement has several. */
function changed({ steps, failure }: LabRun): readonly string[] {
  expect(failure).toEqual([]);
  const names = steps
    .filter(({ op }) => op !== "same" && op !== "refresh")
    .map(({ urn }) => urn.split("::").slice(-1)[0] ?? "");
  return [...new Set(names)].sort();
}

/** Expects an update to do just what a preview shows, and that to be these resources. */
async function expectApplied(expected?: readonly string[]): Promise<void> {
  const shown = changed(await preview());
  expect(shown).toEqual(expected ?? shown);
  expect(changed(await apply())).toEqual(shown);
}

function change(file: string, from: string | RegExp, to: string): void {
  edit(checkout, file, (text) => text.replace(from, to));
}

function container(name: string): string {
  return `${lab.standIns.prefix}${name}`;
}

describe("an update by the plan of its preview", () => {
  it("creates a lab", async () => {
    await expectApplied();
    expect(changed(await preview())).toEqual([]);
  });

  it("applies a change of a dashboard, a rule, a program and a container", async () => {
    change("dashboards/flask.ts", '"Flask app"', '"Flask"');
    change("assets/prometheus/containers.rules.yml", "See docker logs", "Read docker logs");
    change("assets/flask/app.py", "example app:", "example application:");
    change("Pulumi.yaml", /(nodeExporterMemory:\s+type: integer\s+default:) 128/, "$1 136");
    await expectApplied([
      "flask-app-dashboard",
      "flask-process",
      "node-exporter-container",
      "prometheus-config-files",
      "prometheus-reload",
    ]);
  });

  it("repairs drift, the same drift again, too", async () => {
    const damageAndRepair = async (): Promise<void> => {
      docker("stop", container("pushgateway"));
      docker("rm", "--force", container("cadvisor"));
      await expectApplied(["cadvisor-container", "pushgateway-container"]);
    };
    await damageAndRepair();
    await damageAndRepair();
    expect(changed(await preview())).toEqual([]);
  });

  it("keeps the plan from others, and shows no secret in it", async () => {
    await preview();
    const plan = path.join(folder, "lab", "lab", "plan.json");
    expect(fs.statSync(plan).mode & 0o777).toBe(0o600);
    const output = ["stack", "output", "grafanaAdminPassword", "--show-secrets"];
    const { messages } = await lab.commands.run("pulumi", output, { env: { LAB_CHECKOUT: checkout } });
    expect(messages.trim()).toMatch(/^\S{24}$/);
    expect(fs.readFileSync(plan, "utf8")).not.toContain(messages.trim());
  });

  it("stops at a resource that was damaged since, and goes on after a new preview", async () => {
    await preview();
    docker("stop", container("pushgateway"));
    const { ok, failure } = await apply();
    expect([ok, ...failure]).toEqual([
      false,
      MISFIT,
      "- container `pushgateway-container`: it drifted, or was restored, after the preview",
      AGAIN,
    ]);
    await expectApplied(["pushgateway-container"]);
  });

  it("stops at a resource whose code was changed since", async () => {
    change("dashboards/flask.ts", '"Flask"', '"The Flask app"');
    const shown = await preview();
    change("Pulumi.yaml", /(nodeExporterMemory:\s+type: integer\s+default:) 136/, "$1 144");
    const run = await apply();
    const differs = "- container `node-exporter-container`: differs from the preview: labels, memory, memorySwap";
    expect([run.ok, ...run.failure]).toEqual([false, MISFIT, differs, AGAIN]);
    const failure = ["the update failed:", ...run.failure];
    const report = renderExample("plan-no-longer-fits", {
      notes: [],
      run: shown,
      changes: describeSteps(shown.steps),
      failure,
    });
    expect(report).toContain(`${MISFIT}\n${differs}\n`);
  });
});
