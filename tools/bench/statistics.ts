/** What several rounds of one measure came to. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Of each round, in their order. */
  readonly values: readonly number[];
}

/** Of a measure's median: rounds that lie further apart are not alike. */
const SPREAD_LIMIT = 0.25;
/** Seconds that count for nothing: a question every 50 ms is no finer. */
const RESOLUTION = 0.2;
/** Share of the cores that other work may have at the start. */
const LOAD_LIMIT = 0.25;

/** Median, minimum and maximum of at least one value. */
export function summarize(values: readonly number[]): Summary {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = (sorted.length - 1) / 2;
  const [low = NaN, high = NaN] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  return { median: (low + high) / 2, min: sorted[0] ?? NaN, max: sorted.at(-1) ?? NaN, values };
}

/** Distance of the extremes, as a share of the median. */
export function spread({ median, min, max }: Summary): number {
  return (max - min) / median;
}

/** Why a run says little: what else the machine did, and the measures whose rounds are far apart. */
export function noise(
  load: number,
  cores: number,
  summaries: readonly (readonly [name: string, summary: Summary])[],
): readonly string[] {
  const busy =
    load > LOAD_LIMIT * cores
      ? [`the load average was ${load.toFixed(2)} at the start, on ${String(cores)} cores`]
      : [];
  const wide = summaries
    .filter(([, summary]) => spread(summary) > SPREAD_LIMIT && summary.max - summary.min > RESOLUTION)
    .map(([name, summary]) => `${name}: the rounds are ${(spread(summary) * 100).toFixed(0)} % of the median apart`);
  return [...busy, ...wide];
}
