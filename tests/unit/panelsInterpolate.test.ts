import * as fc from "fast-check";
import { interpolate } from "../../tools/verify/panels/interpolate";
import { Value, Values } from "../../tools/verify/panels/model";

const one = (text: string, regex = false): Value => ({ values: [text], texts: [text], regex });
const many = (...texts: string[]): Value => ({ values: texts, texts, regex: true });
const values: Values = new Map([
  ["job", one("linux")],
  ["path", many("/", "/a.b")],
  ["all", { ...many("a", "b"), allValue: ".*" }],
]);

/** What PromQL makes of the inside of a double-quoted string. */
function readString(text: string): string {
  return text.replace(/\\(.)/g, "$1");
}

describe("interpolation", () => {
  it.each([
    ['up{job="$job"}', 'up{job="linux"}'],
    ['up{job="${job}"}', 'up{job="linux"}'],
    ['up{job="[[job]]"}', 'up{job="linux"}'],
    ["$jobs and ${other} and [[other]]", "$jobs and ${other} and [[other]]"],
    ["$path", "(/|/a\\\\.b)"],
    ["${path:regex}", "(\\/|\\/a\\.b)"],
    ["${path:pipe}", "/|/a.b"],
    ["${path:csv}", "/,/a.b"],
    ["[[path:raw]]", "/,/a.b"],
    ["${path:json}", '["/","/a.b"]'],
    ["${path:text}", "/ + /a.b"],
    ["${path:doublequote}", '"/","/a.b"'],
    ["${path:singlequote}", "'/','/a.b'"],
    ["${path:glob}", "{/,/a.b}"],
    ["${path:percentencode}", "%7B%2F%2C%2Fa.b%7D"],
    ["${job.text:raw}", "linux"],
    ["$all", ".*"],
    ["${all:text}", "a + b"],
  ])("of %s is %s", (text, expected) => {
    expect(interpolate(text, values)).toBe(expected);
  });

  it.each(["$__rate_interval", "${__interval}", "[[__range_s]]", "$__interval_ms"])(
    "leaves %s to Grafana's backend, in the form that every version accepts",
    (text) => {
      expect(interpolate(text, values)).toBe(`\${${text.replace(/\W/g, "")}}`);
    },
  );

  it("leaves no reference to a known variable", () => {
    const form = fc.constantFrom(
      "$job",
      "${job}",
      "[[job]]",
      "${job:csv}",
      "[[path]]",
      "${path:regex}",
      "$path",
      " + ",
    );
    fc.assert(
      fc.property(fc.array(form), (parts) => {
        expect(interpolate(parts.join(" "), values)).not.toMatch(/\$|\[\[/);
      }),
    );
  });

  it("matches exactly the chosen values as a regular expression", () => {
    const text = fc.string({
      minLength: 1,
      unit: fc.constantFrom("a", "b", "/", ".", "\\", "+", "*", "?", "(", "|", "]", "{", "^", "$"),
    });
    fc.assert(
      fc.property(fc.uniqueArray(text, { minLength: 1, maxLength: 4 }), text, (chosen, other) => {
        const matcher = interpolate('"$v"', new Map([["v", many(...chosen)]])).slice(1, -1);
        const expression = new RegExp(`^(?:${readString(matcher)})$`);
        expect(chosen.every((it) => expression.test(it))).toBe(true);
        expect(expression.test(other)).toBe(chosen.includes(other));
      }),
    );
  });
});
