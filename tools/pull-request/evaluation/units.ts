import { CLOCKS } from "./clocks";
import { BINARY, COUNTS, CURRENCIES, DECIMAL, FIXED, SYMBOL_BEHIND, TIMES } from "./unitTables";

type Format = (value: number, decimals?: number) => string;

/** Significant digits of a number without configured decimals. */
const SIGNIFICANT = 3;
const MAX_DECIMALS = 20;
const SI = ["f", "p", "n", "µ", "m", "", "k", "M", "G", "T", "P", "E", "Z", "Y"];
const IEC = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"];
const SHORT = ["", " K", " Mil", " Bil", " Tri", " Quadr", " Quint", " Sext", " Sept"];
const COUNT_PREFIXES = ["", "K", "M", "B", "T"];

/** Formats a number with its unit as Grafana does; an unknown unit follows the number literally. */
export function formatUnit(unit: string | undefined, value: number, decimals?: number | null): string {
  if (Number.isNaN(value)) {
    return "NaN";
  }
  const id = unit ?? "";
  const format = FORMATS.get(id) ?? parameterized(id) ?? fixed(id);
  return format(value, typeof decimals === "number" ? Math.min(Math.max(0, decimals), MAX_DECIMALS) : undefined);
}

/** A number with the given decimals, otherwise rounded to three significant digits. */
function plain(value: number, decimals = placesOf(value)): string {
  if (!Number.isFinite(value)) {
    return value < 0 ? "-∞" : "∞";
  }
  const factor = 10 ** decimals;
  const rounded = Math.round(value * factor) / factor;
  // the product overflows for the largest numbers
  const text = String(Number.isFinite(rounded) ? rounded : value);
  if (decimals === 0 || text.includes("e")) {
    return text;
  }
  const [whole = "", fraction = ""] = text.split(".");
  return `${whole}.${fraction.padEnd(decimals, "0")}`;
}

function placesOf(value: number): number {
  // not Math.log10, which rounds differently from Grafana: 100.00000000000001 is "100.0" there
  const magnitude = Math.floor(Math.log(Math.abs(value)) / Math.LN10);
  return Number.isInteger(value) ? 0 : Math.max(0, SIGNIFICANT - 1 - magnitude);
}

function fixed(symbol: string): Format {
  const suffix = symbol === "" ? "" : ` ${symbol}`;
  return (value, decimals) => plain(value, decimals) + suffix;
}

/** Divides by the highest fitting power of the base and appends its name; `unit` is the index of power 0. */
function scaled(base: number, names: readonly string[], unit = 0): Format {
  return finite((value, decimals) => {
    const fitting = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)) / Math.log10(base));
    const power = Math.min(Math.max(fitting, -unit), names.length - 1 - unit);
    return plain(value / base ** power, decimals) + (names[unit + power] ?? "");
  });
}

function binary(symbol: string, exponent: number): Format {
  const names = IEC.map((prefix) => ` ${prefix}${symbol}`);
  return scaled(1024, names, exponent);
}

function decimal(symbol: string, exponent: number): Format {
  const names = SI.map((prefix) => ` ${prefix}${symbol}`);
  return scaled(1000, names, SI.indexOf("") + exponent);
}

function count(symbol: string): Format {
  const format = scaled(1000, COUNT_PREFIXES);
  return (value, decimals) => `${format(value, decimals)} ${symbol}`;
}

function currency(symbol: string, behind: boolean): Format {
  const format = scaled(1000, COUNT_PREFIXES);
  return (value, decimals) => {
    const amount = format(Math.abs(value), decimals);
    return (value < 0 ? "-" : "") + (behind ? amount + symbol : symbol + amount);
  };
}

function time(unit: string): Format {
  const steps = (TIMES[unit] ?? "").split(", ").map((step) => {
    const [lengths = "", name = ""] = step.split(" ");
    const [from = 0, per = from] = lengths.split(":").map(Number);
    return { from, per, name };
  });
  return (value, decimals) => {
    if (value === 0 && unit === "s") {
      return "0 s";
    }
    const fitting = steps.filter(({ from }) => Math.abs(value) >= from).at(-1);
    const { per, name } = fitting ?? steps[0] ?? { per: 1, name: "" };
    // multiplies by an integer, as 1e-3 is not exact
    const amount = per < 1 ? value * Math.round(1 / per) : value / per;
    return `${plain(amount, decimals)} ${name.replace("(s)", Math.abs(amount) > 1 ? "s" : "")}`;
  };
}

function truth(yes: string, no: string): Format {
  return (value) => (value === 0 ? no : yes);
}

function hexadecimal(prefix: string): Format {
  return finite((value, decimals) => {
    const rounded = Number(plain(value, decimals));
    return (rounded < 0 ? "-" : "") + prefix + Math.abs(rounded).toString(16).toUpperCase();
  });
}

function finite(format: Format): Format {
  return (value, decimals) => (Number.isFinite(value) ? format(value, decimals) : plain(value));
}

function grouped(value: number, most?: number, least?: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: most, minimumFractionDigits: least });
}

const FORMATS: ReadonlyMap<string, Format> = new Map([
  entry("", plain),
  entry("none", plain),
  entry("string", String),
  entry("short", scaled(1000, SHORT)),
  entry("percent", (value, decimals) => `${plain(value, decimals)}%`),
  entry("percentunit", (value, decimals) => `${plain(100 * value, decimals)}%`),
  entry("hex", hexadecimal("")),
  entry("hex0x", hexadecimal("0x")),
  entry(
    "sci",
    finite((value, decimals) => value.toExponential(decimals)),
  ),
  entry("locale", (value, decimals) => grouped(value, decimals)),
  entry("pressurepsi", scaled(1000, ["psi", "ksi", "Mpsi"])),
  entry("timeticks", (value, decimals) => time("s")(value / 100, decimals)),
  entry("bool", truth("True", "False")),
  entry("bool_yes_no", truth("Yes", "No")),
  entry("bool_on_off", truth("On", "Off")),
  ...[...FIXED].map(([id, symbol]) => entry(id, fixed(symbol))),
  ...[...COUNTS].map(([id, symbol]) => entry(id, count(symbol))),
  ...[...CURRENCIES].map(([code, symbol]) => entry(`currency${code}`, currency(symbol, SYMBOL_BEHIND.has(code)))),
  ...Object.keys(TIMES).map((id) => entry(id, time(id))),
  ...Object.entries(CLOCKS).map(([id, clock]) => entry(id, finite(clock))),
  ...byExponent(BINARY, binary),
  ...byExponent(DECIMAL, decimal),
]);

function entry(id: string, format: Format): [string, Format] {
  return [id, format];
}

function byExponent(table: typeof DECIMAL, format: (symbol: string, exponent: number) => Format): [string, Format][] {
  return table.flatMap(([symbol, first, ids]) =>
    ids.split(" ").flatMap((id, index) => (id === "-" ? [] : [entry(id, format(symbol, first + index))])),
  );
}

/** A custom unit, such as `suffix:jobs` or `si:mW`. */
function parameterized(id: string): Format | undefined {
  const [, kind, text = ""] = /^(\w+):(.*)$/s.exec(id) ?? [];
  switch (kind) {
    case "prefix":
      return (value, decimals) => text + plain(value, decimals);
    case "suffix":
      return fixed(text);
    case "si": {
      const exponent = exponentOf(text.charAt(0));
      return decimal(exponent === 0 ? text : text.slice(1), exponent);
    }
    case "count":
      return count(text);
    case "currency": {
      const [scale, symbol = "", place] = text.split(":");
      if (scale !== "financial") {
        return currency(text, false);
      }
      return (value, decimals) => {
        const amount = grouped(value, decimals ?? 1, decimals ?? 0);
        return place === "suffix" ? amount + symbol : symbol + amount;
      };
    }
    case "bool": {
      const [yes = "", no = "-"] = text.split("/");
      return truth(yes, no);
    }
    case "time":
      return CLOCKS.dateTimeAsIso;
    default:
      return undefined;
  }
}

function exponentOf(prefix: string): number {
  const index = SI.indexOf(prefix === "μ" ? "µ" : prefix);
  return index < 0 ? 0 : index - SI.indexOf("");
}
