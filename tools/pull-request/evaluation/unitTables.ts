/**
 * Grafana's units, as of 13.2, with the text after the number. Ids in a list are separated by spaces; "-" stands for an
 * exponent without a unit.
 */

/** Units that follow the unscaled number. */
export const FIXED = table(
  "humidity %H, dB dB, dBm dbm, pixel px, accMS2 m/sec², accFS2 f/sec², accG g, degree °, radian rad, grad grad, " +
    "arcmin arcmin, arcsec arcsec, areaM2 m², areaF2 ft², areaMI2 mi², acres ac, hectares ha, ppm ppm, conppb ppb, " +
    // the Greek letter here, and the micro sign in all other units
    "conngm3 ng/m³, conngNm3 ng/Nm³, conμgm3 μg/m³, conμgNm3 μg/Nm³, conmgm3 mg/m³, conmgNm3 mg/Nm³, congm3 g/m³, " +
    "congNm3 g/Nm³, conmgdL mg/dL, conmmolL mmol/L, flowgpm gpm, flowcms cms, flowcfs cfs, flowcfm cfm, litreh L/h, " +
    "flowlpm L/min, flowmlpm mL/min, lux lux, masslb lb, masst t, lengthcm cm, lengthin in, lengthft ft, lengthmi mi, " +
    'pressurehpa hPa, pressurekpa kPa, pressurehg "Hg, rotrpm rpm, rotrads rad/s, rotdegs °/s, celsius °C, ' +
    "fahrenheit °F, farenheit °F, kelvin K, velocityms m/s, velocitykmh km/h, velocitymph mph, velocityknot kn, " +
    "m3 m³, Nm3 Nm³, dm3 dm³, gallons gal",
);

/** A symbol, the exponent of its first id, and the ids of consecutive exponents. */
type Scaled = readonly [symbol: string, first: number, ids: string];

/** Powers of 1024: Ki, Mi, Gi… */
export const BINARY: readonly Scaled[] = [
  ["B", 0, "bytes kbytes mbytes gbytes tbytes pbytes"],
  ["b", 0, "bits"],
  ["B/s", 0, "binBps KiBs MiBs GiBs TiBs PiBs"],
  ["b/s", 0, "binbps Kibits Mibits Gibits Tibits Pibits"],
];

/** Powers of 1000: k, M, G…, and m, µ, n… */
export const DECIMAL: readonly Scaled[] = [
  ["", 0, "sishort"],
  ["B", 0, "decbytes deckbytes decmbytes decgbytes dectbytes decpbytes"],
  ["b", 0, "decbits"],
  ["B/s", 0, "Bps KBs MBs GBs TBs PBs"],
  ["b/s", 0, "bps Kbits Mbits Gbits Tbits Pbits"],
  ["p/s", 0, "pps"],
  ["H/s", 0, "Hs KHs MHs GHs THs PHs EHs"],
  ["FLOPS", 0, "flops - mflops gflops tflops pflops eflops zflops yflops"],
  ["Hz", 0, "hertz"],
  ["Hz", 0, "rothz rotkhz rotmhz rotghz"],
  ["W", -1, "mwatt watt kwatt megwatt gwatt"],
  ["W/m²", 0, "Wm2"],
  ["VA", 0, "voltamp kvoltamp"],
  ["VAr", 0, "voltampreact kvoltampreact"],
  ["Wh", 0, "watth kwatth mwatth"],
  ["Wh/kg", 0, "watthperkg"],
  ["W-Min", 1, "kwattm"],
  ["Ah", -1, "mamph amph kamph"],
  ["J", 0, "joule"],
  ["eV", 0, "ev"],
  ["A", -1, "mamp amp kamp"],
  ["V", -1, "mvolt volt kvolt"],
  ["Ω", -1, "mohm ohm kohm Mohm"],
  ["F", -5, "ffarad pfarad nfarad µfarad - farad"],
  ["H", -2, "µhenry mhenry henry"],
  ["Lm", 0, "lumens"],
  ["cd", 0, "candela"],
  ["Nm", 0, "forceNm forcekNm"],
  ["N", 0, "forceN forcekN"],
  ["g", -1, "massmg massg masskg"],
  ["m", -1, "lengthmm lengthm lengthkm"],
  ["bar", -1, "pressurembar pressurebar pressurekbar"],
  ["Pa", 0, "pressurepa"],
  ["Bq", 0, "radbq"],
  ["Ci", 0, "radci"],
  ["Gy", 0, "radgy"],
  ["rad", 0, "radrad"],
  ["Sv", -2, "radusv radmsv radsv"],
  ["rem", 0, "radrem"],
  ["C/kg", 0, "radexpckg"],
  ["R", 0, "radr"],
  ["Sv/h", -2, "radusvh radmsvh radsvh"],
  ["L", -1, "mlitre litre"],
];

/** Counted things: K, M, B or T precedes the symbol. */
export const COUNTS = table(
  "cps c/s, ops ops/s, reqps req/s, rps rd/s, wps wr/s, iops io/s, eps evt/s, mps msg/s, recps rec/s, rowsps rows/s, " +
    "cpm c/m, opm ops/m, reqpm req/m, rpm rd/m, wpm wr/m, epm evts/m, mpm msgs/m, recpm rec/m, rowspm rows/m",
);

/** Currencies by their symbol. */
export const CURRENCIES = table(
  "USD $, GBP £, EUR €, JPY ¥, RUB ₽, UAH ₴, BRL R$, DKK kr, ISK kr, NOK kr, SEK kr, CZK czk, CHF CHF, PLN PLN, " +
    "BTC ฿, mBTC mBTC, μBTC μBTC, ZAR R, INR ₹, KRW ₩, IDR Rp, PHP PHP, VND đ, TRY ₺, MYR RM, XPF XPF, BGN BGN, " +
    "PYG ₲, UYU UYU, ILS ₪",
);

/** Currencies whose symbol follows the number. */
export const SYMBOL_BEHIND: ReadonlySet<string> = new Set(["DKK", "ISK", "NOK", "SEK", "VND", "TRY"]);

/** Each step from its length on; "31536000:31556900" is one from the first length on that divides by the second. */
export const TIMES: Readonly<Record<string, string>> = {
  ns: "1 ns, 1e3 µs, 1e6 ms, 1e9 s, 6e10 min(s), 3.6e12 hour(s), 8.64e13 day(s)",
  µs: "1 µs, 1e3 ms, 1e6 s",
  ms: "1 ms, 1e3 s, 6e4 min(s), 3.6e6 hour(s), 8.64e7 day(s), 3.1536e10 year(s)",
  s: "1e-9 ns, 1e-6 µs, 1e-3 ms, 1 s, 60 min(s), 3600 hour(s), 86400 day(s), 604800 week(s), 31536000:31556900 year(s)",
  m: "1 min, 60 hour(s), 1440 day(s), 10080 week(s), 604800:525948 year(s)",
  h: "1 hour, 24 day(s), 168 week(s), 8760 year(s)",
  d: "1 day(s), 7 week(s), 365 year(s)",
};

/** Symbols by id. */
function table(pairs: string): ReadonlyMap<string, string> {
  return new Map(pairs.split(", ").map((pair) => pair.split(" ") as [string, string]));
}
