import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import * as grafana from "@pulumiverse/grafana";
import { fingerprint, readAsset } from "../assets";
import { LabContainer, LabContext } from "../container";

export interface GrafanaArgs {
  readonly context: LabContext;
  /** URL of Prometheus as Grafana reaches it. */
  readonly prometheusUrl: string;
}

/** The datasource's uid, by which every dashboard addresses it. */
export const DATASOURCE_UID = "prometheus";
const FOLDER_UID = "observability-lab";
const PORT = 3000;
const PASSWORD_FILE = "/etc/grafana/admin_password";

/** Grafana with its datasource and a folder; dashboards are given its provider. */
export class Grafana extends pulumi.ComponentResource {
  /** URL as seen from the host. */
  readonly url: string;
  /** Password of the user `admin`, a secret. */
  readonly adminPassword: pulumi.Output<string>;
  /** Signed in as admin once Grafana answers. */
  readonly provider: grafana.Provider;
  /** uid of the folder that holds the lab's dashboards. */
  readonly folderUid: pulumi.Output<string>;
  /** The container: what Grafana holds goes with it. */
  readonly container: pulumi.Resource;

  constructor(name: string, args: GrafanaArgs, options?: pulumi.ComponentResourceOptions) {
    super("observability-lab:monitoring:Grafana", name, {}, options);
    const { settings } = args.context;
    this.adminPassword = pulumi.secret(settings.grafanaAdminPassword ?? generatePassword(name, this));
    const container = createContainer(name, args.context, this.adminPassword, this);
    this.url = container.url;
    this.container = container.container;
    const password = enforcePassword(name, container, args.context, this.adminPassword, this);
    this.provider = new grafana.Provider(
      `${name}-provider`,
      // the URL is known in a preview; what makes it answer is named as a dependency
      { url: this.url, auth: pulumi.interpolate`admin:${this.adminPassword}` },
      { parent: this, dependsOn: password },
    );
    createDatasource(name, args, this);
    this.folderUid = createFolder(name, this).uid;
    this.registerOutputs({ url: this.url, adminPassword: this.adminPassword });
  }
}

/** A password made once and kept in the state. */
function generatePassword(name: string, parent: pulumi.Resource): pulumi.Output<string> {
  return new local.Command(
    `${name}-generated-password`,
    { create: "head -c 18 /dev/urandom | base64 | tr '+/' '-_'", logging: "none" },
    { parent, additionalSecretOutputs: ["stdout"] },
  ).stdout;
}

function createContainer(
  name: string,
  context: LabContext,
  password: pulumi.Output<string>,
  parent: pulumi.Resource,
): LabContainer {
  return new LabContainer(
    name,
    {
      context,
      hostname: "grafana",
      service: context.settings.grafana,
      internalPort: PORT,
      healthPath: "/api/health",
      envs: grafanaEnvironment(),
      dataPath: "/var/lib/grafana",
      // owned by root and read by Grafana's user: the engine takes no owner that the host's passwd does not know
      uploads: [{ file: PASSWORD_FILE, content: password, permissions: "0444" }],
    },
    { parent },
  );
}

/** Grafana's own settings: nobody gets in without a password, and nothing is told to or asked of the internet. */
export function grafanaEnvironment(): string[] {
  return [
    `GF_SECURITY_ADMIN_PASSWORD__FILE=${PASSWORD_FILE}`,
    "GF_AUTH_ANONYMOUS_ENABLED=false",
    "GF_USERS_ALLOW_SIGN_UP=false",
    "GF_ANALYTICS_REPORTING_ENABLED=false",
    "GF_ANALYTICS_CHECK_FOR_UPDATES=false",
    "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES=false",
    "GF_NEWS_NEWS_FEED_ENABLED=false",
    "GF_PLUGINS_PREINSTALL_DISABLED=true",
    "GF_LOG_LEVEL=warn",
  ];
}

function enforcePassword(
  name: string,
  container: LabContainer,
  { settings }: LabContext,
  password: pulumi.Output<string>,
  parent: pulumi.Resource,
): local.Command {
  const script = readAsset("grafana", "admin-password.js");
  return new local.Command(
    `${name}-admin-password`,
    {
      // a failure shows the command, so the script is not in it
      create: 'node -e "$SCRIPT"',
      environment: {
        SCRIPT: script,
        GRAFANA_URL: container.url,
        GRAFANA_CONTAINER: `${settings.namePrefix}grafana`,
        GRAFANA_PASSWORD: password,
      },
      logging: "none",
      triggers: [fingerprint(script)],
    },
    { parent, dependsOn: container.container },
  );
}

function createDatasource(name: string, { context, prometheusUrl }: GrafanaArgs, parent: Grafana): void {
  new grafana.oss.DataSource(
    `${name}-datasource`,
    {
      uid: DATASOURCE_UID,
      name: "Prometheus",
      type: "prometheus",
      url: prometheusUrl,
      accessMode: "proxy",
      isDefault: true,
      jsonDataEncoded: JSON.stringify({ httpMethod: "POST", timeInterval: context.settings.scrapeInterval }),
    },
    { parent, provider: parent.provider, deletedWith: parent.container },
  );
}

function createFolder(name: string, parent: Grafana): grafana.oss.Folder {
  return new grafana.oss.Folder(
    `${name}-folder`,
    { uid: FOLDER_UID, title: "Observability lab" },
    { parent, provider: parent.provider, deletedWith: parent.container },
  );
}
