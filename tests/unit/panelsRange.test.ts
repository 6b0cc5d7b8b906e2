import { seconds, writeDuration } from "../../lib/shared/duration";
import { intervalOf, panelRange, stepOf, timeRange } from "../../tools/verify/panels/range";

const NOW = new Date("2026-11-23T01:30:00Z");

describe("the range", () => {
  it.each([
    [{ from: "now-24h", to: "now" }, "2026-11-22T01:30:00.000Z", "2026-11-23T01:30:00.000Z"],
    [{ from: "now/d", to: "now/d" }, "2026-11-23T00:00:00.000Z", "2026-11-23T23:59:59.999Z"],
    [{ from: "now-1M/M", to: "now-1y" }, "2026-10-01T00:00:00.000Z", "2025-11-23T01:30:00.000Z"],
    [{ from: "now/w", to: "1795397400000" }, "2026-11-22T00:00:00.000Z", "2026-11-23T01:30:00.000Z"],
    [{ from: "now-1Q/fQ", to: "now-1Q/fQ" }, "2026-07-01T00:00:00.000Z", "2026-09-30T23:59:59.999Z"],
    [{ from: 1795390200000, to: "2026-11-23T01:30:00Z" }, "2026-11-22T23:30:00.000Z", "2026-11-23T01:30:00.000Z"],
    [{}, "2026-11-22T19:30:00.000Z", "2026-11-23T01:30:00.000Z"],
  ])("%j", (time, from, to) => {
    const range = timeRange(time, NOW);
    expect([range.from, range.to].map((it) => new Date(it).toISOString())).toStrictEqual([from, to]);
  });

  it.each([
    ["now-24h", 960, 5000, 120_000],
    ["now-15m", 1920, 5000, 5000],
    ["now-1h", 100, 1000, 30_000],
  ])("%s over %i points has a step", (from, points, minimum, step) => {
    expect(stepOf(timeRange({ from, to: "now" }, NOW), points, minimum)).toBe(step);
  });

  it.each([
    ["now-1M/M", "2026-03-31T12:00:00Z", "2026-02-01T00:00:00.000Z"],
    ["now-1M", "2026-03-31T12:00:00Z", "2026-02-28T12:00:00.000Z"],
    ["now-1y", "2028-02-29T12:00:00Z", "2027-02-28T12:00:00.000Z"],
  ])("of %s at %s begins in the right month", (from, now, start) => {
    expect(new Date(timeRange({ from }, new Date(now)).from).toISOString()).toBe(start);
  });

  it.each([
    ["", "", "2026-11-23T01:15:00.000Z", "2026-11-23T01:30:00.000Z"],
    ["1h", "", "2026-11-23T00:30:00.000Z", "2026-11-23T01:30:00.000Z"],
    ["now/d", "", "2026-11-23T00:00:00.000Z", "2026-11-23T01:30:00.000Z"],
    ["", "7d", "2026-11-16T01:15:00.000Z", "2026-11-16T01:30:00.000Z"],
    ["foo", "soon", "2026-11-23T01:15:00.000Z", "2026-11-23T01:30:00.000Z"],
    ["1h", "1d", "2026-11-22T00:30:00.000Z", "2026-11-22T01:30:00.000Z"],
  ])("of a panel with timeFrom %j and timeShift %j", (timeFrom, timeShift, from, to) => {
    const range = panelRange(timeRange({ from: "now-15m" }, NOW), timeFrom, timeShift, NOW);
    expect([range.from, range.to].map((it) => new Date(it).toISOString())).toStrictEqual([from, to]);
  });
});

describe("a duration", () => {
  it.each([
    ["0.5s", 0.5],
    ["1.5m", 90],
    ["1m30s", 90],
  ])("%s is %d s", (text, length) => {
    expect(seconds(text)).toBe(length);
  });

  it.each([
    [0, "0s"],
    [90, "1m30s"],
    [60.1, "1m100ms"],
    [86_400, "1d"],
    [604_800, "1w"],
    [691_200, "8d"],
  ])("of %d s is written as %s", (length, text) => {
    expect(writeDuration(length)).toBe(text);
  });
});

describe("an interval of Grafana's settings", () => {
  it.each([
    ["10s", 10],
    [">2m", 120],
    ["60", 60],
    ["", 15],
    [undefined, 15],
    [null, 15],
  ])("of %j is %d s", (setting, expected) => {
    expect(intervalOf(setting)).toBe(expected);
  });
});
