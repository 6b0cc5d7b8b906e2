import * as fc from "fast-check";
import { bindDashboard } from "../../components/dashboards/communityDashboard";

const UID = "our-prometheus";
const OURS = { type: "prometheus", uid: UID };
const DATASOURCE_INPUT = { name: "DS_X", type: "datasource", pluginId: "prometheus" };

/** The model of an exported dashboard once it is bound. */
function bind(exported: object): Record<string, unknown> {
  return bindDashboard({ id: 7, revision: 1, json: JSON.stringify({ uid: "theirs", panels: [], ...exported }) }, UID);
}

describe("an exported dashboard", () => {
  it("is bound in its panels, targets, rows, annotations and variables", () => {
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

  it("is bound whatever its inputs are called, and gets the constants among them", () => {
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
    ).toStrictEqual([{ datasource: { uid: UID }, interval: ">30s", title: "${job} of ${other}" }]);
  });

  it("has its datasource variables set to ours", () => {
    const { templating } = bind({
      templating: {
        list: [
          { name: "ds", type: "datasource", query: "prometheus", current: { text: "theirs", value: "abc" } },
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
    ["Grafana's own annotations", "-- Grafana --", "-- Grafana --"],
    ["a mix", "-- Mixed --", "-- Mixed --"],
    ["Grafana's own", "grafana", "grafana"],
    ["none", null, null],
  ])("whose datasource is %s is bound only where it means another one", (_, datasource, expected) => {
    expect(bind({ __inputs: [DATASOURCE_INPUT], panels: [{ datasource }] }).panels).toStrictEqual([
      { datasource: expected },
    ]);
  });

  it("loses what is for the import page, and an id of another Grafana", () => {
    expect(bind({ id: 12, __inputs: [], __requires: [], __elements: {}, title: "Kept" })).toStrictEqual({
      uid: "theirs",
      panels: [],
      title: "Kept",
    });
  });

  it.each([{ uid: "" }, { uid: null }, { uid: undefined }])("without a uid gets one of its id: %j", (exported) => {
    expect(bind(exported).uid).toBe("community-7");
  });

  it("has no input left, however deep and in whatever it was", () => {
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
