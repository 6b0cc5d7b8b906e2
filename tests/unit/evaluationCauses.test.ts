import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { changedLines, parseDiff } from "../../tools/pull-request/evaluation/causes";
import { Loss } from "../../tools/pull-request/evaluation/losses";
import { lossProblems, lossText } from "../../tools/pull-request/evaluation/lossText";

const LOSS: Loss = {
  kind: "panel",
  name: "Rate",
  dashboard: "Own",
  selectors: ["app_requests_total"],
  labels: [],
  jobs: [],
};

describe("the lines of a change", () => {
  let repository = "";
  const git = (...args: string[]): string =>
    execFileSync("git", ["-C", repository, "-c", "user.name=a", "-c", "user.email=a@b", ...args], { encoding: "utf8" });
  const write = (files: Readonly<Record<string, string | Buffer>>): void => {
    for (const [name, content] of Object.entries(files)) {
      fs.writeFileSync(path.join(repository, name), content);
    }
  };
  const texts = (): readonly string[] =>
    (changedLines(repository, "HEAD") ?? []).map(
      ({ file, line, sign, text }) => `${sign}${file}:${String(line)} ${text}`,
    );

  beforeEach(() => {
    repository = fs.mkdtempSync(path.join(os.tmpdir(), "causes-"));
    git("init", "--quiet");
  });
  afterEach(() => {
    fs.rmSync(repository, { recursive: true, force: true });
  });

  it("have the names of their files, whatever these are and whatever git's settings", () => {
    const before = { "ä.ts": "a\n", "two words.ts": "a\n", 'quo"te.ts': "a\n", "b.bin": Buffer.from([0, 1]) };
    write(before);
    git("add", ".");
    git("commit", "--quiet", "--message=a");
    write({ "ä.ts": "b", "two words.ts": "b\r\n", 'quo"te.ts': "b\n", "b.bin": Buffer.from([0, 2]) });
    const expected = ['quo"te.ts', "two words.ts", "ä.ts"].flatMap((file) => [`-${file}:1 a`, `+${file}:1 b`]);
    expect([...texts()].sort()).toEqual([...expected].sort());
    for (const setting of ["diff.noprefix", "diff.mnemonicPrefix", "diff.renames", "color.ui"]) {
      git("config", setting, setting === "color.ui" ? "always" : "true");
      expect([...texts()].sort()).toEqual([...expected].sort());
    }
    git("config", "diff.interHunkContext", "9");
    expect([...texts()].sort()).toEqual([...expected].sort());
  });

  it("may look like the headings of a diff", () => {
    write({ "a.sql": "-- a/old\n@@ -1 +1 @@\nx\n", "b.ts": "1\n" });
    git("add", ".");
    git("commit", "--quiet", "--message=a");
    write({ "a.sql": "++ b/new\nx\n", "b.ts": "2\n" });
    expect(texts()).toEqual([
      "-a.sql:1 -- a/old",
      "-a.sql:2 @@ -1 +1 @@",
      "+a.sql:1 ++ b/new",
      "-b.ts:1 1",
      "+b.ts:1 2",
    ]);
  });

  it("are not read where they are too many, which is said", () => {
    write({ "a.ts": "a\n" });
    git("add", ".");
    git("commit", "--quiet", "--message=a");
    write({ "a.ts": "b\n".repeat(10_000) });
    expect(changedLines(repository, "HEAD", 1000)).toBeUndefined();
    expect(lossText([LOSS], undefined)[0]).toContain("The change is too long to find the lines that cause it.");
  });
});

describe("the report of lost data", () => {
  it("counts panels and rules", () => {
    expect(lossProblems([])).toEqual([]);
    expect(lossProblems([LOSS])).toEqual(["1 panel or rule loses data after the update"]);
    expect(lossProblems([LOSS, LOSS])).toEqual(["2 panels and rules lose data after the update"]);
    expect(lossText([LOSS], [])[0]).toContain("<summary>missing data</summary>");
  });

  it("is quick for a long diff", () => {
    const change = Array.from({ length: 50_000 }, (_, at) => `+const some_name_${String(at)} = "other_${String(at)}";`);
    const lines = parseDiff(["--- a/lib/a.ts", "+++ b/lib/a.ts", "@@ -0,0 +1,50000 @@", ...change].join("\n"));
    const losses = Array.from({ length: 1000 }, (_, at) => ({ ...LOSS, selectors: [`gone${String(at)}`] }));
    const [text] = lossText([...losses, { ...LOSS, selectors: ["some_name_7"] }], lines);
    expect(lines).toHaveLength(50_000);
    expect(text).toContain("**Data lost when the change is applied**: panel `Rate`");
  });
});
