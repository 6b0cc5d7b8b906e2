import { ExpandedPanel, Panel, StoredDashboard, Values } from "./model";

/** Every panel that Grafana shows, with those of collapsed rows and each repetition of a panel or row. */
export function expandPanels(dashboard: StoredDashboard, values: Values): ExpandedPanel[] {
  const rows = (dashboard.rows ?? []).map((row): Panel => ({ ...row, type: "row" }));
  let ofRow = [values];
  return [...(dashboard.panels ?? []), ...rows].flatMap((panel) => {
    if (panel.type !== "row") {
      return ofRow.flatMap((scope) => repeated(panel, scope));
    }
    const scopes = repetitions(panel, values);
    const nested = panel.panels ?? [];
    // a collapsed row contains its panels, those of an expanded row follow it
    ofRow = nested.length > 0 ? [values] : scopes;
    return scopes.flatMap((scope) => nested.flatMap((it) => repeated(it, scope)));
  });
}

function repeated(panel: Panel, values: Values): ExpandedPanel[] {
  return panel.repeatPanelId === undefined ? repetitions(panel, values).map((scope) => ({ panel, values: scope })) : [];
}

/** The values, with the repeated variable set to each of its values in turn. */
function repetitions({ repeat }: Panel, values: Values): Values[] {
  const value = values.get(repeat ?? "");
  if (value === undefined || value.values.length === 0) {
    return [values];
  }
  return value.values.map((single, index) =>
    new Map(values).set(repeat ?? "", {
      values: [single],
      texts: [value.texts[index] ?? single],
      regex: value.regex,
    }),
  );
}
