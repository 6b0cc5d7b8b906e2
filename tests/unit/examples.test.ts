import * as fs from "node:fs";
import * as path from "node:path";
import { LIMIT } from "../../tools/pull-request/report/markdown";
import { ASKED } from "../support/askedChanges";
import { PROJECT } from "../support/harness";
import { expectNothingBreaksOut } from "../support/rendered";

const FOLDER = path.join(PROJECT, "docs", "examples");
const EXAMPLES = fs.readdirSync(FOLDER).filter((name) => name.endsWith(".md") && name !== "README.md");

describe("the examples of reports", () => {
  it("are one for each change that the lab is asked about, and a plan that does not fit", () => {
    const names = [...ASKED.map(({ example }) => `${example}.md`), "plan-no-longer-fits.md"];
    expect([...EXAMPLES].sort()).toEqual(names.sort());
    const index = fs.readFileSync(path.join(FOLDER, "README.md"), "utf8");
    expect(names.filter((name) => !index.includes(`(${name})`))).toEqual([]);
  });

  it.each(EXAMPLES)("%s is one comment, out of which nothing breaks where it is rendered", (name) => {
    const text = fs.readFileSync(path.join(FOLDER, name), "utf8");
    expect(text.length).toBeLessThan(LIMIT);
    expectNothingBreaksOut(text);
  });
});
