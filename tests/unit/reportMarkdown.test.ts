import * as fc from "fast-check";
import { fence, LIMIT, renderReport, summaryOf } from "../../tools/pull-request/report/markdown";
import { cellsOf, CONTAINER, reportOf, runOf, step, VOLUME } from "../support/reports";

const STEPS = [
  step("create", VOLUME, "x", { after: { name: "lab" } }),
  step("replace", CONTAINER, "y", {
    before: { name: "prometheus", image: "a:1" },
    after: { name: "prometheus", image: "a:2" },
    keys: ["image"],
  }),
];

describe("a report", () => {
  it("has exactly this format", () => {
    const report = reportOf(STEPS, { policies: true, notes: ["A note."], seconds: { base: 10, preview: 2.4 } });
    expect(renderReport(report)).toBe(`<!-- marker -->

## Lab preview: 1 to create, 1 to replace

A note.

| | part | name | change |
|---|---|---|---|
| ± replace | container | \`prometheus\` | image (replaces): \`a:1\` → \`a:2\` |
| + create | volume | \`lab\` |  |

**Restarts**: \`prometheus\` (keeps its samples).

All policies in \`policy/\` pass.

<sub>base 10 s, preview 2 s: 12 s in all</sub>
`);
  });

  it("without changes says so", () => {
    expect(renderReport(reportOf())).toBe(
      "<!-- marker -->\n\n## Lab preview: no change\n\n<sub>preview 2 s: 2 s in all</sub>\n",
    );
  });

  it("of a failure gives the reason, and does not claim that any policy passes", () => {
    const run = runOf({ ended: false });
    const report = renderReport(reportOf([], { run, policies: true, failure: ["it broke", "```"] }));
    expect(report).toContain("## Lab preview: failed\n\n**Failed:**\n\n````\nit broke\n```\n````\n");
    expect(report).not.toContain("hold");
    const { changes } = reportOf(STEPS);
    expect(summaryOf({ changes, failure: ["it broke"] })).toBe("1 to create, 1 to replace, failed");
  });

  it("names each violated policy in a line", () => {
    const violation = {
      policyName: "no-root",
      message: "a\n\n<b>`it`</b> @team ![](http://x)",
      resourceUrn: "urn:pulumi:s::p::t::grafana-container",
      enforcementLevel: "mandatory",
    };
    const report = renderReport(reportOf([], { policies: true, run: runOf({ violations: [violation] }) }));
    expect(report).toContain(
      "> **Policy `no-root`** (`grafana-container`): a &lt;b>ʼitʼ&lt;/b> @&#8203;team ![&#93;(http://x)\n",
    );
    expect(report).not.toContain("olicies of");
  });

  it("has warnings, each in a line", () => {
    const report = renderReport(reportOf([], { run: runOf({ warnings: ["a\nb"] }) }));
    expect(report).toContain("\n> **Warning** `a b`\n");
  });

  it("shows the result of make verify, and opens it if a check fails", () => {
    const checks = [
      { check: "targets", ok: true, seen: "5 up" },
      { check: "panels|<b>", ok: false, seen: "a|b\nc" },
    ];
    expect(renderReport(reportOf([], { verified: checks.slice(0, 1) }))).toContain(
      "<details><summary>Applied, <code>make verify</code> passes: 1 check</summary>\n\n" +
        "| check | | result |\n|---|---|---|\n| targets | ok | `5 up` |\n\n</details>",
    );
    const report = renderReport(reportOf([], { verified: checks }));
    expect(report).toContain("<details open><summary>Applied, <b>1 of 2 checks fail</b></summary>");
    expect(report).toContain("|---|---|---|\n| panels&#124;&lt;b> | **FAILED** | `a\\|b c` |\n| targets |");
  });

  it("treats no name and no title as Markdown, HTML or a mention", () => {
    const evil = "<script>|\n\n@team</summary>";
    const board = (expr: string): object => ({
      configJson: JSON.stringify({ title: evil, panels: [{ title: evil, targets: [{ refId: evil, expr }] }] }),
    });
    const steps = [
      step("update", "grafana:oss/dashboard:Dashboard", "a", { before: { ...board("a") }, after: { ...board("b") } }),
      step("update", `a:b:${evil}`, "b", { before: { [evil]: evil }, after: {} }),
    ];
    const report = renderReport(reportOf(steps));
    expect(report.replace(/```[^]*?```/g, "").replace(/`[^`\n]*`/g, "")).not.toMatch(
      /<script|@team|<\/summary>.*<\/summary>/,
    );
    const table = report.split("\n").filter((line) => line.startsWith("|"));
    expect(table.map((line) => cellsOf(line).length)).toStrictEqual([4, 4, 4, 4, 4]);
    expect(report.match(/<summary>.*<\/summary>$/gm)).toHaveLength(1);
  });

  it("contains no secret that Pulumi's engine marks as one", () => {
    const secret = { name: "grafana", envs: "[secret]", password: "[secret]" };
    const report = renderReport(
      reportOf([step("update", CONTAINER, "a", { before: secret, after: secret, detailedDiff: { password: {} } })]),
    );
    expect(report).toContain("| password: `[secret]` (changed) |");
  });
});

describe("the size of a report", () => {
  const row = { operation: "update", kind: "k", name: "n" } as const;
  const { changes } = reportOf();

  it("is limited, with the number of lines, diffs and paragraphs that were cut", () => {
    const rows = Array.from({ length: 70 }, () => ({ ...row, detail: "" }));
    const folds = Array.from({ length: 9 }, (_, index) => ({
      title: String(index),
      diff: "x".repeat(4000) + "\n".repeat(250),
    }));
    const notes = [...Array.from({ length: 5 }, () => "y".repeat(15_000)), "last"];
    expect(renderReport(reportOf([], { changes: { ...changes, rows } }))).toContain(
      "\n\n10 more lines of the table are cut.\n",
    );
    const report = renderReport(reportOf([], { notes, changes: { ...changes, folds } }));
    expect(report).toContain("\n… 51 lines are cut\n```\n");
    expect(report).toContain("\n\nlast\n\n2 of 8 paragraphs are cut.\n");
    expect(report).toMatch(/\n\n[1-8] of 9 collapsed sections are cut\.\n\n<sub>/);
  });

  it("cuts a table that is too long by itself, and lines that are", () => {
    const rows = Array.from({ length: 50 }, () => ({ ...row, detail: "`x` ".repeat(1000) }));
    const report = renderReport(reportOf([], { failure: ["z".repeat(100_000)], changes: { ...changes, rows } }));
    expect(report).toContain("more lines of the table are cut.");
    expect(report).toContain("z…\n```\n");
    expect(report).toMatch(/in all<\/sub>\n$/);
  });

  it("is never above the limit, and every element in it is whole", () => {
    const long = fc
      .tuple(fc.string({ unit: fc.constantFrom("a", "`", "|", "\n") }), fc.nat({ max: 4000 }))
      .map(([it, times]) => it.repeat(times));
    const some = fc.array(long, { maxLength: 30 });
    fc.assert(
      fc.property(some, some, some, some, (texts, details, diffs, messages) => {
        const report = renderReport(
          reportOf([], {
            notes: texts,
            failure: messages,
            verified: texts.map((text) => ({ check: text, ok: false, seen: text })),
            run: runOf({
              warnings: messages,
              violations: messages.map((message) => ({ message, policyName: message, enforcementLevel: "mandatory" })),
            }),
            changes: {
              changes: [],
              rows: details.map((detail) => ({ ...row, detail })),
              folds: diffs.map((diff) => ({ title: diff, diff })),
            },
          }),
        );
        expect(report.length).toBeLessThanOrEqual(LIMIT);
        expect(report).toMatch(/^<!-- marker -->\n\n## [^]*<\/sub>\n$/);
        expect(report.split("<details").length).toBe(report.split("</details>").length);
      }),
      { numRuns: 50 },
    );
  });
});

it("a fence is longer than any run of backticks in its text", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("`", "a", "\n") }), (text) => {
      const [first = "", ...rest] = fence(text, "diff").split("\n");
      const ticks = first.replace("diff", "");
      expect(rest.pop()).toBe(ticks);
      expect(ticks.length).toBeGreaterThan(2);
      expect(rest.join("\n")).toBe(text);
      expect(text).not.toContain(ticks);
    }),
  );
});
