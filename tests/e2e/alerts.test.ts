import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as http from "node:http";
import { AddressInfo } from "node:net";
import * as path from "node:path";
import { json } from "node:stream/consumers";
import { signInHeaders } from "../../lib/shared/webSignIn";
import {
  createTestLab,
  docker,
  eventually,
  labelled,
  listenAddresses,
  PROJECT,
  removeTestLab,
  TestLab,
  verify,
} from "../support/harness";
import { describeOwnApp } from "./ownApp";
import { describeOwnTargets } from "./ownTargets";
import { describeSlack } from "./slack";

jest.setTimeout(300_000);

/** What Alertmanager posts, as far as the test reads it. */
interface Message {
  readonly alerts: readonly Alert[];
}

interface Alert {
  readonly status: "firing" | "resolved";
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly generatorURL: string;
}

const TOKEN = randomBytes(12).toString("hex");

let lab: TestLab;
let receiver: http.Server;
let output = "";
const received: Alert[] = [];
let refused = 0;

beforeAll(async () => {
  receiver = http.createServer((request, response) => {
    void json(request).then((message) => {
      const wrong = request.url !== `/hook/${TOKEN}`;
      // the first message is refused, so that Alertmanager has something to log
      if (wrong || refused === 0) {
        refused++;
        response.writeHead(wrong ? 404 : 503).end();
        return;
      }
      received.push(...(message as Message).alerts);
      response.end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  lab = await createTestLab("alerts-", "172.30.99.0/24");
  const { port } = receiver.address() as AddressInfo;
  await lab.stack.setConfig("alertWebhook", { value: `http://127.0.0.1:${String(port)}/hook/${TOKEN}`, secret: true });
  await lab.stack.up({ onOutput });
});

afterAll(async () => {
  receiver.closeAllConnections();
  receiver.close();
  await removeTestLab(lab);
});

function onOutput(text: string): void {
  output += text;
}

/** What Prometheus or Alertmanager answers. */
async function ask<T>(port: number, address: string, method = "GET"): Promise<T> {
  const password = (await lab.stack.outputs()).webPassword?.value as string | undefined;
  const options = { method, headers: signInHeaders(password) };
  return (await (await fetch(`http://127.0.0.1:${String(port)}${address}`, options)).json()) as T;
}

/** Labels of every alert that fires. */
async function firing(): Promise<readonly Readonly<Record<string, string>>[]> {
  const { data } = await ask<{ data: { alerts: { state: string; labels: Record<string, string> }[] } }>(
    lab.ports.prometheusPort,
    "/api/v1/alerts",
  );
  return data.alerts.filter(({ state }) => state === "firing").map(({ labels }) => labels);
}

/** The first alert of this kind that the receiver got. */
function notified(alertname: string, status: Alert["status"], job?: string): Promise<Alert> {
  const isIt = (it: Alert): boolean =>
    it.labels.alertname === alertname && it.status === status && (job === undefined || it.labels.job === job);
  return eventually(() => Promise.resolve(received.find(isIt)));
}

/** What promtool says of files of assets/prometheus. */
function promtool(command: string, files: string): string {
  const image = docker("inspect", "--format", "{{.Config.Image}}", `${lab.prefix}prometheus`);
  const folder = path.join(PROJECT, "assets/prometheus");
  const names = fs.readdirSync(path.join(folder, files)).filter((file) => file.endsWith(".yml"));
  const mount = ["--volume", `${folder}:/rules:ro`, "--workdir", path.join("/rules", files)];
  // as root, whatever the checkout's permissions are
  const container = ["run", "--rm", "--network", "none", "--user", "0", "--entrypoint", "promtool", ...mount, image];
  return docker(...container, command, "rules", ...names);
}

describe("the rules", () => {
  it("are accepted by promtool", () => {
    expect(promtool("check", "").match(/SUCCESS/g)).toHaveLength(
      fs.readdirSync(path.join(PROJECT, "assets/prometheus")).filter((file) => file.endsWith(".yml")).length,
    );
  });

  it("pass their promtool tests", () => {
    expect(promtool("test", "tests")).not.toContain("FAILED");
  });
});

describe("a lab with a webhook on loopback", () => {
  it("has every dashboard that its alerts link to", async () => {
    const { data } = await ask<{ data: { groups: { rules: { annotations: Record<string, string> }[] }[] } }>(
      lab.ports.prometheusPort,
      "/api/v1/rules?type=alert",
    );
    const links = data.groups.flatMap(({ rules }) => rules.map(({ annotations }) => annotations.dashboard ?? ""));
    const uids = new Set(links.map((link) => link.split("/d/")[1]));
    expect((await lab.stack.outputs()).dashboards?.value).toEqual(expect.arrayContaining([...uids]));
  });

  it("passes every check of verify, and has Alertmanager among its containers", async () => {
    const { checks } = await verify(lab);
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(checks.find(({ check }) => check === "alerts")?.seen).toMatch(
      /^\d+ rules; .*; Alertmanager receives them, (no notification sent yet|notifications delivered: \d+)$/,
    );
    expect(checks.find(({ check }) => check === "containers")?.seen).toBe("6 healthy");
  });

  it("has its Alertmanager on loopback and the gateway only", () => {
    expect(listenAddresses(lab.ports.alertmanagerPort)).toEqual(["127.0.0.1", "172.30.99.1"]);
  });

  it("fires nothing while it idles except the watchdog and, without nginx, the playbook's alert", async () => {
    const nginx = spawnSync("sh", ["-c", "command -v nginx || ls /usr/sbin/nginx"]).status === 0;
    // the machine's own state and other labs beside this one are not what is tested
    const own = (await firing()).filter(
      ({ alertname = "", name = lab.prefix }) => !alertname.startsWith("Host") && name.startsWith(lab.prefix),
    );
    expect(own.map(({ alertname }) => alertname).sort()).toEqual([...(nginx ? [] : ["PlaybookFailed"]), "Watchdog"]);
  });

  it("has Prometheus' admin API disabled", async () => {
    const response = await ask(lab.ports.prometheusPort, "/api/v1/admin/tsdb/snapshot", "POST");
    expect(response).toMatchObject({ status: "error", error: "admin APIs disabled" });
  });

  it("posts an alert when a target disappears, with the remedy and working links", async () => {
    docker("stop", `${lab.prefix}pushgateway`);
    const alert = await notified("TargetDown", "firing", "ansible_jobs");
    expect(alert.labels).toMatchObject({
      severity: "critical",
      job: "ansible_jobs",
      instance: "pushgateway:9091",
      lab: lab.lab,
    });
    expect(alert.annotations.summary).toMatch(/^Prometheus cannot scrape ansible_jobs at pushgateway:9091\. Run make/);
    expect(alert.generatorURL).toContain(`http://127.0.0.1:${String(lab.ports.prometheusPort)}/`);
    expect(alert.annotations.dashboard).toBe(`http://127.0.0.1:${String(lab.ports.grafanaPort)}/d/lab-overview`);
    expect(refused).toBe(1);
  });

  it("posts the resolution once the target is back", async () => {
    docker("start", `${lab.prefix}pushgateway`);
    expect((await notified("TargetDown", "resolved", "ansible_jobs")).labels).toMatchObject({ job: "ansible_jobs" });
    // the Pushgateway's other job is scraped a little later
    await eventually(async () => !(await firing()).some(({ alertname }) => alertname === "TargetDown") || undefined);
  });

  it("does not post the watchdog", () => {
    expect(received.length).toBeGreaterThan(0);
    expect(received.map(({ labels }) => labels.alertname)).not.toContain("Watchdog");
  });

  it("shows the webhook's token nowhere", async () => {
    const containers = labelled("container", lab.lab);
    expect(containers.length).toBeGreaterThanOrEqual(6);
    expect(docker("inspect", ...containers)).not.toContain(TOKEN);
    const { stdout, stderr } = spawnSync("docker", ["logs", `${lab.prefix}alertmanager`], { encoding: "utf8" });
    // it has logged that the receiver refused the first message
    expect(`${stdout}${stderr}`).toContain("503");
    expect(`${stdout}${stderr}`).not.toContain(TOKEN);
    expect(JSON.stringify(await ask(lab.ports.alertmanagerPort, "/api/v2/status"))).not.toContain(TOKEN);
    const next = randomBytes(12).toString("hex");
    await lab.stack.setConfig("alertWebhook", { value: `http://127.0.0.1:1/${next}`, secret: true });
    await lab.stack.preview({ diff: true, onOutput });
    expect(output).toContain("alertmanager-config-files");
    expect(output).not.toContain(TOKEN);
    expect(output).not.toContain(next);
    for (const secret of [TOKEN, next]) {
      expect(spawnSync("grep", ["-rlF", secret, lab.folder], { encoding: "utf8" }).stdout).toBe("");
    }
    // the state does hold it, encrypted
    expect(spawnSync("grep", ["-rlF", "alertmanager-config-files", lab.folder], { encoding: "utf8" }).stdout).not.toBe(
      "",
    );
  });
});

describe("a lab with a webhook of Slack", () => {
  describeSlack(() => lab);
});

describe("a lab whose webhook is removed, with targets of its own", () => {
  describeOwnTargets(() => lab, "172.30.99.1");
});

describe("a lab with the programs of docs/own-app.md", () => {
  describeOwnApp(() => lab, "172.30.99.1");
});

describe("destroy", () => {
  it("leaves nothing of the lab", async () => {
    await lab.stack.destroy();
    expect(labelled("container", lab.lab)).toEqual([]);
    expect(labelled("network", lab.lab)).toEqual([]);
    expect(labelled("volume", lab.lab)).toEqual([]);
    expect(fs.readdirSync(lab.stateHome)).toEqual([]);
  });
});
