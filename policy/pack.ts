import { PolicyPack } from "@pulumi/policy";
import { Config } from "@pulumi/pulumi";
import * as path from "node:path";
import { inspectMachine } from "../lib/docker/machine";
import { SettingsReader } from "../lib/settings/reader";
import { contextOf } from "./context";
import { enginePolicies } from "./enginePolicies";
import type { PolicyContext } from "./resource";

/** Read once, at the first resource: the machine as the program sees it. */
let context: Promise<PolicyContext> | undefined;

async function readContext(): Promise<PolicyContext> {
  // the language host passes the stack's settings in PULUMI_CONFIG, which Config reads
  const config = new Config("observability-lab");
  const network = new SettingsReader({ subnet: config.require("subnet") }, new Set()).subnet("subnet");
  const webPassword = config.get("webPassword") ?? "";
  const settings = {
    bindAddress: config.require("bindAddress"),
    namePrefix: config.get("namePrefix") ?? "",
    webPassword: webPassword === "" ? undefined : webPassword,
    ...network,
  };
  // these policies may be from another commit than the program
  const checkout = process.env.LAB_CHECKOUT ?? path.dirname(__dirname);
  return contextOf(await inspectMachine(), settings, checkout);
}

new PolicyPack("observability-lab", { policies: enginePolicies(() => (context ??= readContext())) });
