import * as fc from "fast-check";
import { marked } from "marked";
import {
  code,
  describeDifference,
  escapeMarkdown,
  foldOf,
  formatChange,
  list,
} from "../../tools/pull-request/report/format";
import { cellsOf } from "../support/reports";

describe("a value as code", () => {
  it.each<[unknown, string]>([
    ["up == 0", "`up == 0`"],
    ["a `b` c", "`a ʼbʼ c`"],
    ["a|b", "`a\\|b`"],
    ["a\\|b", "`a\\\\|b`"],
    ["  a\n  b\r\n", "`a b`"],
    ["", "(empty)"],
    [" \n", "(empty)"],
    [undefined, "(empty)"],
    [null, "`null`"],
    [0, "`0`"],
    [{ a: ["b"] }, '`{"a":["b"]}`'],
    ["x".repeat(200), `\`${"x".repeat(99)}…\``],
  ])("%j is %s", (value, expected) => {
    expect(code(value)).toBe(expected);
  });

  it("is one cell of a table and one span, whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("a", "`", "|", "\\", "\n", " ", "<") }), (value) => {
        expect(cellsOf(`| ${code(value)} |`)).toHaveLength(1);
        expect(code(value)).toMatch(/^(`[^`\n]+`|\(empty\))$/);
      }),
    );
  });
});

describe("foreign text", () => {
  it("stays in one line, without Markdown, HTML or a mention", () => {
    expect(escapeMarkdown("<b>@team</b>\n*a* | `c` & [x](http://y)")).toBe(
      "&lt;b>@&#8203;team&lt;/b> &#42;a&#42; &#124; ʼcʼ &amp; [x&#93;(http://y)",
    );
    expect(escapeMarkdown("ports[0].external")).toBe("ports[0].external");
    expect(escapeMarkdown("<".repeat(9), 3)).toBe("&lt;&lt;…");
  });

  it("reads as it is where it is rendered, whatever it is", () => {
    const signs = [
      "a",
      "_",
      "*",
      "~",
      "\\",
      "|",
      "$",
      "`",
      "<",
      ">",
      "&",
      "&#42;",
      "[",
      "](",
      ")",
      "!",
      "=",
      '"',
      "{",
      " ",
    ];
    const text = (html: string): string =>
      html
        .replace(/<[^>]*>/g, "")
        .replace(/&#(\d+);/g, (_, number: string) => String.fromCharCode(Number(number)))
        .replaceAll("\u200b", "")
        .replaceAll("&lt;", "<")
        .replaceAll("&gt;", ">")
        .replaceAll("&quot;", '"')
        .replaceAll("&amp;", "&")
        .trim();
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...signs), { maxLength: 40 }), (parts) => {
        const words = parts.join("").replace(/ +/g, " ").trim();
        const html = marked.parse(`| h |\n|---|\n| ${escapeMarkdown(words)} |`, { async: false, gfm: true });
        const [, cell = ""] = /<td>(.*)<\/td>/s.exec(html) ?? [];
        expect(text(cell)).toBe(words.replaceAll("`", "ʼ"));
        expect(cell).not.toMatch(/<(em|strong|del|code|a|img)\b/);
      }),
    );
  });

  it("has nothing that turns its direction", () => {
    expect(escapeMarkdown("a\u202eb\u2066c\u0007")).toBe("abc");
    expect(code("a\u200fb")).toBe("`ab`");
  });

  it("name a difference", () => {
    expect(describeDifference({ path: "a|b", before: 1, after: 2 }, " (replaces)")).toBe(
      "a&#124;b (replaces): `1` → `2`",
    );
  });
});

describe("a value before and after", () => {
  it.each<[unknown, unknown, string]>([
    ["a", "b", "`a` → `b`"],
    [1, 2, "`1` → `2`"],
    [undefined, 1, "`1` (new)"],
    [1, undefined, "`1` (removed)"],
    [null, 5, "`null` → `5`"],
    ["", "a", "(empty) → `a`"],
    ["a\n  b", "a b", "`a b` (reformatted)"],
    ["5", 5, "`5` (reformatted)"],
  ])("%j and %j are %s", (before, after, expected) => {
    expect(formatChange(before, after)).toBe(expected);
  });

  it("shows of long texts and lists the part in which they differ", () => {
    const start = "x".repeat(150);
    const lead = `…${"x".repeat(30)}`;
    expect(formatChange(`${start}1 end`, `${start}2 end`)).toBe(`\`${lead}1 end\` → \`${lead}2 end\``);
    const texts = Array.from({ length: 60 }, (_, index) => `item ${String(index)}`);
    const [before, after] = formatChange(texts, [...texts, "last"]).split(" → ");
    expect(before).not.toBe(after);
    expect(after).toContain("last");
  });
});

describe("a list", () => {
  it("is cut between items, never in one", () => {
    const items = ["`a, b`", "`c`", "`d`"];
    expect(list(items)).toBe("`a, b`, `c`, `d`");
    expect(list(items, 2)).toBe("`a, b`, `c` and 1 more");
    expect(list([])).toBe("");
  });
});

describe("the details of a diff", () => {
  it("is the diff of a text with what is around it", () => {
    const before = "1\n2\n3\n4\n5\n6\n7\n";
    expect(foldOf({ name: "it", before, after: before.replace("4", "four") })).toStrictEqual({
      title: "it (+1 −1)",
      diff: "@@ -2,5 +2,5 @@\n 2\n 3\n-4\n+four\n 5\n 6",
    });
  });

  it("are empty without differences, and the whole text if it is added or removed", () => {
    expect(foldOf({ name: "it", before: "a", after: "a" })).toBeUndefined();
    expect(foldOf({ name: "it", before: undefined, after: "" })).toBeUndefined();
    expect(foldOf({ name: "it", before: undefined, after: "a\nb\n" })?.title).toBe("it (+2 −0)");
    expect(foldOf({ name: "it", before: "a", after: undefined })?.title).toBe("it (+0 −1)");
  });

  it("counts lines that begin with signs, and an end without a new line", () => {
    expect(foldOf({ name: "it", before: "-- a\n", after: "++ b" })).toStrictEqual({
      title: "it (+1 −1)",
      diff: "@@ -1,1 +1,1 @@\n--- a\n+++ b",
    });
  });
});
