/**
 * Panel types of Grafana 13, some of them only with `plugins.enable_alpha`. Source: the directories of
 * public/app/plugins/panel in grafana/grafana, and its list in public/app/features/plugins/built_in_plugins.ts.
 */
export const CORE_PANELS: ReadonlySet<string> = new Set(
  (
    "alertlist annolist barchart bargauge candlestick canvas dashlist datagrid debug flamegraph gauge geomap " +
    "gettingstarted heatmap histogram live logs logs-new logstable news nodeGraph piechart radialbar stat " +
    "state-timeline status-history table text timeseries traces trend welcome xychart"
  ).split(" "),
);

/**
 * Panel types of earlier versions and old plugins that Grafana 13 migrates to its own. Source: AngularPanelMigrations
 * in grafana/grafana's apps/dashboard/pkg/migration, and for text2 its migration to schema version 26.
 */
const MIGRATED: ReadonlySet<string> = new Set([
  "grafana-piechart-panel",
  "grafana-singlestat-panel",
  "grafana-worldmap-panel",
  "graph",
  "graphite",
  "natel-discrete-panel",
  "singlestat",
  "table-old",
  "text2",
]);

/** Panels with `skipDataQuery` in their plugin.json in Grafana 9 to 11.6, and rows: for them Grafana sends no query. */
export const WITHOUT_QUERIES: ReadonlySet<string> = new Set(
  "alertGroups alertlist annolist dashlist gettingstarted live news pluginlist row text welcome".split(" "),
);

/** Images with only Grafana's own panels, so that only Grafana's data could have plugins; others may include some. */
export const STOCK_IMAGE =
  /^(docker\.io\/)?grafana\/grafana(-oss|-enterprise)?[:@]|^observability-lab\/grafana:offline$/;

/** Where an image has to store its plugins: the lab's volume hides Grafana's default location. */
export const PLUGINS_PLACE = "with GF_PATHS_PLUGINS outside /var/lib/grafana";

/**
 * Panel types of a dashboard for which Grafana shows "Panel plugin not found", sorted.
 *
 * @param dashboard Its model, with the models of its library panels in their places.
 * @param known Panel types of that Grafana.
 */
export function missingPanelTypes(dashboard: object, known: ReadonlySet<string>): readonly string[] {
  return [...new Set(panelTypes(dashboard))].filter((type) => !known.has(type) && !MIGRATED.has(type)).sort();
}

/** Rows, and references to library panels, whose model has the type. */
const PLACEHOLDERS: ReadonlySet<string> = new Set(["row", "library-panel-ref"]);

/** The type of every panel, including those in rows. */
function panelTypes(holder: object): string[] {
  const { panels, rows } = holder as { panels?: unknown; rows?: unknown };
  return [panels, rows].flatMap((list) =>
    (Array.isArray(list) ? (list as unknown[]) : []).flatMap((panel) => {
      if (typeof panel !== "object" || panel === null) {
        return [];
      }
      const { type } = panel as { type?: unknown };
      return [...(typeof type === "string" && !PLACEHOLDERS.has(type) ? [type] : []), ...panelTypes(panel)];
    }),
  );
}
