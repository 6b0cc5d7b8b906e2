import { seconds } from "../../../lib/shared/duration";
import { StoredDashboard } from "./model";

/** Milliseconds since the epoch. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

/** Intervals that Grafana rounds to, each with its upper limit in milliseconds. */
const STEPS: readonly (readonly [number, string])[] = [
  [10, "1ms"],
  [15, "10ms"],
  [35, "20ms"],
  [75, "50ms"],
  [150, "100ms"],
  [350, "200ms"],
  [750, "500ms"],
  [1500, "1s"],
  [3500, "2s"],
  [7500, "5s"],
  [12_500, "10s"],
  [17_500, "15s"],
  [25_000, "20s"],
  [45_000, "30s"],
  [90_000, "1m"],
  [210_000, "2m"],
  [450_000, "5m"],
  [750_000, "10m"],
  [1_050_000, "15m"],
  [1_500_000, "20m"],
  [2_700_000, "30m"],
  [5_400_000, "1h"],
  [9_000_000, "2h"],
  [16_200_000, "3h"],
  [32_400_000, "6h"],
  [86_400_000, "12h"],
  [604_800_000, "1d"],
  [1_814_400_000, "1w"],
  [3_628_800_000, "30d"],
];

/** Seconds of a Grafana setting such as `10s`, or `10` for the same; 15, Prometheus' datasource's own default, without one. */
export function intervalOf(setting?: string | null): number {
  const interval = setting ?? "";
  return seconds(/\d$/.test(interval) ? `${interval}s` : interval) || 15;
}

/** The step in milliseconds: the range divided by the points, rounded, at least this minimum. */
export function stepOf({ from, to }: TimeRange, maxDataPoints: number, minimumMs: number): number {
  const raw = (to - from) / maxDataPoints;
  const [, step] = STEPS.find(([below]) => raw < below) ?? [0, "1y"];
  return raw < minimumMs ? minimumMs : Math.max(minimumMs, seconds(step) * 1000);
}

/** The time range of a dashboard when it is opened; Grafana's default is six hours. */
export function timeRange(
  { from = "now-6h", to = "now" }: NonNullable<StoredDashboard["time"]> = {},
  now = new Date(),
): TimeRange {
  return { from: parseTime(from, now, false), to: parseTime(to, now, true) };
}

/** A `timeFrom` or `timeShift` that Grafana can read; it ignores any other. */
const OVERRIDE = /^(now-?)?(\d+[smhdwMQy])?(\/f?[smhdwMQy])?$/;

/**
 * The time range of a panel with a `timeFrom` or `timeShift` of its own, whose variables are replaced. Source:
 * applyPanelTimeOverrides in grafana/grafana.
 */
export function panelRange(range: TimeRange, timeFrom: string, timeShift: string, now: Date): TimeRange {
  const [from, shift] = [timeFrom, timeShift].map((text) => (OVERRIDE.test(text) ? text.replace(/^now-?/, "") : ""));
  const own = from ? timeRange({ from: `now-${from}` }, now) : range;
  return shift ? { from: calculate(`-${shift}`, own.from, false), to: calculate(`-${shift}`, own.to, true) } : own;
}

/** Parses a Grafana time: `now-1d/d`, an ISO date or milliseconds; the end of a range rounds up. */
function parseTime(text: string | number, now: Date, end: boolean): number {
  const time = String(text);
  if (time.startsWith("now")) {
    return calculate(time, now.getTime(), end);
  }
  return /^\d+$/.test(time) ? Number(time) : Date.parse(time);
}

/** Applies Grafana's date math, such as `-1d/d`; a fiscal year is a calendar year. */
function calculate(math: string, start: number, end: boolean): number {
  const time = new Date(start);
  for (const [, sign, count, unit = ""] of math.matchAll(/([-+/])(\d*)f?([smhdwMQy])/g)) {
    if (sign === "/") {
      roundDown(time, unit);
      if (end) {
        shift(time, unit, 1);
        time.setTime(time.getTime() - 1);
      }
    } else {
      shift(time, unit, Number(`${sign ?? ""}${count === "" ? "1" : (count ?? "")}`));
    }
  }
  return time.getTime();
}

/** Units whose length varies, in months. */
const MONTHS: Readonly<Record<string, number>> = { M: 1, Q: 3, y: 12 };

function shift(time: Date, unit: string, count: number): void {
  const months = MONTHS[unit];
  if (months === undefined) {
    time.setTime(time.getTime() + count * seconds(`1${unit}`) * 1000);
    return;
  }
  const day = time.getUTCDate();
  time.setUTCDate(1);
  time.setUTCMonth(time.getUTCMonth() + count * months);
  // the month's last day if it is shorter
  time.setUTCDate(Math.min(day, new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth() + 1, 0)).getUTCDate()));
}

function roundDown(time: Date, unit: string): void {
  if (unit === "s" || unit === "m" || unit === "h") {
    const length = seconds(`1${unit}`) * 1000;
    time.setTime(Math.floor(time.getTime() / length) * length);
    return;
  }
  time.setUTCHours(0, 0, 0, 0);
  if (unit === "w") {
    time.setUTCDate(time.getUTCDate() - time.getUTCDay());
  } else if (unit !== "d") {
    const months = MONTHS[unit] ?? 1;
    time.setUTCMonth(Math.floor(time.getUTCMonth() / months) * months, 1);
  }
}
