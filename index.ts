import { readCatalogue } from "./components/dashboards/catalogue";
import { throwFaults } from "./components/faults";
import { Lab } from "./components/lab";
import { inspectMachine } from "./components/machine";
import { CONTAINERS, labName } from "./components/names";
import { findObstacles } from "./components/preflight";
import { readSettings } from "./components/settings";
import { labFolder, readAppState } from "./components/workloads/appRecord";

/** Settings -> what stands in the way, all of it at once -> the lab -> outputs. */
async function main(): Promise<Record<string, unknown>> {
  const settings = readSettings();
  const folder = labFolder(labName(settings.namePrefix));
  const [machine, app, catalogue] = await Promise.all([
    inspectMachine(),
    readAppState(folder),
    readCatalogue(settings),
  ]);
  throwFaults([...catalogue.faults, ...(await findObstacles(settings, machine, app, folder))]);

  const lab = new Lab("lab", { settings, machine, app, catalogue: catalogue.entries });

  return {
    prometheusUrl: lab.prometheus.url,
    grafanaUrl: lab.grafana.url,
    nodeExporterUrl: lab.nodeExporter.url,
    cadvisorUrl: lab.cadvisor.url,
    pushgatewayUrl: lab.pushgateway.url,
    flaskUrl: lab.flaskApp.url,
    grafanaUser: "admin",
    grafanaAdminPassword: lab.grafana.adminPassword,
    readGrafanaAdminPassword: "make password, or pulumi stack output grafanaAdminPassword --show-secrets",
    dashboards: lab.dashboards,
    scrapeInterval: settings.scrapeInterval,
    nodeExporterNetwork: settings.nodeExporterNetwork,
    containers: CONTAINERS.map((name) => `${settings.namePrefix}${name}`),
    labName: labName(settings.namePrefix),
  };
}

export = main;
