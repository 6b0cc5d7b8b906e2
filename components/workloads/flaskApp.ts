import * as pulumi from "@pulumi/pulumi";
import { fingerprint, readAsset } from "../assets";
import { LabContext, reachable } from "../container";
import { labName } from "../names";
import { AppState } from "./appRecord";
import { createHostCommand } from "./hostCommand";
import { createPythonEnvironment } from "./pythonEnvironment";

export interface FlaskAppArgs {
  readonly context: LabContext;
  /** Whether the app of an earlier update still answers. */
  readonly state: AppState;
}

/** The Flask app: a process of the host, with its own virtual environment. */
export class FlaskApp extends pulumi.ComponentResource {
  /** URL as seen from the host. */
  readonly url: string;

  constructor(name: string, { context, state }: FlaskAppArgs, options?: pulumi.ComponentResourceOptions) {
    super("observability-lab:workloads:FlaskApp", name, {}, options);
    const { settings } = context;
    const lab = labName(settings.namePrefix);
    this.url = `http://${reachable(settings.bindAddress)}:${String(settings.flaskPort)}`;
    const environment = createPythonEnvironment(name, { lab, room: "flask" }, this);
    const [start, app] = [processScript("start.sh"), readAsset("flask", "app.py")];
    const listen = listenAddresses(context);
    const generation = String(state.generation);
    createHostCommand(
      `${name}-process`,
      {
        create: start,
        delete: processScript("stop.sh"),
        stdin: app,
        environment: { LAB: lab, LISTEN: listen.join(" "), HEALTH: listen[0] ?? "", GENERATION: generation },
        triggers: [fingerprint(start, app, readAsset("flask", "requirements.txt")), listen.join(" "), generation],
      },
      // the address of the lab's gateway exists only with the network
      { parent: this, dependsOn: [environment, context.network] },
    );
    this.registerOutputs({ url: this.url });
  }
}

/** A script with what start and stop share before it: it runs as one text. */
function processScript(name: string): string {
  return readAsset("flask", "process.sh") + readAsset("flask", name);
}

/** Where the app listens: for the host, and for Prometheus; Docker Desktop's containers reach the host's loopback. */
function listenAddresses({ settings, machine }: LabContext): string[] {
  const addresses = [reachable(settings.bindAddress), ...(machine.native ? [settings.gateway] : [])];
  return addresses.map((address) => `${address}:${String(settings.flaskPort)}`);
}
