import * as fc from "fast-check";
import {
  hasForeignQueriesOnly,
  importDashboard,
  missingLibraryPanels,
  otherDatasourceTypes,
} from "../../dashboards/community/import";
import { describeNewUid } from "../../dashboards/community/uid";

const UID = "our-prometheus";
const OURS = { type: "prometheus", uid: UID };
const DATASOURCE_INPUT = { name: "DS_X", type: "datasource", pluginId: "prometheus" };

/** The model of an exported dashboard once it is bound. */
function bind(exported: object): Record<string, unknown> {
  return importDashboard({ id: 7, revision: 1, json: JSON.stringify({ uid: "theirs", panels: [], ...exported }) }, UID);
}

describe("an exported dashboard", () => {
  it("uses the lab's datasource in its panels, targets, rows, annotations and variables", () => {
    const reference = { type: "prometheus", uid: "${DS_X}" };
    const panel = { datasource: reference, targets: [{ datasource: reference, expr: "up" }] };
    const bound = { datasource: OURS, targets: [{ datasource: OURS, expr: "up" }] };
    expect(
      bind({
        __inputs: [DATASOURCE_INPUT],
        panels: [panel, { type: "row", collapsed: true, panels: [panel] }],
        annotations: { list: [{ name: "deploys", datasource: reference }] },
        templating: { list: [{ name: "job", type: "query", datasource: reference }] },
      }),
    ).toStrictEqual({
      uid: "theirs",
      panels: [bound, { type: "row", collapsed: true, panels: [bound] }],
      annotations: { list: [{ name: "deploys", datasource: OURS }] },
      templating: { list: [{ name: "job", type: "query", datasource: OURS }] },
    });
  });

  it("uses it whatever its inputs are called, and gets the constants among them", () => {
    expect(
      bind({
        __inputs: [
          { name: "DS_GRAFANACLOUD-TEAM", type: "datasource" },
          { name: "VAR_STEP", type: "constant", value: "30s" },
        ],
        panels: [
          { datasource: { uid: "${DS_GRAFANACLOUD-TEAM}" }, interval: ">${VAR_STEP}", title: "${job} of ${other}" },
        ],
      }).panels,
    ).toStrictEqual([{ datasource: OURS, interval: ">30s", title: "${job} of ${other}" }]);
  });

  it("has its datasource variables set to the lab's datasource", () => {
    const { templating } = bind({
      templating: {
        list: [
          {
            name: "ds",
            type: "datasource",
            query: "prometheus",
            regex: "/prod/",
            current: { text: "theirs", value: "abc" },
          },
          { name: "job", type: "query", current: { text: "a", value: "a" } },
        ],
      },
    });
    expect(templating).toStrictEqual({
      list: [
        {
          name: "ds",
          type: "datasource",
          query: "prometheus",
          // ours would not match theirs
          regex: "",
          current: { selected: true, text: "Prometheus", value: UID },
        },
        { name: "job", type: "query", current: { text: "a", value: "a" } },
      ],
    });
  });

  it.each([
    ["a name, as before Grafana 8.3", "Prometheus", OURS],
    ["the default one", "default", OURS],
    ["an input", "${DS_X}", OURS],
    ["a variable", "$ds", "$ds"],
    ["a variable in braces", "${ds}", "${ds}"],
    ["a variable by reference", { type: "prometheus", uid: "${ds}" }, { type: "prometheus", uid: "${ds}" }],
    ["a variable that it lacks", { type: "prometheus", uid: "${gone}" }, OURS],
    ["an input that it lacks", "${DS_GONE}", OURS],
    ["one of another Grafana", { type: "prometheus", uid: "abc123" }, OURS],
    ["one without a uid", { type: "prometheus" }, OURS],
    ["one without a type", { uid: "abc123" }, OURS],
    ["none, which is the default one", null, OURS],
    ["Grafana's own annotations", "-- Grafana --", "-- Grafana --"],
    ["a mix", "-- Mixed --", "-- Mixed --"],
    ["Grafana's own", "grafana", "grafana"],
    ["Grafana's own by reference", { type: "datasource", uid: "grafana" }, { type: "datasource", uid: "grafana" }],
    ["another panel", { type: "datasource", uid: "-- Dashboard --" }, { type: "datasource", uid: "-- Dashboard --" }],
    ["an expression", { type: "__expr__", uid: "__expr__" }, { type: "__expr__", uid: "__expr__" }],
    ["an input of an expression", { type: "__expr__", uid: "${DS_EXPR}" }, { type: "__expr__", uid: "__expr__" }],
  ])("with the datasource %s is changed only if that means another one", (_, datasource, expected) => {
    const { panels } = bind({
      __inputs: [DATASOURCE_INPUT, { name: "DS_EXPR", type: "datasource", pluginId: "__expr__" }],
      panels: [{ datasource }],
      templating: { list: [{ name: "ds", type: "datasource", query: "prometheus" }] },
    });
    expect(panels).toStrictEqual([{ datasource: expected }]);
  });

  it.each([
    ["Prometheus of theirs", "Prometheus"],
    ["-- Grafana --", "-- Grafana --"],
    [null, null],
    ["", null],
  ])("keeps the alerts of its lists, which name their datasource: %j", (datasource, expected) => {
    const panels = [{ type: "alertlist", options: { datasource, maxItems: 20 } }];
    expect(bind({ panels }).panels).toStrictEqual([
      { type: "alertlist", options: { datasource: expected, maxItems: 20 } },
    ]);
  });

  it("leaves a query without a datasource to its panel", () => {
    const panels = [{ datasource: "-- Dashboard --", targets: [{ datasource: null, panelId: 2 }] }];
    expect(bind({ panels }).panels).toStrictEqual(panels);
  });

  it.each([
    ["an object", (element: object) => ({ lib1: element })],
    ["a list", (element: object) => [element]],
  ])("contains its library panels, from elements stored as %s", (_, elementsOf) => {
    const model = { id: 9, gridPos: { x: 0 }, title: "CPU", datasource: { uid: "${DS_X}" }, targets: [{ expr: "up" }] };
    const reference = { id: 3, gridPos: { x: 12 }, libraryPanel: { uid: "lib1", name: "CPU of all" } };
    const inlined = { ...model, id: 3, gridPos: { x: 12 }, datasource: OURS };
    expect(
      bind({
        __inputs: [DATASOURCE_INPUT],
        __elements: elementsOf({ uid: "lib1", name: "CPU of all", kind: 1, model }),
        panels: [reference, { type: "row", collapsed: true, panels: [reference] }],
      }).panels,
    ).toStrictEqual([inlined, { type: "row", collapsed: true, panels: [inlined] }]);
  });

  it("loses the fields for the import page, and the id of another Grafana", () => {
    expect(bind({ id: 12, __inputs: [], __requires: [], __elements: {}, title: "Kept" })).toStrictEqual({
      uid: "theirs",
      panels: [],
      title: "Kept",
    });
  });

  it.each([{ uid: "" }, { uid: null }, { uid: undefined }])(
    "without a uid gets one derived from its id: %j",
    (exported) => {
      expect(bind(exported).uid).toBe("community-7");
    },
  );

  it.each(["../../package", "a/b", "x".repeat(41), "a b", "ä", "a\n", "${VAR}", 7, ["a"]])(
    "with a uid that Grafana rejects gets one derived from its id, which is reported: %j",
    (uid) => {
      expect(bind({ uid }).uid).toBe("community-7");
      const message = describeNewUid({ id: 7, revision: 1, json: JSON.stringify({ uid, panels: [] }) });
      expect(message).toMatch(/^dashboard 7: Grafana does not take its uid .*; it has the uid community-7 in the lab/);
    },
  );

  it.each(["Az_-09", "x".repeat(40), "", null, undefined])("has no report about the uid %j", (uid) => {
    expect(describeNewUid({ id: 7, revision: 1, json: JSON.stringify({ uid, panels: [] }) })).toBeUndefined();
  });

  it("has no input left at any depth", () => {
    const names = fc.uniqueArray(fc.stringMatching(/^DS_[A-Z0-9_.-]{1,8}$/), { minLength: 1, maxLength: 3 });
    const dashboards = names.chain((inputs) => {
      const text = fc.oneof(fc.string(), fc.constantFrom(...inputs.map((name) => `\${${name}}`)));
      const keys = fc.oneof(fc.constantFrom("datasource", "uid", "targets", "panels"), fc.string());
      const { value } = fc.letrec((tie) => ({
        value: fc.oneof({ maxDepth: 4 }, text, fc.integer(), fc.array(tie("value")), fc.dictionary(keys, tie("value"))),
      }));
      return fc.record({ inputs: fc.constant(inputs), panels: fc.array(value) });
    });
    fc.assert(
      fc.property(dashboards, ({ inputs, panels }) => {
        const model = JSON.stringify(bind({ __inputs: inputs.map((name) => ({ name, type: "datasource" })), panels }));
        expect(inputs.filter((name) => model.includes(`\${${name}}`))).toStrictEqual([]);
      }),
    );
  });
});

describe("requirements of a dashboard besides Prometheus", () => {
  const LOKI_INPUT = { name: "DS_LOKI", type: "datasource", pluginId: "loki" };

  it.each<[string, object, string[]]>([
    ["an input", { __inputs: [DATASOURCE_INPUT, LOKI_INPUT] }, ["loki"]],
    ["a panel", { panels: [{ datasource: { type: "influxdb", uid: "abc" } }] }, ["influxdb"]],
    [
      "a query in a collapsed row",
      { panels: [{ panels: [{ targets: [{ datasource: { type: "tempo" } }] }] }] },
      ["tempo"],
    ],
    [
      "a variable of datasources",
      { templating: { list: [{ name: "d", type: "datasource", query: "loki" }] } },
      ["loki"],
    ],
    [
      "a library panel",
      {
        __elements: { a: { uid: "a", model: { datasource: { type: "loki" } } } },
        panels: [{ libraryPanel: { uid: "a" } }],
      },
      ["loki"],
    ],
    [
      "several",
      { __inputs: [LOKI_INPUT], annotations: { list: [{ datasource: { type: "elasticsearch" } }] } },
      ["elasticsearch", "loki"],
    ],
    ["nothing", { __inputs: [DATASOURCE_INPUT], panels: [{ datasource: { type: "prometheus", uid: "abc" } }] }, []],
    ["Grafana itself", { annotations: { list: [{ datasource: { type: "grafana", uid: "-- Grafana --" } }] } }, []],
    [
      "a mix and an expression",
      { panels: [{ datasource: { type: "datasource" } }, { datasource: { type: "__expr__" } }] },
      [],
    ],
    [
      "an earlier type behind its own input",
      { __inputs: [DATASOURCE_INPUT], panels: [{ datasource: { type: "loki", uid: "${DS_X}" } }] },
      [],
    ],
    ["no datasource of a text", { panels: [{ type: "text", datasource: { type: "loki", uid: "abc" } }] }, []],
    [
      "the datasource of a panel in a row",
      {
        panels: [
          { type: "row", datasource: { type: "influxdb" }, panels: [{ type: "stat", datasource: { type: "loki" } }] },
        ],
      },
      ["loki"],
    ],
    [
      "no annotation that is switched off",
      { annotations: { list: [{ enable: false, datasource: { type: "loki", uid: "abc" } }] } },
      [],
    ],
    [
      "no input of a text and an annotation that is switched off alone",
      {
        __inputs: [DATASOURCE_INPUT, LOKI_INPUT],
        panels: [{ type: "text", datasource: { type: "loki", uid: "${DS_LOKI}" } }],
        annotations: { list: [{ enable: false, datasource: "${DS_LOKI}" }] },
      },
      [],
    ],
    [
      "an input of a text and a panel",
      { __inputs: [LOKI_INPUT], panels: ["text", "logs"].map((type) => ({ type, datasource: "${DS_LOKI}" })) },
      ["loki"],
    ],
  ])("include %s", (_, exported, types) => {
    expect(otherDatasourceTypes(JSON.stringify({ panels: [], ...exported }))).toStrictEqual(types);
  });

  it.each([
    [true, "a measurement", [{ type: "graph", datasource: "InfluxDB", targets: [{ refId: "A", measurement: "cpu" }] }]],
    [true, "a path in a row", [{ type: "row", panels: [{ type: "graph", targets: [{ target: "a.b.c", expr: "" }] }] }]],
    [false, "PromQL beside others", [{ targets: [{ query: "x" }] }, { targets: [{ expr: "up" }] }]],
    [false, "what Grafana itself has", [{ type: "table", datasource: "-- Dashboard --", targets: [{ panelId: 2 }] }]],
    [false, "an empty query of a text", [{ type: "text", targets: [{ refId: "A" }] }]],
    [false, "no query", [{ type: "dashlist" }]],
    [false, "an empty query", [{ type: "stat", datasource: { type: "prometheus" }, targets: [{ refId: "A" }] }]],
  ])("are foreign queries only, %s, for %s", (foreign, _, panels) => {
    expect(hasForeignQueriesOnly(JSON.stringify({ panels }))).toBe(foreign);
  });

  it("hold a library panel whose model is in the panel itself, as the API of Grafana 8 gives it", () => {
    const panel = { type: "stat", options: {}, libraryPanel: { uid: "a", name: "CPU", version: 1 } };
    expect(missingLibraryPanels(JSON.stringify({ panels: [panel] }))).toStrictEqual([]);
    expect(bind({ panels: [panel] }).panels).toStrictEqual([{ type: "stat", options: {} }]);
  });

  it("name each library panel that only its authors have, once", () => {
    const panels = [{ libraryPanel: { uid: "a", name: "CPU" } }, { libraryPanel: { uid: "a", name: "CPU" } }];
    expect(missingLibraryPanels(JSON.stringify({ panels }))).toStrictEqual(["CPU"]);
  });
});
