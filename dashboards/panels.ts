import { PanelBuilder as BarGaugeBuilder } from "@grafana/grafana-foundation-sdk/bargauge";
import {
  BigValueColorMode,
  BigValueGraphMode,
  LegendDisplayMode,
  LegendPlacement,
  TableSortByFieldStateBuilder,
  TimelineValueAlignment,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import {
  Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  MappingType,
  QueryVariableBuilder,
  SpecialValueMatch,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  ValueMapping,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as StateTimelineBuilder } from "@grafana/grafana-foundation-sdk/statetimeline";
import { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import { PanelBuilder as TimeseriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { DATASOURCE_UID } from "../lib/drift/grafana";

const DATASOURCE = { type: "prometheus", uid: DATASOURCE_UID };
const TAG = "observability-lab";
/** Of Grafana's 24 columns: six numbers in a row, or two graphs. */
const STAT_SPAN = 4;
const GRAPH_SPAN = 12;
const STAT_HEIGHT = 4;
const GRAPH_HEIGHT = 8;
const TIMELINE_HEIGHT = 6;

/** Neutral colour, in the dark and the light theme. */
export const GREY = "#808080";

/** Refresh interval of the lab's dashboards. */
export const REFRESH = "5s";
/** Range of a rate: Grafana makes it long enough for four scrapes. */
export const RATE = "[$__rate_interval]";

/** Numbers the panels, as links and the renderer refer to a panel by its id. */
class NumberingBuilder extends DashboardBuilder {
  override build(): Dashboard {
    const dashboard = super.build();
    return { ...dashboard, panels: dashboard.panels?.map((panel, index) => ({ ...panel, id: index + 1 })) };
  }
}

/** The common part of all dashboards of the lab. */
export function newDashboard(title: string, uid: string, tag: string): DashboardBuilder {
  return new NumberingBuilder(title)
    .uid(uid)
    .tags([TAG, tag])
    .readonly()
    .refresh(REFRESH)
    .time({ from: "now-15m", to: "now" })
    .timezone("browser")
    .tooltip(DashboardCursorSync.Crosshair)
    .link(linkTo("The lab's own dashboards", [TAG]))
    .link(linkTo("All dashboards", []).asDropdown(true));
}

/** Links to all other dashboards with these tags. */
function linkTo(title: string, tags: string[]): DashboardLinkBuilder {
  return new DashboardLinkBuilder(title).type(DashboardLinkType.Dashboards).tags(tags).keepTime(true);
}

/** A variable with the values of a metric's label; multiple choice, all by default. */
export function labelVariable(label: string, metric: string): QueryVariableBuilder {
  return (
    new QueryVariableBuilder(label)
      .datasource(DATASOURCE)
      .query(`label_values(${metric}, ${label})`)
      .refresh(VariableRefresh.OnTimeRangeChanged)
      .sort(VariableSort.AlphabeticalAsc)
      .multi(true)
      .includeAll(true)
      // so that All includes later values
      .allValue(".*")
      .current({ selected: true, text: ["All"], value: ["$__all"] })
  );
}

/** A query of the lab's Prometheus. */
export function query(expr: string, legend = ""): DataqueryBuilder {
  return new DataqueryBuilder().datasource(DATASOURCE).refId("A").expr(expr).legendFormat(legend).range();
}

/** An instant query. */
export function queryNow(expr: string, legend = ""): DataqueryBuilder {
  return new DataqueryBuilder().datasource(DATASOURCE).refId("A").expr(expr).legendFormat(legend).instant();
}

/** An instant query as a column of a table, with a column for each label. */
export function queryTable(expr: string): DataqueryBuilder {
  return queryNow(expr).format(PromQueryFormat.Table);
}

/** A panel with one big number for each series. */
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
  return (
    new TimeseriesBuilder()
      .title(title)
      .description(description)
      .datasource(DATASOURCE)
      .min(0)
      .fillOpacity(10)
      // beside the lines: below them a table shows two of its rows
      .legend(
        legend().displayMode(LegendDisplayMode.Table).placement(LegendPlacement.Right).calcs(["lastNotNull", "max"]),
      )
      .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi))
      .span(GRAPH_SPAN)
      .height(GRAPH_HEIGHT)
  );
}

/** A panel with each series' states over time; its mappings name the states. */
export function timeline(title: string, description: string): StateTimelineBuilder {
  return (
    new StateTimelineBuilder()
      .title(title)
      .description(description)
      .datasource(DATASOURCE)
      .mergeValues(true)
      .showValue(VisibilityMode.Auto)
      // on the left the text of a state that began before the range would be cut off
      .alignValue(TimelineValueAlignment.Center)
      .legend(legend().displayMode(LegendDisplayMode.List))
      .span(GRAPH_SPAN)
      .height(TIMELINE_HEIGHT)
  );
}

/** A panel with a bar for each series, half as wide as the dashboard. */
export function bars(title: string, description: string): BarGaugeBuilder {
  return new BarGaugeBuilder()
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .orientation(VizOrientation.Horizontal)
    .min(0)
    .span(GRAPH_SPAN)
    .height(GRAPH_HEIGHT);
}

/**
 * A table with a row for each set of labels, as wide as the dashboard, sorted by the first column, highest first.
 *
 * @param columns Queries with the same sets of labels, by the title of their column.
 */
export function table(
  title: string,
  description: string,
  columns: Readonly<Record<string, DataqueryBuilder>>,
): TableBuilder {
  const titles = Object.keys(columns);
  const refIds = titles.map((_, index) => String.fromCharCode("A".charCodeAt(0) + index));
  const fields = refIds.map((refId) => `Value #${refId}`);
  const panel = new TableBuilder()
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .transformations([
      { id: "merge", options: {} },
      {
        id: "organize",
        options: {
          excludeByName: { Time: true },
          indexByName: Object.fromEntries(
            [...fields.slice(0, 1), "job", "instance", ...fields.slice(1)].map((it, i) => [it, i]),
          ),
          renameByName: Object.fromEntries(fields.map((field, index) => [field, titles[index]])),
        },
      },
    ])
    .sortBy([new TableSortByFieldStateBuilder().displayName(titles[0] ?? "").desc(true)])
    .span(24)
    .height(GRAPH_HEIGHT);
  return Object.values(columns).reduce((it, column, index) => it.withTarget(column.refId(refIds[index] ?? "")), panel);
}

function legend(): VizLegendOptionsBuilder {
  return new VizLegendOptionsBuilder().placement(LegendPlacement.Bottom).showLegend(true);
}

/** Colours by value: the first one below all values, each further one from its value on. */
export function thresholds(first: string, ...steps: [number, string][]): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([{ value: null, color: first }, ...steps.map(([value, color]) => ({ value, color }))]);
}

/** Text and colour for single values. */
export function texts(values: Readonly<Record<number, readonly [text: string, color: string]>>): ValueMapping {
  const options = Object.entries(values).map(
    ([value, [text, color]], index) => [value, { text, color, index }] as const,
  );
  return { type: MappingType.ValueToText, options: Object.fromEntries(options) };
}

/** Text for values that cannot be computed, such as the latency without requests. */
export function textOfNaN(text: string): ValueMapping {
  return {
    type: MappingType.SpecialValue,
    options: { match: SpecialValueMatch.NullAndNan, result: { text, color: GREY, index: 0 } },
  };
}
