import * as fs from "node:fs";
import { MARKER, PreviewComment } from "../support/previewComment";

const REPORT = `${MARKER}\n# one change\n`;

let comment: PreviewComment;

beforeEach(() => {
  comment = new PreviewComment(["policy/policies.ts"]);
  fs.writeFileSync(comment.report, REPORT);
});

afterEach(() => {
  comment.remove();
});

describe("the comment of a report", () => {
  it("says first that the pull request changes the code that makes the report", () => {
    const commit = comment.change(["policy/pack.ts", "docs/a.md", "package.json"]);
    expect(comment.write(commit)).toEqual({
      status: 0,
      stdout:
        `${MARKER}\n> **This pull request changes the code or the policies behind this report ` +
        "(`package.json`, `policy/pack.ts`).** Review those changes first: until then the report proves nothing.\n\n# one change\n",
      stderr: "",
    });
  });

  it("names a renamed file by its old name, too", () => {
    const commit = comment.change([], { "policy/policies.ts": "docs.md" });
    expect(comment.write(commit).stdout).toContain("(`policy/policies.ts`)");
  });

  it("names five files and counts the others", () => {
    const commit = comment.change(["a", "b", "c", "d", "e", "f", "g"].map((name) => `lib/${name}.ts`));
    expect(comment.write(commit).stdout).toContain("`lib/e.ts`, 2 more)");
  });

  it.each([
    [
      ["components/monitoring/grafana.ts"],
      "> Code of the pull request ran beside the code that created this report, and could have changed it.\n\n",
    ],
    [["docs/a.md", "README.md", "tests/unit/a.test.ts"], ""],
  ])("names the origin of the report if %j changes", (files, origin) => {
    expect(comment.write(comment.change(files)).stdout).toBe(REPORT.replace("# one", `${origin}# one`));
  });

  it("is rejected for a report with another first line", () => {
    fs.writeFileSync(comment.report, "# anything");
    expect(comment.write(comment.change([]))).toEqual({
      status: 1,
      stdout: "",
      stderr: `report.md is not a preview report: its first line is not ${MARKER}\n`,
    });
  });

  it("is rejected without a report", () => {
    fs.rmSync(comment.report);
    expect(comment.write(comment.change([]))).toMatchObject({
      status: 1,
      stdout: "",
      stderr: expect.stringContaining("ENOENT") as string,
    });
  });

  it.each(["main", "", "--output=x"])("is rejected for the commit %j", (commit) => {
    expect(comment.write(commit)).toEqual({ status: 1, stdout: "", stderr: `"${commit}" is not a commit\n` });
  });

  it("is rejected for a commit that is not in the repository", () => {
    expect(comment.write("a".repeat(40))).toMatchObject({ status: 1, stdout: "" });
  });
});
