import { spawn } from "node:child_process";
import * as path from "node:path";
import { text } from "node:stream/consumers";
import { unboundDatasources } from "../../tools/verify/dashboards";
import { PROJECT } from "../support/fixtures";
import { serve } from "../support/servers";

describe("unbound datasources", () => {
  const uids = new Set(["prometheus"]);
  const unbound = (model: object): readonly string[] => unboundDatasources({ title: "any", ...model }, uids);

  it.each([
    [{ panels: [{ datasource: { uid: "prometheus" } }] }, []],
    [{ panels: [{ datasource: { uid: "gone" }, targets: [{ datasource: { uid: "gone" } }] }] }, ["gone"]],
    [{ panels: [{ type: "row", panels: [{ datasource: "${DS_X}" }] }] }, ["${DS_X}"]],
    [{ annotations: { list: [{ datasource: { uid: "-- Grafana --" } }] } }, []],
    [{ panels: [{ datasource: "grafana" }, { datasource: { uid: "__expr__" } }, { datasource: null }] }, []],
    [{ panels: [{ datasource: "${DS_A-B}" }, { datasource: "a" }] }, ["${DS_A-B}", "a"]],
  ])("of %j are %j", (model, expected) => {
    expect(unbound(model)).toStrictEqual(expected);
  });

  it.each(["$ds", "${ds}"])("behind the variable %s are those of its current value", (reference) => {
    const panels = [{ datasource: { uid: reference } }];
    const list = (value: unknown): object => ({ list: [{ name: "ds", type: "datasource", current: { value } }] });
    expect(unbound({ panels, templating: list("prometheus") })).toStrictEqual([]);
    expect(unbound({ panels, templating: list("gone") })).toStrictEqual([reference]);
    expect(unbound({ panels })).toStrictEqual([reference]);
  });
});

describe("verify", () => {
  /** What the program says of a lab's outputs. */
  const verify = async (outputs: string, ...args: string[]): Promise<{ code: number; out: string; err: string }> => {
    const child = spawn(
      process.execPath,
      ["--require", "sucrase/register/ts", path.join(PROJECT, "tools/verify/main.ts"), "--patience", "0", ...args],
      { cwd: PROJECT, env: { ...process.env, DOCKER_HOST: "unix:///nonexistent" } },
    );
    child.stdin.end(outputs);
    const code = new Promise<number>((resolve) => child.once("close", resolve));
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { code: await code, out, err };
  };

  /** Outputs of a lab of which nothing answers. */
  const deadLab = async (): Promise<string> => {
    const gone = await serve({});
    await gone.close();
    return JSON.stringify({
      prometheusUrl: gone.url,
      grafanaUrl: gone.url,
      flaskUrl: gone.url,
      grafanaUser: "admin",
      grafanaAdminPassword: "hunter2hunter2",
      containers: ["grafana"],
      dashboards: ["lab-flask"],
      scrapeInterval: "1s",
      nodeExporterNetwork: "lab",
    });
  };

  it("reports every check that failed and its remedy, as a table and as JSON, but no password", async () => {
    const outputs = await deadLab();
    const [table, json] = await Promise.all([verify(outputs), verify(outputs, "--json")]);
    expect([table.code, json.code]).toStrictEqual([1, 1]);
    const { ok, checks } = JSON.parse(json.out) as {
      ok: boolean;
      checks: { check: string; ok: boolean; fix: string }[];
    };
    expect(ok).toBe(false);
    expect(checks.map(({ check }) => check)).toStrictEqual([
      "containers",
      "configuration",
      "targets",
      "alerts",
      "host",
      "flask traffic",
      "playbook",
      "grafana",
      "datasource",
      "dashboards",
      "panels: lab-flask",
    ]);
    expect(checks.filter((it) => it.ok || it.fix === "")).toStrictEqual([]);
    expect(table.out).toContain("Docker does not respond at /nonexistent");
    expect(table.out).toContain("11 of 11 checks failed.");
    expect(`${table.out}${json.out}${table.err}${json.err}`).not.toContain("hunter2hunter2");
  });

  it.each(["abc", "-1", ""])("rejects %p as a number of seconds to wait", async (patience) => {
    const { code, err } = await verify(await deadLab(), `--patience=${patience}`);
    expect(code).toBe(2);
    expect(err).toContain(`--patience = ${patience}: must be a number of seconds, 0 or more`);
  });

  it("rejects outputs that are not a lab's with its usage", async () => {
    const { code, err } = await verify("{}");
    expect(code).toBe(2);
    expect(err).toContain("standard input has no outputs of a lab; run make up first");
  });
});
