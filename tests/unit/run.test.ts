import { countResults } from "../run";

describe("countResults", () => {
  it.each([
    ["jest", "Tests:       2 failed, 1 skipped, 14 passed, 17 total", { passed: 14, failed: 2, skipped: 1 }],
    ["pytest", "3 failed, 105 passed in 70.12s (0:01:10)", { passed: 105, failed: 3, skipped: 0 }],
    ["pytest with colours off and errors", "1 passed, 2 errors in 0.10s", { passed: 1, failed: 2, skipped: 0 }],
    ["lint", "9 passed, 1 failed, 2 skipped", { passed: 9, failed: 1, skipped: 2 }],
  ])("reads the closing line of %s", (_, line, expected) => {
    expect(countResults(`what it printed\n${line}\nTime: 3 s`)).toEqual(expected);
  });

  it("tells a suite that closed without a count", () => {
    expect(countResults("Segmentation fault")).toBeUndefined();
  });
});
