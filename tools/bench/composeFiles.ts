import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { stringify } from "yaml";
import { cadvisorPaths } from "../../components/monitoring/cadvisor";
import { hostView, nodeExporterFlags, USER } from "../../components/monitoring/nodeExporter";
import { renderPrometheusConfig } from "../../components/monitoring/prometheus";
import { KEY_FILE } from "../../lib/docker/grafanaKey";
import { Machine } from "../../lib/docker/machine";
import { describeFiles, RECORD } from "../../lib/drift/files";
import { PASSWORD_FILE } from "../../lib/drift/observe";
import { Settings } from "../../lib/settings/settings";
import { alertRules } from "../../lib/shared/alertRules";
import { containersOf } from "../../lib/settings/services";
import { connectHost } from "../../lib/shared/names";
import { LabOutputs } from "../verify/lab";
import { Workspace } from "./workspace";

/** Writes the files that the scripts of tools/bench/compose read, but for the dashboards. */
export function writeComposeFiles(place: Workspace, settings: Settings, machine: Machine): void {
  const write = (file: string, content: string, mode = 0o644): void => {
    fs.mkdirSync(path.dirname(path.join(place.folder, file)), { recursive: true });
    fs.writeFileSync(path.join(place.folder, file), content, { mode });
  };
  write(".env", environmentFile(place, settings));
  write("machine.yaml", stringify(machineFile(settings, machine)));
  // with the record of them, which `verify` looks for
  const writeFolder = (folder: string, files: ReadonlyMap<string, string>): void => {
    [...files, [RECORD, describeFiles(files)] as const].forEach(([file, content]) => {
      write(`${folder}/${file}`, content);
    });
  };
  writeFolder(
    "prometheus",
    new Map([
      ["prometheus.yml", renderPrometheusConfig(settings)],
      ...alertRules().map(({ file, content }) => [file, content] as const),
    ]),
  );
  if (!fs.existsSync(passwordFile(place))) {
    // read by Grafana's own user, in a folder that only this user enters
    writeFolder("grafana", new Map([[PASSWORD_FILE, randomBytes(18).toString("base64url")]]));
    write(`grafana-key/${KEY_FILE}`, randomBytes(32).toString("hex"));
  }
}

/** The running containers in the form that `verify` reads. */
export function composeOutputs(place: Workspace, settings: Settings): LabOutputs {
  const { namePrefix, bindAddress, scrapeInterval, nodeExporterNetwork } = settings;
  const url = (port: number): string => `http://${connectHost(bindAddress)}:${String(port)}`;
  return {
    labName: place.lab,
    prometheusUrl: url(settings.prometheus.port),
    grafanaUrl: url(settings.grafana.port),
    flaskUrl: url(settings.flaskPort),
    grafanaUser: "admin",
    grafanaAdminPassword: fs.readFileSync(passwordFile(place), "utf8"),
    containers: containersOf({}).map((name) => `${namePrefix}${name}`),
    dashboards: fs.readdirSync(path.join(place.folder, "dashboards")).map((file) => path.parse(file).name),
    scrapeInterval,
    nodeExporterNetwork,
  };
}

function passwordFile({ folder }: Workspace): string {
  return path.join(folder, "grafana", PASSWORD_FILE);
}

function environmentFile({ lab, prefix }: Workspace, settings: Settings): string {
  const { bindAddress, subnet, gateway, retention, scrapeInterval, flaskPort } = settings;
  const address = connectHost(bindAddress);
  const services = {
    PROMETHEUS: settings.prometheus,
    GRAFANA: settings.grafana,
    NODE_EXPORTER: settings.nodeExporter,
    CADVISOR: settings.cadvisor,
    PUSHGATEWAY: settings.pushgateway,
  };
  const lines = Object.entries({ LAB: lab, PREFIX: prefix, BIND: bindAddress, ADDRESS: address }).concat(
    Object.entries({ SUBNET: subnet, GATEWAY: gateway, RETENTION: retention, SCRAPE_INTERVAL: scrapeInterval }),
    Object.entries(services).flatMap(([name, { image, port, memory }]): [string, string][] => [
      [`${name}_IMAGE`, image],
      [`${name}_PORT`, String(port)],
      [`${name}_MEMORY`, String(memory)],
    ]),
    Object.entries({ HEALTH: `${address}:${String(flaskPort)}` }),
    Object.entries({ LISTEN: `"${address}:${String(flaskPort)} ${gateway}:${String(flaskPort)},${subnet}"` }),
  );
  return lines.map(([name, value]) => `${name}=${value}\n`).join("");
}

/** What depends on the machine, as the lab passes it. */
function machineFile(settings: Settings, machine: Machine): object {
  // a dollar would begin a variable of compose
  const literal = (text: string): string => text.replaceAll("$", "$$$$");
  const bind = { type: "bind", read_only: true };
  const { hostPaths, covered } = hostView(machine);
  const services = {
    prometheus: {},
    grafana: {},
    pushgateway: {},
    cadvisor: {
      volumes: cadvisorPaths(settings, machine).map(({ source, target }) => ({ ...bind, source, target })),
    },
    node_exporter: {
      user: USER,
      hostname: machine.hostname,
      command: nodeExporterFlags(settings, machine).map(literal),
      ...(machine.systemd
        ? { environment: ["DBUS_SYSTEM_BUS_ADDRESS=unix:path=/host/run/dbus/system_bus_socket"] }
        : {}),
      volumes: [
        ...hostPaths.map(({ source, target, propagation }) => ({
          ...bind,
          source,
          target,
          ...(propagation === undefined ? {} : { bind: { propagation } }),
        })),
        ...covered.map((target) => ({ type: "tmpfs", target, read_only: true })),
      ],
    },
  };
  const often = machine.dockerMajor >= 25 ? { healthcheck: { interval: "30s", start_interval: "1s" } } : {};
  return {
    services: Object.fromEntries(Object.entries(services).map(([name, service]) => [name, { ...service, ...often }])),
  };
}
