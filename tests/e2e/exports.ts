/** Where an export of another Grafana may name a datasource: one trap each, all asking for `up`. */
export interface TrapExport {
  readonly trap: string;
  readonly exported: Readonly<Record<string, unknown>>;
}

const INPUT = { name: "DS_PROMETHEUS", label: "Prometheus", type: "datasource", pluginId: "prometheus" };
const BY_INPUT = { type: "prometheus", uid: "${DS_PROMETHEUS}" };
const FOREIGN = { type: "prometheus", uid: "abc123" };

/** A panel with one query, each with its reference. */
function panel(datasource: unknown, ofTarget: unknown = datasource, id = 1): Record<string, unknown> {
  return {
    id,
    type: "timeseries",
    title: "Up",
    gridPos: { x: 0, y: 0, w: 12, h: 8 },
    datasource,
    targets: [{ refId: "A", expr: "up", datasource: ofTarget }],
  };
}

function datasourceVariable(changes: object = {}): object {
  const current = { selected: false, text: "theirs", value: "abc123" };
  return { list: [{ name: "ds", type: "datasource", query: "prometheus", current, ...changes }] };
}

export const EXPORTS: readonly TrapExport[] = [
  {
    trap: "an input of any name, in panels, queries, variables and annotations",
    exported: {
      __inputs: [{ ...INPUT, name: "DS_GRAFANACLOUD-TEAM-PROM" }],
      panels: [panel({ type: "prometheus", uid: "${DS_GRAFANACLOUD-TEAM-PROM}" })],
      templating: {
        list: [
          { name: "job", type: "query", query: "label_values(up, job)", datasource: "${DS_GRAFANACLOUD-TEAM-PROM}" },
        ],
      },
      annotations: { list: [{ name: "deploys", expr: "up", datasource: { uid: "${DS_GRAFANACLOUD-TEAM-PROM}" } }] },
    },
  },
  {
    trap: "an input that is a constant",
    exported: {
      __inputs: [INPUT, { name: "VAR_JOB", type: "constant", value: "linux_host" }],
      panels: [{ ...panel(BY_INPUT), targets: [{ refId: "A", expr: 'up{job="${VAR_JOB}"}', datasource: BY_INPUT }] }],
      templating: { list: [{ name: "job", type: "constant", query: "${VAR_JOB}", hide: 2 }] },
    },
  },
  { trap: "an input by its name alone", exported: { __inputs: [INPUT], panels: [panel("${DS_PROMETHEUS}")] } },
  {
    trap: "a datasource variable",
    exported: { templating: datasourceVariable(), panels: [panel({ type: "prometheus", uid: "${ds}" })] },
  },
  {
    trap: "a datasource variable by its name alone, with a filter that ours does not pass",
    exported: { templating: datasourceVariable({ regex: "/prod-.*/" }), panels: [panel("$ds")] },
  },
  { trap: "no uid", exported: { uid: null, panels: [panel(FOREIGN)] } },
  { trap: "an empty uid and an id that is taken", exported: { uid: "", id: 1, panels: [panel(FOREIGN)] } },
  { trap: "the same id and a version", exported: { id: 1, version: 42, panels: [panel(FOREIGN)] } },
  {
    trap: "a panel in a collapsed row",
    exported: {
      __inputs: [INPUT],
      panels: [{ id: 1, type: "row", title: "More", collapsed: true, panels: [panel(BY_INPUT, BY_INPUT, 2)] }],
    },
  },
  {
    trap: "a library panel",
    exported: {
      __inputs: [INPUT],
      __elements: { lib1: { uid: "lib1", name: "Up of all", kind: 1, model: panel(BY_INPUT) } },
      panels: [{ id: 7, gridPos: { x: 12, y: 0, w: 12, h: 8 }, libraryPanel: { uid: "lib1", name: "Up of all" } }],
    },
  },
  { trap: "a datasource of another Grafana", exported: { panels: [panel(FOREIGN)] } },
  { trap: "a datasource's name", exported: { panels: [panel("Prometheus of theirs", null)] } },
  { trap: "no datasource", exported: { panels: [panel(null)] } },
  {
    trap: "a mix and an expression",
    exported: {
      __inputs: [INPUT, { ...INPUT, name: "DS_EXPRESSION", pluginId: "__expr__" }],
      annotations: {
        list: [{ builtIn: 1, datasource: { type: "grafana", uid: "-- Grafana --" }, name: "Annotations" }],
      },
      panels: [
        {
          ...panel({ type: "datasource", uid: "-- Mixed --" }),
          targets: [
            { refId: "A", expr: "up", instant: true, datasource: BY_INPUT },
            {
              refId: "B",
              type: "math",
              expression: "$A + 1",
              datasource: { type: "__expr__", uid: "${DS_EXPRESSION}" },
            },
          ],
        },
      ],
    },
  },
];
