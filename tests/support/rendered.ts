import { marked, Token, Tokens } from "marked";

/** What the report itself writes as HTML. */
const OWN_HTML =
  /^(<!-- (observability-lab: preview|marker) -->|<details( open)?><summary>|<\/summary>|<\/details>|<\/?(sub|b|code)>)$/;

/** Every token of a text, those in others too. */
function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  void marked.walkTokens(marked.lexer(text, { gfm: true }), (token) => void tokens.push(token));
  return tokens;
}

/** Looks that nothing in a report is Markdown or HTML but what the report itself makes so, as GitHub renders it. */
export function expectNothingBreaksOut(text: string): void {
  const tokens = tokensOf(text);
  const html = tokens.filter((token): token is Tokens.HTML => token.type === "html");
  const tags = html.flatMap(({ text: part }) => part.match(/<!--.*?-->|<details( open)?><summary>|<[^>]*>/g) ?? []);
  expect(tags.filter((tag) => !OWN_HTML.test(tag))).toEqual([]);
  const count = (pattern: RegExp): number => tags.filter((tag) => pattern.test(tag)).length;
  expect(count(/^<details/)).toBe(count(/^<\/details/));
  const links = tokens.filter((token): token is Tokens.Link => token.type === "link");
  expect(
    links.map(({ href }) => href).filter((href) => !/^http:\/\/127\.0\.0\.1:\d+\/d\/[\w-]+\?viewPanel=\d+$/.test(href)),
  ).toEqual([]);
  expect(tokens.filter(({ type }) => type === "image")).toEqual([]);
  // the heading, and no other that somebody's words make
  expect(tokens.filter(({ type }) => type === "heading")).toHaveLength(1);
  for (const table of tokens.filter((token): token is Tokens.Table => token.type === "table")) {
    const columns = table.header.length;
    const lines = table.raw.trimEnd().split("\n");
    expect(lines.map((line) => line.split(/(?<!\\)\|/).length - 2)).toEqual(lines.map(() => columns));
  }
}
