/** Formats of durations and dates. */
type Clock = (value: number, decimals?: number) => string;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Lengths in milliseconds; Grafana counts 30 days for a month. */
const PERIODS: readonly (readonly [name: string, length: number])[] = [
  ["year", 365 * DAY],
  ["month", 30 * DAY],
  ["week", 7 * DAY],
  ["day", DAY],
  ["hour", HOUR],
  ["minute", MINUTE],
  ["second", SECOND],
  ["millisecond", 1],
];

/** Grafana's units for durations and dates; a date is a number of milliseconds since 1970. */
export const CLOCKS = {
  dtdurationms: ago((value, decimals) => inWords(value, decimals) || "0 milliseconds"),
  dtdurations: ago((value, decimals) => inWords(value * SECOND, decimals) || "0 seconds"),
  dthms: ago(hoursMinutesSeconds),
  dtdhms: ago((value) => {
    const days = Math.floor((value * SECOND) / DAY);
    const rest = hoursMinutesSeconds(value % (DAY / SECOND));
    return days > 0 ? `${String(days)} d ${rest}` : rest;
  }),
  clockms: clock,
  clocks: (value, decimals) => clock(value * SECOND, decimals),
  dateTimeAsIso: isoDate,
  dateTimeAsIsoNoDateIfToday: isoDate,
  dateTimeAsUS: usDate,
  dateTimeAsUSNoDateIfToday: usDate,
  // Grafana formats these by the reader's locale or clock, which is unknown here
  dateTimeAsLocal: isoDate,
  dateTimeAsLocalNoDateIfToday: isoDate,
  dateTimeAsSystem: isoDate,
  dateTimeFromNow: isoDate,
} satisfies Readonly<Record<string, Clock>>;

/** Formats a negative duration as one in the past. */
function ago(format: Clock): Clock {
  return (value, decimals) => (value < 0 ? `${format(-value, decimals)} ago` : format(value, decimals));
}

/** A duration in periods from the longest: one, plus one for each decimal. */
function inWords(milliseconds: number, decimals = 0): string {
  const parts: string[] = [];
  let rest = milliseconds;
  for (const [name, length] of PERIODS) {
    const amount = Math.floor(rest / length);
    if (parts.length <= decimals && (amount >= 1 || parts.length > 0)) {
      parts.push(`${String(amount)} ${name}${amount === 1 ? "" : "s"}`);
      rest %= length;
    }
  }
  return parts.join(", ");
}

function hoursMinutesSeconds(seconds: number): string {
  const parts = [seconds / 3600, (seconds % 3600) / 60, seconds % 60];
  return parts.map((part) => pad(part)).join(":");
}

/** A duration as `1h:02m:03s`, from the largest part: all parts, or one plus one for each decimal. */
function clock(milliseconds: number, decimals = Infinity): string {
  const length = Math.abs(milliseconds);
  const parts = [
    `${String(Math.floor(length / HOUR))}h`,
    `${pad((length % HOUR) / MINUTE)}m`,
    `${pad((length % MINUTE) / SECOND)}s`,
    `${pad(length % SECOND, 3)}ms`,
  ];
  const first = [HOUR, MINUTE, SECOND].findIndex((part) => length >= part);
  const from = first < 0 ? parts.length - 1 : first;
  return (milliseconds < 0 ? "-" : "") + parts.slice(from, from + 1 + decimals).join(":");
}

function isoDate(milliseconds: number): string {
  const time = new Date(milliseconds);
  if (Number.isNaN(time.getTime())) {
    return "Invalid date";
  }
  // UTC, as the reader's time zone is unknown
  const text = time.toISOString().replace("T", " ");
  return text.replace(/\.\d+Z$/, " UTC");
}

function usDate(milliseconds: number): string {
  const [, year = "", month = "", day = "", hour = "", rest = ""] =
    /^(.*)-(\d\d)-(\d\d) (\d\d)(:.*) UTC$/.exec(isoDate(milliseconds)) ?? [];
  if (year === "") {
    return "Invalid date";
  }
  const half = Number(hour) < 12 ? "am" : "pm";
  return `${month}/${day}/${year} ${String(Number(hour) % 12 || 12)}${rest} ${half} UTC`;
}

function pad(part: number, digits = 2): string {
  return String(Math.floor(part)).padStart(digits, "0");
}
