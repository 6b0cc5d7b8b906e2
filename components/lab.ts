import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { ownDashboards } from "../dashboards";
import { REFRESH } from "../dashboards/panels";
import { CatalogueEntry } from "../dashboards/community/entry";
import { importDashboard } from "../dashboards/community/import";
import { describeNewUid } from "../dashboards/community/uid";
import { GRAFANA_KEY } from "../lib/docker/grafanaKey";
import { removeOrphan } from "../lib/docker/orphans";
import { MISSING, replaceOnDrift } from "../lib/drift/drift";
import { DATASOURCE_UID } from "../lib/drift/grafana";
import { dataVolumes } from "../lib/settings/services";
import { dataVolumeName, LAB_LABEL, labName, REASON_LABEL } from "../lib/shared/names";
import { createOverlay } from "./container/overlay";
import { Teardown } from "./container/teardown";
import { createWebPassword, passwordPrograms } from "./container/webPassword";
import { LabContext } from "./context";
import { CommunityDashboard } from "./dashboards/communityDashboard";
import { OwnDashboard } from "./dashboards/ownDashboard";
import { Alertmanager } from "./monitoring/alertmanager";
import { BlackboxExporter } from "./monitoring/blackboxExporter";
import { Cadvisor } from "./monitoring/cadvisor";
import { Grafana } from "./monitoring/grafana";
import { NodeExporter } from "./monitoring/nodeExporter";
import { Prometheus } from "./monitoring/prometheus";
import { Pushgateway } from "./monitoring/pushgateway";
import { SwarmDiscovery } from "./monitoring/swarmDiscovery";
import { AnsiblePlaybook } from "./workloads/ansiblePlaybook";
import { FlaskApp } from "./workloads/flaskApp";

export interface LabArgs extends Pick<LabContext, "settings" | "machine" | "observed"> {
  /** The community dashboards, read from their catalogue. */
  readonly catalogue: readonly CatalogueEntry[];
}

/** The whole lab, declared in the order in which data flows: exporters and workloads, Prometheus, Grafana, dashboards. */
export class Lab extends pulumi.ComponentResource {
  /** Password of the programs that require one; undefined if none does. */
  readonly webPassword: pulumi.Output<string> | undefined;
  readonly pushgateway: Pushgateway;
  readonly flaskApp: FlaskApp;
  /** Undefined without `alertWebhook`. */
  readonly alertmanager: Alertmanager | undefined;
  readonly prometheus: Prometheus;
  readonly grafana: Grafana;
  /** uids of the dashboards. */
  readonly dashboards: readonly string[];

  constructor(name: string, args: LabArgs, options?: pulumi.ComponentResourceOptions) {
    super("observability-lab:components:Lab", name, {}, options);
    const { settings, machine, observed } = args;
    const parent = { parent: this };
    const lab = labName(settings.namePrefix);
    const teardown = new Teardown(
      name,
      {
        lab,
        keep: settings.keepData ? [...dataVolumes(settings), dataVolumeName(settings, GRAFANA_KEY)] : [],
        graceful: settings.keepData || settings.remoteWrite.length > 0,
      },
      parent,
    );
    const network = createNetwork(name, { settings, observed, teardown }, this);
    const overlay =
      settings.engine === "swarm" ? createOverlay(name, { settings, machine, observed, teardown }, this) : undefined;
    const programs = passwordPrograms(settings);
    this.webPassword = programs.size === 0 ? undefined : createWebPassword("web", settings, this);
    const password = { passwordPrograms: programs, webPassword: this.webPassword };
    const context: LabContext = { settings, machine, observed, network, overlay, teardown, ...password };
    const discovery = overlay === undefined ? undefined : new SwarmDiscovery("swarm-discovery", { context }, parent);

    new NodeExporter("node-exporter", { context }, parent);
    new Cadvisor("cadvisor", { context }, parent);
    this.pushgateway = new Pushgateway("pushgateway", { context }, parent);
    this.flaskApp = new FlaskApp("flask", { context }, parent);
    new AnsiblePlaybook("ansible", { context, pushgateway: this.pushgateway }, parent);

    if (settings.probes.length > 0) {
      new BlackboxExporter("blackbox-exporter", { context }, parent);
    }
    this.alertmanager =
      settings.alertWebhook === undefined
        ? undefined
        : new Alertmanager("alertmanager", { context, webhook: settings.alertWebhook }, parent);
    this.prometheus = new Prometheus(
      "prometheus",
      { context, alertmanager: this.alertmanager?.target, discovery: discovery?.folder },
      parent,
    );

    // the hours of the authors' time range would be nearly empty in a new lab
    const timeSettings = { time: { from: `now-${settings.dashboardRange}`, to: "now" }, refresh: REFRESH };
    const community = args.catalogue.map((entry) => ({
      id: entry.id,
      model: { ...importDashboard(entry, DATASOURCE_UID), ...timeSettings },
      newUid: describeNewUid(entry),
    }));
    const own = ownDashboards(settings);
    this.dashboards = [
      ...community.map(({ model }) => model.uid),
      ...own.map(({ name: dashboard, model }) => model.uid ?? dashboard),
    ];
    this.grafana = new Grafana(
      "grafana",
      { context, prometheusUrl: this.prometheus.internalUrl, dashboards: new Set(this.dashboards) },
      parent,
    );
    for (const { id, model, newUid } of community) {
      new CommunityDashboard(`community-${String(id)}`, { model, newUid, grafana: this.grafana }, parent);
    }
    for (const { name: dashboard, model, home } of own) {
      new OwnDashboard(dashboard, { model, home, grafana: this.grafana }, parent);
    }

    this.registerOutputs({ dashboards: this.dashboards });
  }
}

function createNetwork(
  name: string,
  { settings, observed, teardown }: Pick<LabContext, "settings" | "observed" | "teardown">,
  parent: pulumi.Resource,
): docker.Network {
  const lab = labName(settings.namePrefix);
  const drift = observed.network === undefined ? MISSING : undefined;
  const { reason, options: repair } = replaceOnDrift(observed, `the network ${lab}`, drift, "labels[1].value");
  return new docker.Network(
    `${name}-network`,
    {
      name: lab,
      driver: "bridge",
      // Docker may give every network IPv6 (`default-network-opts`): a second subnet, which has no setting
      options: { "com.docker.network.enable_ipv6": "false" },
      ipamConfigs: [{ subnet: settings.subnet, gateway: settings.gateway }],
      labels: [
        { label: LAB_LABEL, value: lab },
        { label: REASON_LABEL, value: reason },
      ],
    },
    {
      parent,
      dependsOn: teardown.all,
      deletedWith: teardown.all,
      // name and subnet are fixed, so the old network has to be deleted first
      deleteBeforeReplace: true,
      hooks: { beforeCreate: [() => removeOrphan("networks", lab, lab)] },
      // networks of earlier versions lack the option, and are not replaced for it
      ignoreChanges: ["ipv6", "options", ...repair.ignoreChanges],
    },
  );
}
