const BLOCKS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const LOW = 0;
const MIDDLE = 3;
/** A visible character, as Markdown and the report's cells collapse spaces. */
const GAP = "·";

/**
 * A series as blocks scaled between its minimum and maximum. A constant one is in the middle, or low if it is 0.
 * Values in one block are averaged: a maximum would hide an outage, a minimum a peak.
 */
export function sparkline(values: readonly (number | null)[], width = 20): string {
  const points = average(trim(values), width);
  const numbers = points.filter((point) => point !== null);
  const [least, greatest] = [Math.min(...numbers), Math.max(...numbers)];
  return points.map((point) => (point === null ? GAP : BLOCKS[levelOf(point, least, greatest)])).join("");
}

function levelOf(value: number, least: number, greatest: number): number {
  if (least === greatest) {
    return value === 0 ? LOW : MIDDLE;
  }
  // halved, as the difference may overflow
  const height = (value / 2 - least / 2) / (greatest / 2 - least / 2);
  return Math.min(Math.floor(height * BLOCKS.length), BLOCKS.length - 1);
}

/** Removes gaps at both ends; NaN and infinities are gaps, as they have no height. */
function trim(values: readonly (number | null)[]): readonly (number | null)[] {
  const finite = values.map((value) => (Number.isFinite(value) ? value : null));
  const known = [...finite.entries()].flatMap(([index, value]) => (value === null ? [] : [index]));
  return finite.slice(known[0], (known.at(-1) ?? -1) + 1);
}

/** Averages values to at most `width` points. */
function average(values: readonly (number | null)[], width: number): readonly (number | null)[] {
  const length = Math.min(values.length, width);
  return Array.from({ length }, (_, index) => {
    const [from, to] = [index, index + 1].map((it) => Math.floor((it * values.length) / length));
    const numbers = values.slice(from, to).filter((value) => value !== null);
    return numbers.length === 0 ? null : numbers.reduce((sum, value) => sum + value / numbers.length, 0);
  });
}
