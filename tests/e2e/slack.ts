import * as http from "node:http";
import { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { signInHeaders } from "../../lib/shared/webSignIn";
import { alertsEvaluated } from "../../tools/verify/alerts";
import { LabOutputs } from "../../tools/verify/lab";
import { docker, eventually, TestLab } from "../support/harness";

/** What Slack gets, as far as the test reads it. */
interface Message {
  readonly url: string | undefined;
  readonly body: { readonly text: string; readonly attachments: readonly { readonly title: string }[] };
}

/** Where the lab reaches the host. */
const GATEWAY = "172.30.99.1";
const WEBHOOK = "/services/T0/B0/X0";

/** A webhook of Slack, whose name leads to this process on the lab's network. */
export function describeSlack(lab: () => TestLab): void {
  const relay = "alerts-slack";
  const messages: Message[] = [];
  let slack: http.Server;
  let refusing = false;

  /** What verify says of the alerts, or why it is red. */
  async function alertsCheck(): Promise<string> {
    const outputs = Object.entries(await lab().stack.outputs()).map(([key, { value }]) => [key, value as unknown]);
    return alertsEvaluated(Object.fromEntries(outputs) as LabOutputs).catch((error: unknown) => String(error));
  }

  /** Has Alertmanager send an alert of its own. */
  async function fire(alertname: string): Promise<void> {
    const alert = {
      labels: { alertname },
      annotations: { summary: `${alertname} fires. Wait.`, dashboard: "http://d" },
    };
    const password = (await lab().stack.outputs()).webPassword?.value as string | undefined;
    await fetch(`http://127.0.0.1:${String(lab().ports.alertmanagerPort)}/api/v2/alerts`, {
      method: "POST",
      headers: { ...signInHeaders(password), "content-type": "application/json" },
      body: JSON.stringify([alert]),
    });
  }

  beforeAll(async () => {
    slack = http.createServer((request, response) => {
      void json(request).then((body) => {
        messages.push({ url: request.url, body: body as Message["body"] });
        response.writeHead(refusing ? 400 : 200).end(refusing ? "no_text" : "ok");
      });
    });
    await new Promise<void>((resolve) => slack.listen(0, GATEWAY, resolve));
    const { port } = slack.address() as AddressInfo;
    const image = docker("inspect", "--format", "{{.Config.Image}}", `${lab().prefix}prometheus`);
    const name = ["--name", relay, "--network", lab().lab, "--network-alias", "hooks.slack.com"];
    const forward = ["-ll", "-p", "8080", "-e", "nc", GATEWAY, String(port)];
    docker("run", "--detach", ...name, "--entrypoint", "nc", image, ...forward);
    const url = `http://hooks.slack.com:8080${WEBHOOK}`;
    await lab().stack.setConfig("alertWebhook", { value: url, secret: true });
    await lab().stack.up();
  });

  afterAll(() => {
    docker("rm", "--force", "--volumes", relay);
    slack.closeAllConnections();
    slack.close();
  });

  it("posts the problem and the remedy in Slack's format", async () => {
    await fire("First");
    const { url, body } = await eventually(() =>
      Promise.resolve(messages.find((it) => it.body.text.startsWith("First"))),
    );
    expect(url).toBe(WEBHOOK);
    expect(body.text).toBe("First fires. Wait. http://d\n");
    expect(body.attachments.map(({ title }) => title)).toEqual([expect.stringMatching(/^\[FIRING:1\] First/)]);
    expect(await eventually(async () => /notifications delivered: [1-9]/.exec(await alertsCheck())?.[0])).toBeDefined();
  });

  it("fails verify while Slack rejects an alert, and passes soon after Slack accepts it", async () => {
    refusing = true;
    await fire("Second");
    const red = /cannot send its notifications: \d+ by slack \(clientError\) failed/;
    expect(await eventually(async () => red.exec(await alertsCheck())?.[0])).toBeDefined();
    refusing = false;
    const green = /notifications delivered: \d+$/;
    // the next attempt is due within 30 s, and what failed is looked at for 45
    expect(await eventually(async () => green.exec(await alertsCheck())?.[0])).toBeDefined();
  });
}
