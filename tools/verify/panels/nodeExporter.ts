import { closest, distance } from "fastest-levenshtein";
import * as fs from "node:fs";
import * as path from "node:path";

/** Why a query has no data: a reason that excuses it, or what is wrong with it. */
export type Explanation = { readonly reason: string } | { readonly error: string };

/** What node_exporter can expose, made by scripts/node-exporter-metrics.js; all names without their `node_`. */
interface Metrics {
  /** The release that it is read from. */
  readonly source: string;
  /** Names by collector, separated by spaces; those of no collector under "". */
  readonly names: Readonly<Record<string, string>>;
  /** By collector: metrics that are named after what a host has. */
  readonly open: Readonly<Record<string, OpenNames>>;
  /** Flags, off by default, that a metric needs besides its collector. */
  readonly flags: Readonly<Record<string, string>>;
}

interface OpenNames {
  /** A regular expression. */
  readonly pattern: string;
  /** Where node_exporter reads them. */
  readonly filledBy: string;
  /** Default of the flag that chooses among what the host has. */
  readonly fields?: string;
}

const { source, names, open, flags } = JSON.parse(
  fs.readFileSync(path.join(__dirname, "nodeExporterMetrics.json"), "utf8"),
) as Metrics;
const PREFIX = "node_";
const KNOWN = new Map(Object.entries(names).map(([collector, list]) => [collector, new Set(list.split(" "))]));
const ALL = [...new Set([...KNOWN.values()].flatMap((list) => [...list]))];
/** Letters by which a typing error differs, but no two of the kernel's fields that begin alike. */
const TYPING_ERROR = 2;
/** Words that node_exporter 0.16 added to names, or put in place of others. */
const UNITS = new Set(["total", "seconds", "bytes", "ratio", "celsius", "ms", "kb"]);

/** Whether a metric is one that node_exporter exposes, by its prefix in any case. */
export function isHostMetric(metric: string): boolean {
  return metric.toLowerCase().startsWith(PREFIX);
}

/** Names of its metrics that match. */
export function hostMetricsLike(expression: RegExp): string[] {
  return ALL.map((name) => `${PREFIX}${name}`).filter((metric) => expression.test(metric));
}

/**
 * Why node_exporter exposes no such metric, where each collector that runs did find something or not. A name that it
 * never had is an error, as are those from before its release 0.16.
 */
export function explainMetric(metric: string, collectors: ReadonlyMap<string, boolean>): Explanation {
  const name = metric.slice(PREFIX.length);
  const owners = metric.startsWith(PREFIX) ? ownersOf(name) : [];
  const [owner = ""] = owners;
  if (owners.length === 0) {
    return { error: `${source} exposes no ${metric}${hint(name)}` };
  }
  const running = owners.filter((it) => it === "" || collectors.has(it));
  const { fields, filledBy } = open[owner] ?? {};
  if (running.length === 0) {
    return { reason: `collector ${owner} is off in this lab` };
  }
  if (running.every((it) => collectors.get(it) === false)) {
    return { reason: `collector ${running[0] ?? ""} reports nothing` };
  }
  if (flags[name] !== undefined) {
    return { reason: `${metric} needs ${flags[name]}, which is off in this lab` };
  }
  if (fields !== undefined && !new RegExp(fields).test(fieldOf(name))) {
    return { reason: `--collector.${owner}.fields leaves out ${metric}` };
  }
  return { reason: KNOWN.get(owner)?.has(name) === true ? `no ${metric}` : `no ${metric} in ${filledBy ?? ""}` };
}

/** Collectors that can expose a name. */
function ownersOf(name: string): string[] {
  const known = [...KNOWN].filter(([, list]) => list.has(name)).map(([collector]) => collector);
  return known.length > 0 ? known : Object.keys(open).filter((collector) => fills(collector, name));
}

/** Whether the host can have filled in a name that is not known. */
function fills(collector: string, name: string): boolean {
  const { pattern = "", fields } = open[collector] ?? {};
  const misspelt = [...(KNOWN.get(collector) ?? [])].some(
    (known) => fieldOf(name).startsWith(fieldOf(known).charAt(0)) && differs(known, name) <= TYPING_ERROR,
  );
  return new RegExp(`^${pattern}$`).test(name) && !(fields !== undefined && misspelt);
}

/** `vmstat_pgpgin` is the field pgpgin. */
function fieldOf(name: string): string {
  return name.slice(name.indexOf("_") + 1);
}

function differs(a: string, b: string): number {
  return distance(a.toLowerCase(), b.toLowerCase());
}

/** A question that names what somebody may have meant; empty where nothing is near. */
function hint(name: string): string {
  const near = renamed(name) ?? nearest(name);
  return near === undefined ? "" : `, did you mean ${PREFIX}${near}?`;
}

/** The name of the same subsystem that has all words of another one, units aside, and the fewest besides. */
function renamed(name: string): string | undefined {
  const needed = words(name).filter((word) => word !== "ms" && word !== "kb");
  const candidates = ALL.filter((known) => {
    const own = words(known);
    return own[0] === needed[0] && needed.every((word) => own.includes(word));
  });
  const others = (known: string): number =>
    words(known).filter((word) => !needed.includes(word) && !UNITS.has(word)).length;
  return candidates.sort((a, b) => others(a) - others(b) || differs(a, name) - differs(b, name))[0];
}

/** `memory_MemTotal` has three. */
function words(name: string): string[] {
  return name
    .replace(/([a-z])(?=[A-Z])/g, "$1_")
    .toLowerCase()
    .split("_");
}

function nearest(name: string): string | undefined {
  const near = closest(name, ALL);
  return distance(name, near) <= Math.max(TYPING_ERROR, name.length / 3) ? near : undefined;
}
