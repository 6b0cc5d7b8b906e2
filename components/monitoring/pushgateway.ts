import { setTimeout } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import { LabContainer } from "../container";
import { LabError } from "../faults";
import { LabContext } from "../service";
import { signInHeaders } from "../webSignIn";
import { within } from "../within";

export interface PushgatewayArgs {
  readonly context: LabContext;
}

const PORT = 9091;
const DATA = "/pushgateway";
const READY_PATH = "/-/ready";
const PAUSE_MS = 100;
const ANSWER_MS = 1000;

/** The Pushgateway; what was pushed to it survives a restart. */
export class Pushgateway extends pulumi.ComponentResource {
  /** URL as seen from the host. */
  readonly url: string;
  /** Whoever pushes depends on it, or waits until it answers. */
  readonly container: LabContainer;
  /** Undefined where it asks for none. */
  private readonly password: string | undefined;

  constructor(name: string, args: PushgatewayArgs, options?: pulumi.ComponentResourceOptions) {
    super("observability-lab:monitoring:Pushgateway", name, {}, options);
    this.container = new LabContainer(
      name,
      {
        context: args.context,
        hostname: "pushgateway",
        service: args.context.settings.pushgateway,
        internalPort: PORT,
        healthPath: READY_PATH,
        command: [`--persistence.file=${DATA}/metrics`, "--persistence.interval=10s"],
        dataPath: DATA,
      },
      { parent: this },
    );
    this.url = this.container.url;
    this.password = args.context.settings.webPassword;
    this.registerOutputs({ url: this.url });
  }

  /** Ends when it takes reports; throws a LabError when it does not come up. */
  answers(): Promise<void> {
    return untilReady(`${this.url}${READY_PATH}`, this.container.works, this.password);
  }
}

/** Ends when a URL answers, seconds before the container is known to work, which is the latest. */
export async function untilReady(url: string, works: Promise<boolean>, password?: string): Promise<void> {
  let known: boolean | undefined;
  void works.then((it) => (known = it));
  while (known === undefined && !(await isReady(url, signInHeaders(password)))) {
    await setTimeout(PAUSE_MS);
  }
  if (known === false) {
    throw new LabError("the playbook was not run: there is no Pushgateway to report to");
  }
}

async function isReady(url: string, headers: Record<string, string>): Promise<boolean> {
  return within(ANSWER_MS, (signal) => fetch(url, { headers, signal })).then(
    ({ ok }) => ok,
    () => false,
  );
}
