import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { LabContext } from "./container";
import { ownDashboards } from "./dashboards";
import { CatalogueEntry } from "./dashboards/catalogue";
import { CommunityDashboard } from "./dashboards/communityDashboard";
import { OwnDashboard } from "./dashboards/ownDashboard";
import { Machine } from "./machine";
import { Cadvisor } from "./monitoring/cadvisor";
import { Grafana } from "./monitoring/grafana";
import { NodeExporter } from "./monitoring/nodeExporter";
import { Prometheus } from "./monitoring/prometheus";
import { Pushgateway } from "./monitoring/pushgateway";
import { LAB_LABEL, labName } from "./names";
import { Settings } from "./settings";
import { AnsiblePlaybook } from "./workloads/ansiblePlaybook";
import { AppState } from "./workloads/appRecord";
import { FlaskApp } from "./workloads/flaskApp";

export interface LabArgs {
  readonly settings: Settings;
  readonly machine: Machine;
  /** The community dashboards, read from their catalogue. */
  readonly catalogue: readonly CatalogueEntry[];
  /** Whether the Flask app of an earlier update still answers. */
  readonly app: AppState;
}

/** A whole lab, in the order in which its data flows: what is measured, who collects it, who shows it. */
export class Lab extends pulumi.ComponentResource {
  readonly nodeExporter: NodeExporter;
  readonly cadvisor: Cadvisor;
  readonly pushgateway: Pushgateway;
  readonly flaskApp: FlaskApp;
  readonly ansiblePlaybook: AnsiblePlaybook;
  readonly prometheus: Prometheus;
  readonly grafana: Grafana;
  /** uids of the dashboards. */
  readonly dashboards: readonly string[];

  constructor(name: string, args: LabArgs, options?: pulumi.ComponentResourceOptions) {
    super("observability-lab:components:Lab", name, {}, options);
    const { settings, machine } = args;
    const parent = { parent: this };
    const context: LabContext = { settings, machine, network: createNetwork(name, settings, this) };

    this.nodeExporter = new NodeExporter("node-exporter", { context }, parent);
    this.cadvisor = new Cadvisor("cadvisor", { context }, parent);
    this.pushgateway = new Pushgateway("pushgateway", { context }, parent);
    this.flaskApp = new FlaskApp("flask", { context, state: args.app }, parent);
    this.ansiblePlaybook = new AnsiblePlaybook(
      "ansible",
      { lab: labName(settings.namePrefix), pushgateway: this.pushgateway },
      parent,
    );

    this.prometheus = new Prometheus("prometheus", { context }, parent);

    this.grafana = new Grafana("grafana", { context, prometheusUrl: this.prometheus.internalUrl }, parent);
    this.dashboards = [
      ...args.catalogue.map(
        (entry) => new CommunityDashboard(`community-${String(entry.id)}`, { entry, grafana: this.grafana }, parent),
      ),
      ...ownDashboards(settings).map(
        ({ name: own, model, home }) => new OwnDashboard(own, { model, home, grafana: this.grafana }, parent),
      ),
    ].map(({ uid }) => uid);

    this.registerOutputs({ dashboards: this.dashboards });
  }
}

function createNetwork(
  name: string,
  { namePrefix, subnet, gateway }: Settings,
  parent: pulumi.Resource,
): docker.Network {
  const lab = labName(namePrefix);
  return new docker.Network(
    `${name}-network`,
    {
      name: lab,
      driver: "bridge",
      ipamConfigs: [{ subnet, gateway }],
      labels: [{ label: LAB_LABEL, value: lab }],
    },
    // its name and its subnet are fixed, so the old one has to go first
    { parent, deleteBeforeReplace: true },
  );
}
