import { FieldConfig, FieldOverride, Panel } from "../../verify/panels/model";
import { OldMapping, upgradeMapping } from "./mappings";

type Fields = NonNullable<Panel["fieldConfig"]>;

interface Axis {
  readonly format?: string;
  readonly decimals?: number | null;
}

/** An Angular panel, which Grafana migrates when it shows it: `graph` to a time series, `singlestat` to a stat. */
interface ClassicPanel extends Panel, Axis {
  readonly yaxes?: readonly Axis[];
  readonly seriesOverrides?: readonly { readonly alias?: string; readonly yaxis?: number }[];
  readonly nullText?: string | null;
  /** The calculation of its value. */
  readonly valueName?: string;
  /** 1 for `valueMaps`, 2 for `rangeMaps`. */
  readonly mappingType?: number;
  readonly valueMaps?: readonly OldMapping[];
  readonly rangeMaps?: readonly OldMapping[];
  /** Numbers, separated by commas. */
  readonly thresholds?: string;
  readonly colors?: readonly string[];
  readonly colorBackground?: boolean;
  readonly colorValue?: boolean;
}

/** Calculations of `singlestat` that have other names in a stat. */
const VALUE_NAMES: Readonly<Record<string, string>> = {
  avg: "mean",
  current: "lastNotNull",
  total: "sum",
  name: "mean",
};

/** The panel as Grafana migrates it. */
export function upgradePanel(panel: Panel): Panel {
  switch (panel.type) {
    case "graph":
      return { ...panel, type: "timeseries", fieldConfig: upgradeGraph(panel) };
    case "singlestat":
    case "grafana-singlestat-panel":
      return upgradeSingleStat(panel);
    default:
      return panel;
  }
}

function upgradeGraph({ fieldConfig, yaxes = [], seriesOverrides = [] }: ClassicPanel): Fields {
  const [left = {}, right = {}] = yaxes;
  const onTheRight = seriesOverrides.filter(({ yaxis }) => yaxis === 2);
  return {
    defaults: { ...fieldConfig?.defaults, ...configOfAxis(left) },
    overrides: [
      ...(fieldConfig?.overrides ?? []),
      ...onTheRight.map(({ alias = "" }): FieldOverride => ({
        matcher: { id: alias.startsWith("/") ? "byRegexp" : "byName", options: alias },
        properties: Object.entries(configOfAxis(right)).map(([id, value]) => ({ id, value: value as unknown })),
      })),
    ],
  };
}

function configOfAxis({ format, decimals }: Axis): FieldConfig {
  return { ...(format ? { unit: format } : {}), ...(typeof decimals === "number" ? { decimals } : {}) };
}

function upgradeSingleStat(panel: ClassicPanel): Panel {
  const {
    nullText,
    valueName = "avg",
    mappingType,
    valueMaps = [],
    rangeMaps = [],
    thresholds = "",
    colors = [],
  } = panel;
  const byRange = mappingType === 2 || (!mappingType && valueMaps.length === 0);
  const mappings = byRange
    ? rangeMaps.map((map) => ({ ...map, type: 2 }))
    : valueMaps.map((map) => ({ ...map, type: 1 }));
  const values = thresholds.split(",").map((value) => Number(value));
  const coloured = panel.colorBackground === true || panel.colorValue === true;
  return {
    ...panel,
    type: "stat",
    options: {
      colorMode: coloured ? "value" : "none",
      reduceOptions: { calcs: [VALUE_NAMES[valueName] ?? valueName] },
    },
    fieldConfig: {
      defaults: {
        ...configOfAxis(panel),
        noValue: nullText ?? undefined,
        mappings: mappings.map(upgradeMapping),
        thresholds:
          thresholds === ""
            ? undefined
            : { steps: colors.map((color, index) => ({ color, value: index === 0 ? null : values[index - 1] })) },
      },
    },
  };
}
