import { stringify } from "yaml";
import { configurationRows, filesOf } from "../../tools/pull-request/report/configuration";
import { cellsOf } from "../support/reports";

type Line = readonly [operation: string, kind: string, name: string, detail: string];

function rows(name: string, before: unknown, after: unknown): Line[] {
  const text = (value: unknown): string | undefined =>
    value === undefined || typeof value === "string" ? value : stringify(value);
  return configurationRows([{ name, before: text(before), after: text(after) }]).map(
    ({ operation, kind, name: part, detail }) => [operation, kind, part, detail],
  );
}

const job = (name: string, targets: readonly unknown[], more: object = {}): object => ({
  job_name: name,
  static_configs: [{ targets }],
  ...more,
});

describe("the files of a configuration", () => {
  it("are recognised by their names, and only those that differ are reported", () => {
    const files = (content: string, more: object[] = []): object => ({
      triggers: ["declared", { file: "prometheus.yml", content }, { file: "same", content: "" }, ...more],
    });
    expect(
      filesOf({ before: { ...files("a", [{ file: "gone", content: "c" }]) }, after: { ...files("b") } }),
    ).toStrictEqual([
      { name: "prometheus.yml", before: "a", after: "b" },
      { name: "gone", before: "c", after: undefined },
    ]);
    const secret = { file: "url", content: { plaintext: "" } };
    expect(filesOf({ before: { ...files("a") }, after: { ...files("a", [secret]) } })).toStrictEqual([
      { name: "url", before: undefined, after: "[secret]" },
    ]);
    expect(filesOf({ before: {}, after: { triggers: "[secret]" } })).toStrictEqual([]);
    expect(filesOf({ before: { ...files("a") }, after: { triggers: { plaintext: "[secret]" } } })).toStrictEqual([]);
    expect(filesOf({ before: { triggers: "[secret]" }, after: { ...files("a") } })).toStrictEqual([]);
  });
});

describe("prometheus.yml", () => {
  const config = (jobs: readonly object[], global: object = { scrape_interval: "5s" }): object => ({
    global,
    scrape_configs: jobs,
  });

  it("has added, removed and changed scrape jobs", () => {
    const before = config([job("same", ["a:1"]), job("gone", ["b:1", "c:1"]), job("other", ["d:1"])]);
    const after = config([job("new", ["e:1"]), job("other", ["d:2"], { metrics_path: "/x" }), job("same", ["a:1"])]);
    expect(rows("prometheus.yml", before, after)).toStrictEqual([
      ["delete", "scrape job", "gone", "targets `b:1`, `c:1`"],
      ["update", "scrape job", "other", "static_configs[0].targets: `d:1` → `d:2`, metrics_path: `/x` (new)"],
      ["create", "scrape job", "new", "targets `e:1`"],
    ]);
  });

  it("has settings, also where it had none", () => {
    const settings = { scrape_interval: "10s", external_labels: { lab: "x" } };
    expect(rows("prometheus.yml", config([], { scrape_interval: "5s" }), config([], settings))).toStrictEqual([
      ["update", "setting of Prometheus", "scrape_interval", "`5s` → `10s`"],
      ["create", "setting of Prometheus", "external_labels", '`{"lab":"x"}` (new)'],
    ]);
    expect(rows("prometheus.yml", {}, config([]))).toStrictEqual([
      ["create", "setting of Prometheus", "scrape_interval", "`5s` (new)"],
    ]);
  });

  it("has receivers of remote write, by their URLs", () => {
    const signIn = { basic_auth: { username: "lab" } };
    const before = { ...config([]), remote_write: [{ url: "http://gone" }, { url: "http://other" }] };
    const after = { ...config([]), remote_write: [{ url: "http://other", ...signIn }, { url: "http://new" }] };
    expect(rows("prometheus.yml", before, after)).toStrictEqual([
      ["delete", "receiver of remote write", "http://gone", ""],
      ["update", "receiver of remote write", "http://other", 'basic_auth: `{"username":"lab"}` (new)'],
      ["create", "receiver of remote write", "http://new", ""],
    ]);
  });

  it("is reported as a whole if it is new or removed", () => {
    expect(rows("prometheus.yml", undefined, config([job("new", ["a:1"])], {}))).toStrictEqual([
      ["create", "scrape job", "new", "targets `a:1`"],
    ]);
    expect(rows("prometheus.yml", config([job("gone", [])], {}), undefined)).toStrictEqual([
      ["delete", "scrape job", "gone", "targets "],
    ]);
  });

  it.each(["[secret]", "a: [", "text", "- a"])("that is %j gives no rows for the jobs in the other one", (content) => {
    const readable = config([job("a", ["a:1"])]);
    expect(rows("prometheus.yml", content, readable)).toStrictEqual([]);
    expect(rows("prometheus.yml", readable, content)).toStrictEqual([]);
  });

  it("with jobs of another form breaks no row", () => {
    const odd = [{ job_name: 5 }, "text", null, { job_name: "odd", static_configs: [{ targets: "a" }, 7] }];
    const [line] = rows("prometheus.yml", {}, { scrape_configs: odd });
    expect(line).toStrictEqual(["create", "scrape job", "odd", "targets "]);
    const after = { scrape_configs: [job("a", [], { "x|<b>\n@team `": "1|2\n3" })] };
    const [, , , detail = ""] = rows("prometheus.yml", { scrape_configs: [job("a", [])] }, after)[0] ?? [];
    expect(detail).toBe("x&#124;&lt;b> @&#8203;team ʼ: `1\\|2 3` (new)");
    expect(cellsOf(`| ${detail} |`)).toHaveLength(1);
  });
});

describe("a file of alert rules", () => {
  const alerts = (...rules: object[]): object => ({ groups: [{ name: "lab", rules }] });
  const alert = (name: string, expr: string, more: object = {}): object => ({ alert: name, expr, ...more });

  it("may merge mappings, as Prometheus' parser does", () => {
    const rule = (level: string): string => `
groups:
  - name: g
    rules:
      - alert: A
        expr: up
        labels: &page { severity: page }
      - alert: B
        expr: up
        labels: { <<: *page, team: ${level} }
`;
    const [row, ...others] = rows("x.rules.yml", rule("one"), rule("two"));
    expect(row?.slice(0, 3)).toEqual(["update", "alert", "B"]);
    expect(row?.[3]).toContain("labels.team");
    expect(others).toEqual([]);
  });

  it("has added, removed and changed alerts", () => {
    const before = alerts(alert("Same", "up"), alert("Gone", "a > 1"), alert("Other", "b > 1", { for: "1m" }));
    const after = alerts(alert("Other", "b > 2", { for: "5m" }), alert("New", "c|d"), alert("Same", "up"));
    expect(rows("flask.rules.yml", before, after)).toStrictEqual([
      ["delete", "alert", "Gone", "`a > 1`"],
      ["update", "alert", "Other", "expr: `b > 1` → `b > 2`, for: `1m` → `5m`"],
      ["create", "alert", "New", "`c\\|d`"],
    ]);
  });

  it("may have one name for several, as for a warning and an emergency", () => {
    const before = alerts(alert("Full", "a > 80"), alert("Full", "a > 95"));
    const after = alerts(alert("Full", "a > 85"), alert("Full", "a > 95"));
    expect(rows("lab.rules.yml", before, after)).toStrictEqual([
      ["update", "alert", "Full", "expr: `a > 80` → `a > 85`"],
    ]);
  });

  it("keeps the alerts of one name apart when another one comes before them or goes", () => {
    const severity = (level: string): object => ({ labels: { severity: level } });
    const [warning, critical] = [
      alert("Full", "a > 80", severity("warning")),
      alert("Full", "a > 95", severity("critical")),
    ];
    expect(rows("lab.rules.yml", alerts(warning), alerts(critical, warning))).toStrictEqual([
      ["create", "alert", "Full", "`a > 95`"],
    ]);
    expect(rows("lab.rules.yml", alerts(critical, warning), alerts(warning))).toStrictEqual([
      ["delete", "alert", "Full 2", "`a > 95`"],
    ]);
    expect(
      rows("lab.rules.yml", alerts(critical, warning), alerts(alert("Full", "a > 85", severity("warning")))),
    ).toStrictEqual([
      ["delete", "alert", "Full 2", "`a > 95`"],
      ["update", "alert", "Full", "expr: `a > 80` → `a > 85`"],
    ]);
  });

  it("may give an alert to another file, and one to each of two", () => {
    const [none, one] = [stringify(alerts()), stringify(alerts(alert("A", "up")))];
    const two = stringify(alerts(alert("A", "down")));
    const found = (...files: readonly (readonly [string, string])[]): readonly unknown[] =>
      configurationRows(
        files.map(([before, after], index) => ({ name: `${String(index)}.rules.yml`, before, after })),
      ).map(({ operation, name }) => `${operation} ${name}`);
    expect(found([one, none], [none, one])).toEqual([]);
    expect(found([none, one], [none, two])).toEqual(["create A", "create A 2"]);
  });

  it("has all alerts of a group whose settings change", () => {
    const group = (more: object): object => ({ groups: [{ name: "lab", ...more, rules: [alert("A", "up")] }] });
    const before = group({ interval: "1m" });
    const after = group({ interval: "5m", labels: { team: "x" } });
    expect(rows("lab.rules.yml", before, after)).toStrictEqual([
      ["update", "alert", "A", 'interval: `1m` → `5m`, labels: `{"team":"x"}` (new)'],
    ]);
  });

  it("shows three differences of an alert and the number of the others", () => {
    const many = { for: "1m", labels: { a: "1", b: "2", c: "3" } };
    expect(rows("lab.rules.yml", alerts(alert("A", "up")), alerts(alert("A", "down", many)))).toStrictEqual([
      ["update", "alert", "A", 'expr: `up` → `down`, for: `1m` (new), labels: `{"a":"1","b":"2","c":"3"}` (new)'],
    ]);
    const other = { for: "2m", labels: { a: "2", b: "3" } };
    expect(rows("lab.rules.yml", alerts(alert("A", "x", many)), alerts(alert("A", "x", other)))[0]?.[3]).toBe(
      "for: `1m` → `2m`, labels.a: `1` → `2`, labels.b: `2` → `3` and 1 more",
    );
  });
});

it("any other file has no rows", () => {
  expect(rows("alertmanager.yml", { groups: [] }, { groups: [{ rules: [{ alert: "A" }] }] })).toStrictEqual([]);
});
