import * as fc from "fast-check";
import { escapeNote, escapeReport } from "../../tools/pull-request/foreignReport";

const LINK = "[Open it in your own lab](http://127.0.0.1:3000/d/own-lab_1?viewPanel=12)";
/** The only links that may be left, and what else would be one. */
const OWN = /(?<![!\\])\[Open it in your own lab\]\(http:\/\/127\.0\.0\.1:\d{1,5}\/d\/[\w-]+\?viewPanel=\d+\)/g;
const ALIVE = /\]\\*[([:]|:\\*\/\\*\/|!\[[^\]]*\]\(/;

describe("the link of a panel to the reader's own lab", () => {
  it.each([LINK, `${LINK}, after \`make up\` at this commit.`, `| a | ${LINK} |`])("stays in %j", (text) => {
    expect(escapeReport(text)).toBe(text);
    expect(escapeNote(escapeReport(text))).toBe(text);
  });

  it.each([
    // another host, or a user in front of one
    LINK.replace("127.0.0.1", "evil.example"),
    LINK.replace("127.0.0.1", "127.0.0.1.evil.example"),
    LINK.replace("127.0.0.1", "127.0.0.2"),
    LINK.replace("127.0.0.1", "127x0x0x1"),
    LINK.replace("127.0.0.1", "localhost"),
    LINK.replace("127.0.0.1", "[::1]"),
    LINK.replace("127.0.0.1", "127.0.0.1:3000@evil.example"),
    LINK.replace("127.0.0.1", "user@127.0.0.1"),
    LINK.replace(":3000", ":3000@evil.example"),
    LINK.replace(":3000", ""),
    LINK.replace(":3000", ":300000"),
    LINK.replace(":3000", ":٣٠٠٠"),
    // another scheme
    LINK.replace("http:", "https:"),
    LINK.replace("http:", "javascript:"),
    LINK.replace("http://", "//"),
    LINK.replace("http://127.0.0.1:3000", "javascript:alert(1)"),
    // another path
    LINK.replace("/d/", "/api/"),
    LINK.replace("own-lab_1", ".."),
    LINK.replace("own-lab_1", "../../logout"),
    LINK.replace("own-lab_1", "..%2f..%2flogout"),
    LINK.replace("own-lab_1", "a/b"),
    LINK.replace("own-lab_1", "a\\b"),
    LINK.replace("own-lab_1", "öl"),
    LINK.replace("own-lab_1", ""),
    // another query or more of it
    LINK.replace("=12", "=12&orgId=2"),
    LINK.replace("=12", "=12#top"),
    LINK.replace("=12", "=x"),
    LINK.replace("?viewPanel=12", ""),
    LINK.replace("=12", "=12 'title'"),
    // another text, a picture, a link around it, one by reference, one over lines
    LINK.replace("your", "my"),
    LINK.replace("[Open it in your own lab]", "[log in]"),
    `!${LINK}`,
    // not a link, and GitHub makes one of the address with what follows it
    `\\${LINK}&orgId=2`,
    "[Open it in your own lab]: http://127.0.0.1:3000/d/own?viewPanel=1",
    "[Open it in your own lab][1]\n\n[1]: http://evil.example",
    "[Open it in your own lab](<http://127.0.0.1:3000/d/own?viewPanel=1>)",
    LINK.replace("](", "]\n("),
    LINK.replace("(http", "( http"),
    LINK.replace("](", "]\\("),
    `<a href="http://127.0.0.1:3000/d/own?viewPanel=1">Open it in your own lab</a>`,
  ])("is not left where it is %j", (text) => {
    expect(escapeReport(text).replaceAll(OWN, "link")).not.toMatch(ALIVE);
    expect(escapeReport(text)).not.toMatch(OWN);
  });

  it("is nothing else where the report has it as it is once escaped", () => {
    const escaped = LINK.replace("](http:", "]\u200b(http:\u200b");
    expect(escapeReport(escaped)).toBe(LINK);
    expect(escapeReport(escaped.replace("127.0.0.1", "evil.example"))).not.toMatch(ALIVE);
  });

  it("stays dead within a link to elsewhere", () => {
    expect(escapeReport(`[a ${LINK}](http://evil.example)`)).toBe(`[a ${LINK}]\u200b(http:\u200b//evil.example)`);
  });

  it("is the only one that is left of any text", () => {
    const piece = fc.constantFrom(
      ...["[", "]", "](", "(", ")", "!", "\\", "@", "\u200b", "\n", " ", ":", "//", "/", "..", "http://", "https://"],
      ...["Open it in your own lab", "127.0.0.1", ":3000", "/d/", "own", "?viewPanel=", "1", "evil.example", LINK],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        expect(escapeReport(pieces.join("")).replaceAll(OWN, "link")).not.toMatch(ALIVE);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("a note on GitLab", () => {
  it.each([
    "/merge",
    "  /close",
    "text\n/approve\n",
    "```\n/assign me\n```",
    "\t/label ~bug",
    "/ MERGE".replace(" ", ""),
  ])("holds no quick action in %j", (text) => {
    expect(escapeNote(escapeReport(text))).not.toMatch(/^\s*\/\w/m);
  });

  it.each([
    "!12",
    "group/project!12",
    "$12",
    "%1",
    '%"a b"',
    "~bug",
    '~"a b"',
    "[vulnerability:1]",
    "*iteration:1",
    "&#36;12",
    "&#126;bug",
    "&#42;iteration:1",
    "&12",
    "[[page]]",
  ])("refers to nothing by %j", (text) => {
    const read = escapeNote(escapeReport(text)).replace(/&#(\d+);/g, (_, sign: string) => String.fromCharCode(+sign));
    expect(read).not.toMatch(/[!$&]\d|[%~][\w"]|[*[][a-z]+:|\[\[/);
  });

  it("keeps what a report of ours has", () => {
    const ours =
      '<!-- observability-lab: preview -->\n\n## Lab preview: 1 to update\n\n| ~ update | `sum(rate(a{b="c"}[$__rate_interval])) / 5` | 3 % |\n\n' +
      "<details><summary>a/b.yml</summary>\n\n```diff\n+ a: 1\n```\n\n</details>\n";
    expect(escapeNote(ours)).toBe(ours);
  });
});
