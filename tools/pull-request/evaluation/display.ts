import { FieldConfig, MappingResult, Panel } from "../../verify/panels/model";
import { upgradePanel } from "./classic";
import { configOf, Field } from "./fieldConfig";
import { findMapping, PanelValue } from "./mappings";
import { formatUnit } from "./units";

export interface Display {
  readonly text: string;
  /** The panel's colour of the value; undefined if the panel has only one. */
  readonly state?: string;
}

/** Grafana's text for a missing value. */
const NO_DATA = "No data";

/**
 * A value as a panel displays it. There is no state without a number or a mapping's colour, where Grafana uses the colour
 * of the lowest threshold, nor in a panel without thresholds.
 */
export function displayOf(panel: Panel, field: Field, value: PanelValue): Display {
  const upgraded = upgradePanel(panel);
  const isText = typeof value === "string";
  const config = configOf(upgraded, field, isText ? "string" : "number");
  const unit = config.unit ?? (isText ? "string" : "");
  const number = unit === "string" ? NaN : numberOf(value);
  const mapped = findMapping(config.mappings ?? [], value);
  const formatted = Number.isNaN(number) ? textOf(value, config.noValue) : formatUnit(unit, number, config.decimals);
  const text = mapped?.text ?? formatted;
  const state = stateOf(upgraded, config, number, mapped);
  return state === undefined ? { text } : { text, state };
}

function numberOf(value: PanelValue): number {
  return value === "" || value === null ? NaN : Number(value);
}

function textOf(value: PanelValue, noValue = ""): string {
  const text = String(value ?? "");
  if (text !== "") {
    return text;
  }
  return noValue === "" && value !== "" ? NO_DATA : noValue;
}

function stateOf(panel: Panel, config: FieldConfig, value: number, mapped?: MappingResult): string | undefined {
  if (!isColoured(panel, config)) {
    return undefined;
  }
  return mapped?.color ?? (isByThresholds(config) ? thresholdOf(config, value) : undefined);
}

/** Whether the panel colours values: a graph if it draws thresholds, a table if its cell type does. */
function isColoured({ type, options }: Panel, { color, custom }: FieldConfig): boolean {
  switch (type) {
    case "stat":
      return options?.colorMode !== "none";
    case "table":
      return /color|gauge|basic/.test(custom?.cellOptions?.type ?? custom?.displayMode ?? "");
    case "gauge":
    case "bargauge":
    case "state-timeline":
    case "status-history":
      return true;
    default:
      return color?.mode === "thresholds" || drawsThresholds(custom);
  }
}

function drawsThresholds(custom: FieldConfig["custom"]): boolean {
  return (custom?.thresholdsStyle?.mode ?? "off") !== "off";
}

function isByThresholds({ color, custom }: FieldConfig): boolean {
  return (color?.mode ?? "thresholds") === "thresholds" || drawsThresholds(custom);
}

/** Colour of the highest threshold reached; undefined for fewer than two thresholds. */
function thresholdOf({ thresholds, min, max }: FieldConfig, value: number): string | undefined {
  const { mode, steps = [] } = thresholds ?? {};
  const position = mode === "percentage" ? percentOf(value, min, max) : value;
  if (steps.length < 2 || Number.isNaN(position)) {
    return undefined;
  }
  const above = steps.findIndex((step, index) => index > 0 && position < (step.value ?? -Infinity));
  return steps.at(above < 0 ? -1 : above - 1)?.color;
}

/** NaN without a minimum and a maximum, which Grafana would derive from all data. */
function percentOf(value: number, min?: number | null, max?: number | null): number {
  return typeof min === "number" && typeof max === "number" ? (100 * (value - min)) / (max - min) : NaN;
}
