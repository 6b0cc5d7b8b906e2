import * as fc from "fast-check";
import * as path from "node:path";
import { childPath, quote, urlSegment } from "../../lib/shared/foreignNames";

describe("a foreign name", () => {
  it("of a file is directly in its folder, or rejected", () => {
    expect(childPath("/a/b", "x-1_Y.json")).toBe("/a/b/x-1_Y.json");
    for (const name of ["", ".", "..", "../b/x", "/a/b/x", "x/", "x/../y", "a\\b", "a\0b"]) {
      expect(() => childPath("/a/b", name)).toThrow(
        "is not the name of a file in /a/b; nothing was read or written there",
      );
    }
    const parts = fc.array(fc.constantFrom("..", ".", "/", "x", "\\", " ", "~"), { maxLength: 6 });
    fc.assert(
      fc.property(parts, (name) => {
        let child: string | undefined;
        try {
          child = childPath("/a/b", name.join(""));
        } catch {
          return; // refused
        }
        expect(path.posix.dirname(path.posix.normalize(child))).toBe("/a/b");
      }),
    );
  });

  it("is one segment of a URL, or rejected", () => {
    expect(urlSegment("lab-overview_1")).toBe("lab-overview_1");
    ["", ".", ".."].forEach((text) => {
      expect(() => urlSegment(text)).toThrow("cannot be a part of a URL's path; no request was sent");
    });
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!["", ".", ".."].includes(text));
        expect(new URL(`http://h/a/${urlSegment(text)}/b`).pathname.split("/")).toHaveLength(4);
      }),
    );
  });

  it("cannot control the terminal, and is cut if it is long", () => {
    expect(quote("Größe 1")).toBe('"Größe 1"');
    expect(quote("a\u001b\u009b\u202e\n")).toBe('"a\\u001b\\u009b\\u202e\\n"');
    expect(quote("x".repeat(200))).toBe(`"${"x".repeat(100)}…"`);
  });
});
