import * as pulumi from "@pulumi/pulumi";
import { Lab } from "./components/lab";
import { findRejectedConfig } from "./components/monitoring/configCheck";
import { readCatalogue } from "./dashboards/community/catalogue";
import { inspectMachine, measuresWrites } from "./lib/docker/machine";
import { installedPanelPlugins, observeLab } from "./lib/drift/observe";
import { findProblems } from "./lib/preflight";
import { pullImages } from "./lib/preflight/images";
import { containersOf, nodeServicesOf, publishedServices } from "./lib/settings/services";
import { readSettings } from "./lib/settings/settings";
import { labName, urlOn } from "./lib/shared/names";
import { throwProblems } from "./lib/shared/problems";
import { WEB_USER } from "./lib/shared/webSignIn";
import { contextOf } from "./policy/context";
import { declareWithPolicies } from "./policy/program";

/** Reads the settings, checks the machine, declares the lab and returns its outputs. */
async function main(): Promise<Record<string, unknown>> {
  const settings = readSettings();
  const machine = await inspectMachine();
  const observed = await observeLab(settings, machine);
  const [catalogue, problems, rejected] = await Promise.all([
    readCatalogue(settings, () => installedPanelPlugins(settings, observed)),
    findProblems(settings, machine, observed.host),
    findRejectedConfig(settings, machine, observed),
  ]);
  throwProblems([...catalogue.problems, ...problems, ...rejected]);
  // with their tools, files can be checked that could not be before
  if (!pulumi.runtime.isDryRun() && (await pullImages(settings))) {
    throwProblems(await findRejectedConfig(settings, machine, observed));
  }

  const lab = declareWithPolicies(
    contextOf(machine, settings, __dirname),
    () => new Lab("lab", { settings, machine, observed, catalogue: catalogue.entries }),
  );

  const prefixed = (name: string): string => `${settings.namePrefix}${name}`;
  return {
    ...Object.fromEntries(
      publishedServices(settings).map((key) => [`${key}Url`, urlOn(settings.bindAddress, settings[key].port)]),
    ),
    flaskUrl: lab.flaskApp.url,
    ...(lab.alertmanager === undefined ? {} : { alertReceiver: lab.alertmanager.receiver }),
    ...(settings.remoteWrite.length === 0 ? {} : { remoteWrite: settings.remoteWrite.map(({ url }) => url) }),
    grafanaUser: "admin",
    grafanaAdminPassword: lab.grafana.adminPassword,
    readGrafanaAdminPassword: "make password",
    ...(lab.webPassword === undefined
      ? {}
      : {
          webUser: WEB_USER,
          webPassword: lab.webPassword,
          readWebPassword: "scripts/pulumi stack output webPassword --show-secrets",
        }),
    dashboards: lab.dashboards,
    scrapeInterval: settings.scrapeInterval,
    startTimeout: settings.startTimeout,
    nodeExporterNetwork: settings.nodeExporterNetwork,
    ...(machine.memoryLimit ? {} : { memoryLimit: false }),
    ...(measuresWrites(machine) ? {} : { unmeasuredStorage: machine.storageDriver }),
    ...(settings.engine === "swarm"
      ? { swarm: { services: nodeServicesOf(settings).map(prefixed), nodeLabel: settings.nodeLabel } }
      : {}),
    containers: containersOf(settings).map(prefixed),
    labName: labName(settings.namePrefix),
  };
}

/**
 * Runs the program to its end. Node exits 0 if a promise never settles; Pulumi would then see an empty program and delete
 * every resource.
 */
async function run(): Promise<Record<string, unknown>> {
  const unfinished = (): never => {
    console.error("the program ended before it had declared the lab; nothing was changed");
    process.exit(1);
  };
  process.once("beforeExit", unfinished);
  try {
    return await main();
  } finally {
    process.off("beforeExit", unfinished);
  }
}

export = run;
