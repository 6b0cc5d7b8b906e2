import { PolicyPack } from "@pulumi/policy";
import { Config } from "@pulumi/pulumi";
import { inspectMachine } from "../components/machine";
import { labPolicies } from "./policies";

/** Asked once, as the program asks: what it covers is what has to be covered. */
let sockets: Promise<readonly string[]> | undefined;

new PolicyPack("observability-lab", {
  policies: labPolicies({
    // the language host hands the stack's settings on as PULUMI_CONFIG, which is where Config looks
    bindAddress: () => new Config("observability-lab").require("bindAddress"),
    sockets: () => (sockets ??= inspectMachine().then((machine) => machine.sockets)),
  }),
});
