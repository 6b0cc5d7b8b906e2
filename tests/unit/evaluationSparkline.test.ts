import * as fc from "fast-check";
import { sparkline } from "../../tools/pull-request/evaluation/sparkline";

describe("a sparkline", () => {
  it.each<[readonly (number | null)[], string]>([
    [[0, 1, 2, 3, 4, 5, 6, 7], "▁▂▃▄▅▆▇█"],
    [[7, 0], "█▁"],
    [[-1, 0, 1], "▁▅█"],
    [[5, 5, 5], "▄▄▄"],
    [[0, 0], "▁▁"],
    [[1], "▄"],
    [[1, null, 2], "▁·█"],
    [[null, NaN, 1, 2, Infinity], "▁█"],
    [[1, -Infinity, 2], "▁·█"],
    [[-1.7e308, 1.7e308], "▁█"],
    [[null, NaN], ""],
    [[], ""],
  ])("of %j is %s", (values, line) => {
    expect(sparkline(values)).toBe(line);
  });

  it("averages what is in one block, so that a peak and a fall to 0 are both seen", () => {
    expect(sparkline([0, 0, 4, 4, 0, 8, 8, 8], 4)).toBe("▁▅▅█");
    expect(sparkline([2, 2, null, null, null, 4, 4, 4], 4)).toBe("▁·██");
  });

  it("is never longer than its width, begins and ends with a block, and has no space", () => {
    const values = fc.array(fc.oneof(fc.double(), fc.constant(null)), { maxLength: 60 });
    fc.assert(
      fc.property(values, fc.integer({ min: 0, max: 25 }), (series, width) => {
        const line = sparkline(series, width);
        expect(line.length).toBeLessThanOrEqual(width);
        expect(line).toMatch(/^$|^[▁-█](?:[▁-█·]*[▁-█])?$/);
      }),
    );
  });
});
