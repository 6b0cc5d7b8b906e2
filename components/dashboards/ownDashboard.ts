import {
  BigValueColorMode,
  BigValueGraphMode,
  LegendDisplayMode,
  LegendPlacement,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
  TooltipDisplayMode,
} from "@grafana/grafana-foundation-sdk/common";
import {
  Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TimeseriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import * as pulumi from "@pulumi/pulumi";
import * as grafana from "@pulumiverse/grafana";
import { DATASOURCE_UID, Grafana } from "../monitoring/grafana";

export interface OwnDashboardArgs {
  /** The dashboard's model, with a uid. */
  readonly model: Dashboard;
  readonly grafana: Grafana;
}

/** A dashboard that this project writes itself, in the lab's folder. */
export class OwnDashboard extends pulumi.ComponentResource {
  readonly uid: string;

  constructor(name: string, args: OwnDashboardArgs, options?: pulumi.ComponentResourceOptions) {
    super("observability-lab:dashboards:OwnDashboard", name, {}, options);
    this.uid = args.model.uid ?? name;
    new grafana.oss.Dashboard(
      `${name}-dashboard`,
      { configJson: JSON.stringify(args.model), folder: args.grafana.folderUid, overwrite: true },
      { parent: this, provider: args.grafana.provider, deletedWith: args.grafana.container },
    );
    this.registerOutputs({ uid: this.uid });
  }
}

const DATASOURCE = { type: "prometheus", uid: DATASOURCE_UID };
/** A stat panel is this many of Grafana's 24 columns wide. */
const STAT_SPAN = 6;
const STAT_HEIGHT = 4;
const GRAPH_HEIGHT = 8;

/** Numbers the panels: links and the renderer find a panel by its number. */
class NumberingBuilder extends DashboardBuilder {
  override build(): Dashboard {
    const dashboard = super.build();
    return { ...dashboard, panels: dashboard.panels?.map((panel, index) => ({ ...panel, id: index + 1 })) };
  }
}

/** The beginning of every dashboard of the lab: what they have in common. */
export function newDashboard(title: string, uid: string, tag: string): DashboardBuilder {
  return new NumberingBuilder(title)
    .uid(uid)
    .tags(["observability-lab", tag])
    .readonly()
    .refresh("5s")
    .time({ from: "now-15m", to: "now" })
    .timezone("browser")
    .tooltip(DashboardCursorSync.Crosshair);
}

/** A query of the lab's Prometheus. */
export function query(expr: string, legend = ""): DataqueryBuilder {
  return new DataqueryBuilder().datasource(DATASOURCE).expr(expr).legendFormat(legend).range();
}

/** A query of the newest value only. */
export function queryNow(expr: string, legend = ""): DataqueryBuilder {
  return new DataqueryBuilder().datasource(DATASOURCE).expr(expr).legendFormat(legend).instant();
}

/** A panel with one big number. */
export function stat(title: string, description: string): StatBuilder {
  return new StatBuilder()
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .colorMode(BigValueColorMode.Background)
    .graphMode(BigValueGraphMode.None)
    .span(STAT_SPAN)
    .height(STAT_HEIGHT);
}

/** A panel with lines over time, half as wide as the dashboard. */
export function graph(title: string, description: string): TimeseriesBuilder {
  return new TimeseriesBuilder()
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .min(0)
    .fillOpacity(10)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs(["lastNotNull", "max"]),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi))
    .span(12)
    .height(GRAPH_HEIGHT);
}

/** Colours by value: the first from below everything, each further one from its value on. */
export function thresholds(first: string, ...steps: [number, string][]): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([{ value: null, color: first }, ...steps.map(([value, color]) => ({ value, color }))]);
}
