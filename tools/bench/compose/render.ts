// Renders the settings of a lab by docker compose to files, except services and dashboards.
// usage: render.ts FOLDER SETTINGS...     settings files; later ones override earlier ones
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { renderPrometheusConfig } from "../../../components/monitoring/prometheus";
import { KEY_FILE } from "../../../lib/docker/grafanaKey";
import { measuresWrites } from "../../../lib/docker/machine";
import { describeFiles, RECORD } from "../../../lib/drift/files";
import { PASSWORD_FILE } from "../../../lib/drift/observe";
import { containersOf } from "../../../lib/settings/services";
import { readStackFiles } from "../../../lib/settings/stackFiles";
import { alertRules } from "../../../lib/shared/alertRules";
import { connectHost, labName } from "../../../lib/shared/names";
import { throwProblems } from "../../../lib/shared/problems";
import { LabOutputs } from "../../verify/lab";

const [folder = "", ...files] = process.argv.slice(2);
const { settings, problems } = readStackFiles(files);
throwProblems(problems);

function write(name: string, content: ReadonlyMap<string, string>): void {
  fs.mkdirSync(path.join(folder, name), { recursive: true });
  content.forEach((text, file) => {
    fs.writeFileSync(path.join(folder, name, file), text);
  });
}

/** Also writes the checksums that `verify` compares. */
function writeConfig(name: string, content: ReadonlyMap<string, string>): void {
  write(name, new Map([...content, [RECORD, describeFiles(content)]]));
}

const rules = alertRules().map(({ file, content }) => [file, content] as const);
writeConfig("prometheus", new Map([["prometheus.yml", renderPrometheusConfig(settings)], ...rules]));
if (!fs.existsSync(path.join(folder, "grafana"))) {
  writeConfig("grafana", new Map([[PASSWORD_FILE, randomBytes(18).toString("base64url")]]));
  write("grafana-key", new Map([[KEY_FILE, randomBytes(32).toString("hex")]]));
}

const storageDriver = execFileSync("docker", ["info", "--format", "{{.Driver}}"], { encoding: "utf8" }).trim();
const address = connectHost(settings.bindAddress);
const app = `${address}:${String(settings.flaskPort)}`;
const outputs: LabOutputs = {
  labName: labName(settings.namePrefix),
  prometheusUrl: `http://${address}:${String(settings.prometheus.port)}`,
  grafanaUrl: `http://${address}:${String(settings.grafana.port)}`,
  flaskUrl: `http://${app}`,
  grafanaUser: "admin",
  grafanaAdminPassword: fs.readFileSync(path.join(folder, "grafana", PASSWORD_FILE), "utf8"),
  containers: containersOf({}).map((name) => `${settings.namePrefix}${name}`),
  dashboards: fs.readdirSync(path.join(folder, "dashboards")).map((file) => path.parse(file).name),
  scrapeInterval: settings.scrapeInterval,
  nodeExporterNetwork: settings.nodeExporterNetwork,
  ...(measuresWrites({ storageDriver }) ? {} : { unmeasuredStorage: storageDriver }),
};
const variables = Object.entries({
  SUBNET: settings.subnet,
  GATEWAY: settings.gateway,
  GRAFANA_URL: outputs.grafanaUrl,
  PUSHGATEWAY_URL: `http://${address}:${String(settings.pushgateway.port)}`,
  SCRAPE_INTERVAL: settings.scrapeInterval,
  HEALTH: app,
  LISTEN: `${app} ${settings.gateway}:${String(settings.flaskPort)},${settings.subnet}`,
}).map(([name, value]) => `export ${name}="${value}"\n`);
fs.writeFileSync(path.join(folder, "outputs.json"), JSON.stringify(outputs));
fs.writeFileSync(path.join(folder, "lab.env"), variables.join(""));
