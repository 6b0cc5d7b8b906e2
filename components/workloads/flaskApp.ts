import * as pulumi from "@pulumi/pulumi";
import { replaceOnDrift } from "../../lib/drift/drift";
import { fingerprint, readAsset } from "../../lib/shared/assets";
import { connectHost, labName } from "../../lib/shared/names";
import { ComponentArgs, LabContext } from "../context";
import { createHostCommand } from "./hostCommand";
import { createPythonEnvironment, environmentFingerprint } from "./pythonEnvironment";

/** The Flask app: a process of the host, with its own virtual environment. */
export class FlaskApp extends pulumi.ComponentResource {
  /** URL as seen from the host. */
  readonly url: string;

  constructor(name: string, { context }: ComponentArgs, options?: pulumi.ComponentResourceOptions) {
    super("observability-lab:workloads:FlaskApp", name, {}, options);
    const { settings, observed } = context;
    const lab = labName(settings.namePrefix);
    this.url = `http://${connectHost(settings.bindAddress)}:${String(settings.flaskPort)}`;
    const environment = createPythonEnvironment(name, { context, venv: "flask" }, this);
    const [create, start] = [processScript("start.sh"), readAsset("flask", "start.py")];
    const app = readAsset("flask", "app.py");
    const listen = listenAddresses(context);
    const { app: process, environments } = observed.host;
    // the app has to restart if its environment is recreated
    const { reason, options: repair } = replaceOnDrift(
      observed,
      "the Flask app",
      environments.flask ?? process,
      "triggers[2]",
    );
    createHostCommand(
      `${name}-process`,
      {
        create,
        delete: processScript("stop.sh"),
        stdin: app,
        environment: { LAB: lab, LISTEN: listen.join(" "), HEALTH: listen[0] ?? "", START: start },
        triggers: [fingerprint(create, start, app, environmentFingerprint("flask")), listen.join(" "), reason],
      },
      // the address of the lab's gateway exists only with the network
      {
        parent: this,
        dependsOn: [environment, context.network],
        deletedWith: context.teardown.all,
        ...repair,
      },
    );
    this.registerOutputs({ url: this.url });
  }
}

/** A script preceded by the part that start and stop share. */
function processScript(name: string): string {
  return readAsset("flask", "process.sh") + readAsset("flask", name);
}

/**
 * Addresses of the app: for the host, and for Prometheus; Docker Desktop's containers reach the host's loopback. Linux
 * accepts packets for the gateway from any interface, so there the app answers only the lab's subnet and this machine.
 */
function listenAddresses({ settings, machine }: LabContext): string[] {
  const port = String(settings.flaskPort);
  return [
    `${connectHost(settings.bindAddress)}:${port}`,
    ...(machine.native ? [`${settings.gateway}:${port},${settings.subnet}`] : []),
  ];
}
