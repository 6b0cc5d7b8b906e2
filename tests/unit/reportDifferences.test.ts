import * as fc from "fast-check";
import { findDifferences, matchByName, nameEach } from "../../tools/pull-request/report/differences";

describe("the differences of two values", () => {
  it.each<[string, unknown, unknown, readonly (readonly [string, unknown, unknown])[]]>([
    ["of members", { a: 1, b: { c: 2 } }, { a: 1, b: { c: 3 } }, [["b.c", 2, 3]]],
    [
      "of members that come and go",
      { a: 1 },
      { b: 2 },
      [
        ["a", 1, undefined],
        ["b", undefined, 2],
      ],
    ],
    [
      "of lists, item by item",
      { ports: [{ to: 1 }, { to: 2 }] },
      { ports: [{ to: 1 }] },
      [["ports[1]", { to: 2 }, undefined]],
    ],
    ["of lists of texts, as sets", { command: ["a", "b", "c"] }, { command: ["c", "x", "a"] }, [["command", "b", "x"]]],
    ["of a text that is twice in a list", ["a", "a"], ["a"], [["", "a", undefined]]],
    ["of the order of texts", { it: ["a", "b"] }, { it: ["b", "a"] }, [["it (order)", ["a", "b"], ["b", "a"]]]],
    ["of JSON in texts", { json: '{"a":{"b":1}}' }, { json: '{ "a": { "b": 2 } }' }, [["json.a.b", 1, 2]]],
    ["of JSON that is only reformatted", { json: '{"a":1}' }, { json: '{ "a": 1 }' }, []],
    ["of what looks like JSON", "[secret]", "[other]", [["", "[secret]", "[other]"]]],
    ["of a shape", { a: [1] }, { a: { b: 1 } }, [["a", [1], { b: 1 }]]],
    ["of null", { a: null }, { a: 0 }, [["a", null, 0]]],
    ["of what only the engine reads", { __defaults: [] }, { __defaults: ["x"] }, []],
    ["of a label of Prometheus", { __scheme__: "http" }, { __scheme__: "https" }, [["__scheme__", "http", "https"]]],
    ["of a member with a name that every object has", {}, { constructor: 1 }, [["constructor", undefined, 1]]],
  ])("%s", (_, before, after, expected) => {
    expect(findDifferences(before, after).map((it) => [it.path, it.before, it.after])).toStrictEqual(expected);
  });

  it("are none of a value and itself", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(findDifferences(JSON.parse(text), JSON.parse(text))).toStrictEqual([]);
      }),
    );
  });

  it("are the same the other way round", () => {
    const value = fc.oneof(fc.jsonValue(), fc.array(fc.constantFrom("a", "b", "c")));
    const sorted = (differences: readonly unknown[]): string[] => differences.map((it) => JSON.stringify(it)).sort();
    fc.assert(
      fc.property(value, value, (one, other) => {
        const back = findDifferences(other, one).map(({ path, before, after }) => ({
          path,
          before: after,
          after: before,
        }));
        expect(sorted(findDifferences(one, other))).toStrictEqual(sorted(back));
      }),
    );
  });
});

describe("named things", () => {
  it("are numbered where several have one name", () => {
    const named = nameEach(["a", "b", "a", "a", "a 2"], (it) => it);
    expect([...named.keys()]).toStrictEqual(["a", "b", "a 2", "a 3", "a 2 2"]);
  });

  it("are matched by name, without those that stay as they are", () => {
    const before = new Map(Object.entries({ gone: 1, same: [2], other: 3 }));
    const after = new Map<string, unknown>(Object.entries({ other: 4, same: [2], new: 5 }));
    expect(matchByName<unknown>(before, after)).toStrictEqual([
      { name: "gone", before: 1, after: undefined },
      { name: "other", before: 3, after: 4 },
      { name: "new", before: undefined, after: 5 },
    ]);
  });
});
