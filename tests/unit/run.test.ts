import { countResults, failuresOf, Run } from "../run";
import { LANES, Suite } from "../suites";

describe("countResults", () => {
  it.each([
    ["jest", "Tests:       2 failed, 1 skipped, 14 passed, 17 total", { passed: 14, failed: 2, skipped: 1 }],
    ["pytest", "3 failed, 105 passed in 70.12s (0:01:10)", { passed: 105, failed: 3, skipped: 0 }],
    ["pytest with colours off and errors", "1 passed, 2 errors in 0.10s", { passed: 1, failed: 2, skipped: 0 }],
    ["lint", "9 passed, 1 failed, 2 skipped", { passed: 9, failed: 1, skipped: 2 }],
  ])("reads the closing line of %s", (_, line, expected) => {
    expect(countResults(`what it printed\n${line}\nTime: 3 s`)).toEqual(expected);
  });

  it("counts a suite without a closing line as nothing", () => {
    expect(countResults("Segmentation fault")).toBeUndefined();
  });
});

describe("failuresOf", () => {
  it("lists what jest, pytest and lint say has failed, with the reason and not the source", () => {
    const jest = [
      "  ● Console",
      "",
      "    console.log",
      "  ● a lab › comes up",
      "",
      "    expect(received).toBe(expected)",
      "",
      '    Expected: "green"',
      "      12 | source",
      "    at Object.<anonymous> (a.test.ts:12:3)",
      "",
      "Tests: 1 failed",
    ];
    expect(failuresOf(jest.join("\n"))).toEqual([
      '  ● a lab › comes up\n    expect(received).toBe(expected)\n    Expected: "green"\n      12 | source',
    ]);
    expect(failuresOf("FAILED tests/a.py::test_b - assert 1\nFAILED types\nwhy\n")).toEqual([
      "FAILED tests/a.py::test_b - assert 1",
      "FAILED types",
    ]);
  });
});

describe("Run", () => {
  const suite = (name: string, script: string, preparation?: string): Suite => ({
    name,
    command: ["sh", "-c", script],
    ...(preparation === undefined ? {} : { preparation: ["sh", "-c", preparation] }),
  });
  const GREEN = "echo '1 passed, 0 failed'";

  /** What a run of these lanes prints, with every number of seconds the same, and counts. */
  async function runOf(...lanes: Suite[][]): Promise<{ printed: string; total: Run["total"] }> {
    let printed = "";
    const run = new Run(lanes, (text) => (printed += text));
    await run.all();
    return { printed: printed.replace(/took \d+ s/g, "took 0 s"), total: run.total };
  }

  it("keeps the output of each suite in one piece while others run beside it", async () => {
    const slow = suite("slow", `echo first; sleep 1; echo second; ${GREEN}`);
    const { printed, total } = await runOf(
      [slow],
      [suite("a", `echo of a; ${GREEN}`), suite("b", `echo of b >&2; sleep 0.1; ${GREEN}`)],
    );
    expect(printed).toContain("== a\nof a\n1 passed, 0 failed\n== a took 0 s\n-- b starts\n");
    expect(printed).toContain("== b\nof b\n1 passed, 0 failed\n== b took 0 s\n");
    expect(printed).toMatch(/== slow\nfirst\nsecond\n1 passed, 0 failed\n== slow took 0 s\n$/);
    expect(total).toEqual({ passed: 3, failed: 0, skipped: 0 });
  });

  it("shows the output of one lane as it comes", async () => {
    const { printed } = await runOf([suite("a", `echo of a; ${GREEN}`)]);
    expect(printed).toBe("== a\nof a\n1 passed, 0 failed\n== a took 0 s\n");
  });

  it.each([
    ["that fails without a count", "exit 3"],
    ["that cannot be started", undefined],
    ["that counts none and fails", "echo '4 passed, 0 failed' && false"],
  ])("counts a suite %s as a failure", async (_, script) => {
    const command: Suite["command"] = script === undefined ? ["no-such-program"] : ["sh", "-c", script];
    expect((await runOf([{ name: "a", command }])).total.failed).toBe(1);
  });

  it("waits for the preparation of a suite, and counts its failure as the suite's", async () => {
    const { printed, total } = await runOf([
      suite("a", `echo of a; ${GREEN}`, "sleep 0.2"),
      suite("b", `echo of b; ${GREEN}`, "echo why; exit 1"),
    ]);
    expect(printed).toContain("of a\n");
    expect(printed).not.toContain("of b\n");
    expect(printed).toContain("sh -c echo why; exit 1 failed; its last lines:\nwhy\n== b took 0 s\n");
    expect(total).toEqual({ passed: 1, failed: 1, skipped: 0 });
  });

  it("ends the processes of its suites, and begins no others", async () => {
    let printed = "";
    const run = new Run([[suite("a", "sleep 60 & echo begun; wait"), suite("b", GREEN, "sleep 60")]], (text) => {
      printed += text;
      if (text === "begun\n") {
        run.end();
      }
    });
    await run.all();
    // the output is at its end once nobody holds it any more
    expect(printed).toMatch(/^== a\nbegun\n== a took \d s\n$/);
    expect(run.total).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });

  it("gives each lane another number", async () => {
    const { printed } = await runOf([suite("a", 'echo "lane $TEST_LANE"')], [suite("b", 'echo "lane $TEST_LANE"')]);
    expect(printed.match(/lane \d/g)?.sort()).toEqual(["lane 0", "lane 1"]);
  });
});

describe("the suites", () => {
  it("have a unique name each", () => {
    const names = LANES.flat().map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
