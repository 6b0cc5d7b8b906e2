import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import * as grafana from "@pulumiverse/grafana";
import { ensureKey, GENERATED, GRAFANA_KEY, KEY_FILE, KEY_FOLDER } from "../../lib/docker/grafanaKey";
import { MISSING, replaceOnDrift } from "../../lib/drift/drift";
import { DATASOURCE_NAME } from "../../dashboards/community/import";
import { DATASOURCE_UID, datasourceDrift } from "../../lib/drift/grafana";
import { ObservedLab, PASSWORD_FILE } from "../../lib/drift/observe";
import type { Settings } from "../../lib/settings/settings";
import { fingerprint, readAsset } from "../../lib/shared/assets";
import { dataVolumeName } from "../../lib/shared/names";
import { WEB_USER } from "../../lib/shared/webSignIn";
import { createDataVolume } from "../container/dataVolume";
import { LabContainer } from "../container/labContainer";
import { CONFIG_FOLDER, specOf } from "../container/spec";
import { generatePassword, WEB_CONFIG } from "../container/webPassword";
import { ComponentArgs, LabContext } from "../context";
import { GrafanaApi } from "./grafanaApi";
import { createFolder } from "./grafanaFolder";

export interface GrafanaArgs extends ComponentArgs {
  /** URL of Prometheus as seen from Grafana. */
  readonly prometheusUrl: string;
  /** uids of the lab's own and the community's dashboards. */
  readonly dashboards: ReadonlySet<string>;
}

/** Grafana with its datasource and a folder; dashboards use its provider. */
export class Grafana extends pulumi.ComponentResource {
  /** URL as seen from the host. */
  readonly url: string;
  /** Password of the user `admin`, a secret. */
  readonly adminPassword: pulumi.Output<string>;
  /** Signs in as admin; its resources depend on the folder. */
  readonly provider: grafana.Provider;
  /** uid of the folder that holds the lab's dashboards. */
  readonly folderUid: pulumi.Output<string>;
  /** The volume with its data: Grafana's contents are removed with it, and survive a replacement of the container. */
  readonly data: pulumi.Resource | undefined;
  /** The lab as it was before this update. */
  readonly observed: ObservedLab;
  /** For calls that the provider lacks. */
  readonly api: GrafanaApi;

  constructor(name: string, args: GrafanaArgs, options?: pulumi.ComponentResourceOptions) {
    super("observability-lab:monitoring:Grafana", name, {}, options);
    const { settings } = args.context;
    this.adminPassword = pulumi.secret(settings.grafanaAdminPassword ?? generatePassword(name, this));
    const container = createContainer(name, args.context, this.adminPassword, this);
    this.url = container.url;
    this.data = container.data;
    this.observed = args.context.observed;
    this.api = new GrafanaApi(this.url, this.adminPassword);
    const password = enforcePassword(name, container, args.context, this.adminPassword, this);
    this.provider = new grafana.Provider(
      `${name}-provider`,
      { url: this.url, auth: pulumi.interpolate`admin:${this.adminPassword}` },
      { parent: this },
    );
    // the provider starts beside Grafana, and is used once the admin can sign in
    const shared = { parent: this, provider: this.provider, dependsOn: password, deletedWith: this.data };
    createDatasource(name, args, this, shared);
    this.folderUid = createFolder(name, this.api, args.dashboards, shared).uid;
    this.registerOutputs({ url: this.url, adminPassword: this.adminPassword });
  }
}

function createContainer(
  name: string,
  context: LabContext,
  password: pulumi.Output<string>,
  parent: pulumi.Resource,
): LabContainer {
  const { settings } = context;
  const key = createDataVolume(GRAFANA_KEY, { context, hostname: GRAFANA_KEY }, parent);
  return new LabContainer(
    name,
    {
      context,
      ...specOf("grafana", settings),
      healthPath: "/api/health",
      envs: grafanaEnvironment(settings),
      dataKey: { mark: GENERATED, ensure: () => ensureKey(settings) },
      uploads: [{ file: PASSWORD_FILE, content: password }],
      shared: [{ name: dataVolumeName(settings, GRAFANA_KEY), volume: key, path: KEY_FOLDER, readOnly: true }],
      scratch: ["/tmp"],
    },
    { parent },
  );
}

/**
 * Plugins bundled with Grafana 13 besides Prometheus and the core panels: datasources with a process each, and apps. See
 * grafana/grafana#129166.
 */
const BUNDLED_PLUGINS = [
  "elasticsearch",
  "grafana-postgresql-datasource",
  "grafana-pyroscope-datasource",
  "influxdb",
  "jaeger",
  "loki",
  "mssql",
  "mysql",
  "opentsdb",
  "stackdriver",
  "tempo",
  "zipkin",
  "grafana-advisor-app",
  "grafana-exploretraces-app",
  "grafana-lokiexplore-app",
  "grafana-metricsdrilldown-app",
  "grafana-pyroscope-app",
] as const;

/** Grafana's settings: a password is required, and nothing is sent to or read from the internet. */
function grafanaEnvironment({ grafanaBundledPlugins }: Pick<Settings, "grafanaBundledPlugins">): string[] {
  // Grafana expands files itself, so no secret is in an environment
  const key = `$__file{${KEY_FOLDER}/${KEY_FILE}}`;
  return [
    `GF_SECURITY_ADMIN_PASSWORD=$__file{${CONFIG_FOLDER}/${PASSWORD_FILE}}`,
    `GF_SECURITY_SECRET_KEY=${key}`,
    // Grafana 12 and later: a second section with the same well-known default (conf/defaults.ini)
    `GF_SECRETS_MANAGER_ENCRYPTION_SECRET_KEY_V1_SECRET_KEY=${key}`,
    // the token of an image renderer, "-" by default; the lab has no renderer
    `GF_RENDERING_RENDERER_TOKEN=${key}`,
    "GF_AUTH_ANONYMOUS_ENABLED=false",
    "GF_USERS_ALLOW_SIGN_UP=false",
    "GF_ANALYTICS_REPORTING_ENABLED=false",
    "GF_ANALYTICS_CHECK_FOR_UPDATES=false",
    "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES=false",
    "GF_NEWS_NEWS_FEED_ENABLED=false",
    "GF_SECURITY_DISABLE_GRAVATAR=true",
    "GF_SNAPSHOTS_EXTERNAL_ENABLED=false",
    "GF_PLUGINS_PREINSTALL_DISABLED=true",
    "GF_PLUGINS_PUBLIC_KEY_RETRIEVAL_DISABLED=true",
    ...(grafanaBundledPlugins ? [] : [`GF_PLUGINS_DISABLE_PLUGINS=${BUNDLED_PLUGINS.join(",")}`]),
    "GF_LOG_LEVEL=warn",
  ];
}

function enforcePassword(
  name: string,
  container: LabContainer,
  { settings, observed }: LabContext,
  password: pulumi.Output<string>,
  parent: pulumi.Resource,
): local.Command {
  const script = readAsset("grafana", "admin-password.js");
  const { reason, options: repair } = replaceOnDrift(
    observed,
    "the admin's password",
    observed.grafana.password,
    "triggers[1]",
  );
  return new local.Command(
    `${name}-admin-password`,
    {
      // an error shows the command, so the script is in the environment
      create: 'node -e "$SCRIPT"',
      environment: {
        SCRIPT: script,
        GRAFANA_URL: container.url,
        GRAFANA_CONTAINER: `${settings.namePrefix}grafana`,
        // secret only once known: the provider empties an unknown secret, and a saved plan would require an empty password
        GRAFANA_PASSWORD: pulumi.unsecret(password).apply((it) => pulumi.secret(it)),
      },
      logging: "none",
      triggers: [fingerprint(script), reason],
    },
    { parent, dependsOn: container.container, ...repair },
  );
}

function createDatasource(
  name: string,
  { context, prometheusUrl }: GrafanaArgs,
  { observed, api }: Grafana,
  shared: pulumi.CustomResourceOptions,
): void {
  const password = context.passwordPrograms.has("prometheus") ? context.webPassword : undefined;
  const declared = { type: "prometheus", url: prometheusUrl, access: "proxy", isDefault: true };
  const prometheus = context.observed.containers.get(`${context.settings.namePrefix}prometheus`);
  // a password that Prometheus does not require yet is a new setting
  const signsIn = password !== undefined && prometheus?.files?.has(WEB_CONFIG) === true;
  const found = signsIn ? { ...declared, basicAuth: true, basicAuthUser: WEB_USER } : declared;
  const drift = datasourceDrift(observed.grafana.found, found);
  const { reason, options: repair } = replaceOnDrift(context.observed, "the datasource", drift, "databaseName");
  new grafana.oss.DataSource(
    `${name}-datasource`,
    {
      uid: DATASOURCE_UID,
      name: DATASOURCE_NAME,
      type: declared.type,
      url: declared.url,
      accessMode: declared.access,
      isDefault: declared.isDefault,
      ...(password === undefined
        ? {}
        : {
            basicAuthEnabled: true,
            basicAuthUsername: WEB_USER,
            secureJsonDataEncoded: pulumi.jsonStringify({ basicAuthPassword: password }),
          }),
      jsonDataEncoded: JSON.stringify({ httpMethod: "POST", timeInterval: context.settings.scrapeInterval }),
      // records the drift reason in a field that Prometheus ignores
      databaseName: reason,
    },
    {
      ...shared,
      deleteBeforeReplace: true,
      replaceOnChanges: drift === MISSING ? ["databaseName"] : [],
      // the provider cannot adopt a datasource that is already in the volume
      hooks: {
        beforeCreate: [() => api.call("DELETE", `/api/datasources/uid/${DATASOURCE_UID}`).then(() => undefined)],
      },
      ...repair,
    },
  );
}
