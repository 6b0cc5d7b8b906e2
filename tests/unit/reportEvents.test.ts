import * as fc from "fast-check";
import { findChanges } from "../../tools/pull-request/report/changes";
import { readRun } from "../../tools/pull-request/report/events";
import { change, CONTAINER, step, VOLUME } from "../support/reports";

const event = (value: object): string => JSON.stringify({ sequence: 1, timestamp: 2, ...value });
const diagnostic = (severity: string, message: string, more: object = {}): string =>
  event({ diagnosticEvent: { severity, message, ...more } });

describe("the event log of Pulumi's engine", () => {
  const LOG = [
    event({ resourcePreEvent: { metadata: step("create", VOLUME, "a") } }),
    diagnostic("error", "<{%reset%}>it <{%fg 1%}>broke<{%reset%}>\n"),
    diagnostic("error", "<{%reset%}>it broke"),
    diagnostic("error", "<{%reset%}><{%reset%}>\n"),
    diagnostic("warning", "mind it"),
    diagnostic("warning", "a moment", { ephemeral: true }),
    diagnostic("debug", "hunter22"),
    diagnostic("info", "a line"),
    event({
      policyEvent: { message: "<{%fg 1%}>no\nsuch<{%reset%}>", policyName: "p", enforcementLevel: "mandatory" },
    }),
    event({ summaryEvent: { policyPacks: null } }),
  ];

  it("is parsed into each error once, without marks of colours", () => {
    const run = readRun(LOG.join("\n"));
    expect(run).toMatchObject({ errors: ["it broke"], warnings: ["mind it"], ended: true });
    expect(run.steps.map(({ op, type }) => [op, type])).toStrictEqual([["create", VOLUME]]);
    expect(run.violations).toStrictEqual([{ message: "no\nsuch", policyName: "p", enforcementLevel: "mandatory" }]);
    expect(JSON.stringify(run)).not.toContain("hunter22");
  });

  it("may be cut anywhere, and then counts as unfinished", () => {
    const log = LOG.join("\n");
    fc.assert(
      fc.property(fc.nat({ max: log.length - 1 }), (length) => {
        const run = readRun(log.slice(0, length));
        expect(run.ended).toBe(false);
        expect(run.steps.length).toBe(length >= (LOG[0] ?? "").length ? 1 : 0);
      }),
    );
  });

  it("is rejected as a log of events if it is anything else", () => {
    for (const line of ["", "null", "1", '"text"', "[]", "{}", "no JSON"]) {
      expect(readRun(line)).toStrictEqual({ steps: [], errors: [], warnings: [], violations: [], ended: false });
    }
  });

  it("shows the values known only after the update", () => {
    const after = { name: "04da6b54-80e4-46f7-96ec-b56ff0331ba9", url: "http://04da6b54-80e4-46f7-96ec-b56ff0331ba9/" };
    const log = event({ resourcePreEvent: { metadata: step("create", VOLUME, "a", { after }) } });
    expect(readRun(log).steps[0]?.new?.inputs).toStrictEqual({
      name: "(known after the update)",
      url: "http://(known after the update)/",
    });
  });
});

describe("the changes", () => {
  it("include what is created, updated, replaced and deleted, and no component", () => {
    const all = [
      "same",
      "refresh",
      "read",
      "create-replacement",
      "delete-replaced",
      "discard",
      "remove-pending-replace",
    ];
    const steps = [...all, "create", "update", "replace", "delete"].map((op) => step(op, VOLUME, op));
    const folders = ["observability-lab:monitoring:Grafana", "pulumi:pulumi:Stack"].map((type) =>
      step("create", type, "folder"),
    );
    expect(findChanges([...steps, ...folders]).map(({ name }) => name)).toStrictEqual([
      "create",
      "update",
      "replace",
      "delete",
    ]);
  });

  it("are one for a resource, however many steps it takes", () => {
    const steps = ["delete-replaced", "replace", "create-replacement"].map((op) => step(op, VOLUME, "a"));
    expect(findChanges(steps).map(({ operation }) => operation)).toStrictEqual(["replace"]);
  });

  it("name the inputs that differ and those that make it a replacement", () => {
    const before = { image: "a:1", ports: [1], memory: 1, __defaults: ["x"] };
    const after = { image: "a:2", ports: [2], memory: 1, __defaults: [], start: true };
    const replaced = change("replace", CONTAINER, "a", { before, after, keys: ["image", "ports[0].external"] });
    expect(replaced).toMatchObject({ properties: ["image", "ports", "start"], causes: ["image", "ports"] });
    expect(change("update", CONTAINER, "a", { before, after, keys: ["image"] }).causes).toStrictEqual([]);
    expect(change("delete", CONTAINER, "a", { before }).properties).toStrictEqual([]);
  });

  it("name the result of a refresh if the inputs are the same", () => {
    const inputs = { name: "a" };
    const detailedDiff = { "labels[0].value": {}, "labels[1].value": {}, mtu: {} };
    expect(change("update", VOLUME, "a", { before: inputs, after: inputs, detailedDiff }).properties).toStrictEqual([
      "labels",
      "mtu",
    ]);
  });

  it("name a changed secret by the result of the provider", () => {
    const inputs = { password: "[secret]" };
    const detailedDiff = { password: {} };
    const found = change("update", "a:b:C", "a", { before: inputs, after: inputs, detailedDiff });
    expect(found.properties).toStrictEqual(["password"]);
  });

  it("include resources that are kept when they are deleted", () => {
    const old = (retainOnDelete: boolean) => ({ inputs: {}, retainOnDelete });
    expect(change("delete", VOLUME, "a", { old: old(true) }).retained).toBe(true);
    expect(change("delete", VOLUME, "a", { old: old(false) }).retained).toBe(false);
    expect(change("delete", VOLUME, "a").retained).toBe(false);
  });
});
