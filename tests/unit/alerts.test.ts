import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { ownDashboards } from "../../dashboards";
import { alertRules } from "../../lib/shared/alertRules";
import { alertQueries, unknownIn } from "../support/exposed";
import { PROJECT } from "../support/fixtures";

interface Rule {
  readonly alert: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface RuleFile {
  readonly groups: readonly { readonly rules: readonly (Rule | { readonly record: string })[] }[];
}

interface TestFile {
  readonly rule_files: readonly string[];
  readonly tests: readonly {
    readonly alert_rule_test?: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[];
  }[];
}

const FOLDER = path.join(PROJECT, "assets", "prometheus");
const LINK = "{{ $externalLabels.grafana_url }}/d/";
/** Fires whatever there is, so there is no case in which it does not. */
const ALWAYS = "Watchdog";

const files = alertRules().map(({ file, content }) => ({ file, rules: rulesOf(content) }));
const rules = files.flatMap((it) => it.rules);

/** The alerts of a file, without what it records for them. */
function rulesOf(text: string): readonly Rule[] {
  return (parse(text) as RuleFile).groups.flatMap(({ rules: all }) => all.flatMap((it) => ("alert" in it ? it : [])));
}

function read(file: string): string {
  return readFileSync(path.join(FOLDER, file), "utf8");
}

/** uids of the dashboards that a lab has by default. */
function dashboardUids(): string[] {
  const community = ["1860_rev45.json", "14282_rev1.json"].map(
    (file) => (JSON.parse(readFileSync(path.join(PROJECT, "offline/catalogue", file), "utf8")) as { uid: string }).uid,
  );
  return [...ownDashboards({ namePrefix: "" }).map(({ model }) => model.uid ?? ""), ...community];
}

it("Prometheus receives every file of rules", () => {
  expect(files.map(({ file }) => file)).toStrictEqual(
    readdirSync(FOLDER)
      .filter((file) => file.endsWith(".yml"))
      .sort(),
  );
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
});

describe.each(rules.map((rule) => [rule.alert, rule] as const))("alert %s", (alert, { labels, annotations }) => {
  it("has a severity, a remedy and a link to a dashboard of the lab", () => {
    expect(labels).toStrictEqual({ severity: expect.stringMatching(/^(critical|warning|none)$/) as unknown });
    expect(labels.severity === "none").toBe(alert === ALWAYS);
    expect(Object.keys(annotations).sort()).toStrictEqual(["dashboard", "summary"]);
    // what is wrong and what to do, hence two sentences
    expect(annotations.summary).toMatch(/^.+?[.:;?] .+\.$/);
    expect(dashboardUids().map((uid) => `${LINK}${uid}`)).toContain(annotations.dashboard);
  });

  it("queries only metrics and labels that the lab exposes", () => {
    expect(unknownIn(alertQueries().get(alert) ?? "")).toStrictEqual([]);
  });

  it("has promtool tests in which it fires and in which it does not", () => {
    const file = files.find((it) => it.rules.some((rule) => rule.alert === alert))?.file ?? "";
    const { rule_files, tests } = parse(read(path.join("tests", file.replace(".rules.", ".test.")))) as TestFile;
    expect(rule_files).toStrictEqual([`../${file}`]);
    const cases = tests.flatMap((it) => it.alert_rule_test ?? []).filter(({ alertname }) => alertname === alert);
    const fires = (expected: boolean): boolean =>
      cases.some(({ exp_alerts: alerts }) => alerts.length > 0 === expected);
    expect([fires(true), fires(false)]).toStrictEqual([true, alert !== ALWAYS]);
  });

  it("has a row in the documentation", () => {
    expect(readFileSync(path.join(PROJECT, "docs", "alerts.md"), "utf8")).toContain(`\`${alert}\``);
  });
});
