import * as fs from "node:fs";
import * as path from "node:path";
import { marked, Token, Tokens } from "marked";
import { LIMIT } from "../../tools/pull-request/report/markdown";
import { ASKED } from "../support/askedChanges";
import { PROJECT } from "../support/harness";

const FOLDER = path.join(PROJECT, "docs", "examples");
const EXAMPLES = fs.readdirSync(FOLDER).filter((name) => name.endsWith(".md") && name !== "README.md");
/** What the report itself writes as HTML. */
const OWN_HTML =
  /^(<!-- observability-lab: preview -->|<details( open)?><summary>|<\/summary>|<\/details>|<\/?(sub|b|code)>)$/;

/** Every token of a text, those in others too. */
function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  void marked.walkTokens(marked.lexer(text, { gfm: true }), (token) => void tokens.push(token));
  return tokens;
}

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
    const tokens = tokensOf(text);
    const html = tokens.filter((token): token is Tokens.HTML => token.type === "html");
    const tags = html.flatMap(({ text: part }) => part.match(/<!--.*?-->|<details( open)?><summary>|<[^>]*>/g) ?? []);
    expect(tags.filter((tag) => !OWN_HTML.test(tag))).toEqual([]);
    const count = (pattern: RegExp): number => tags.filter((tag) => pattern.test(tag)).length;
    expect(count(/^<details/)).toBe(count(/^<\/details/));
    const links = tokens.filter((token): token is Tokens.Link => token.type === "link");
    expect(
      links
        .map(({ href }) => href)
        .filter((href) => !/^http:\/\/127\.0\.0\.1:\d+\/d\/[\w-]+\?viewPanel=\d+$/.test(href)),
    ).toEqual([]);
    expect(tokens.filter(({ type }) => type === "image")).toEqual([]);
    // the heading, and no other that somebody's words make
    expect(tokens.filter(({ type }) => type === "heading")).toHaveLength(1);
    for (const table of tokens.filter((token): token is Tokens.Table => token.type === "table")) {
      const columns = table.header.length;
      const lines = table.raw.trimEnd().split("\n");
      expect(lines.map((line) => line.split(/(?<!\\)\|/).length - 2)).toEqual(lines.map(() => columns));
    }
  });
});
