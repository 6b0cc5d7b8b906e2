const BLOCKS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const LOW = 0;
const MIDDLE = 3;
/** Visible, as Markdown and the report's own cells collapse every kind of space. */
const GAP = "·";

/**
 * A series as a line of blocks between its least and its greatest value. A constant one is in the middle, or low if it is 0.
 * Several values in one block are averaged: a maximum would hide that something was down, a minimum that it peaked.
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
  // halves, as the whole distance may be more than a number can be
  const height = (value / 2 - least / 2) / (greatest / 2 - least / 2);
  return Math.min(Math.floor(height * BLOCKS.length), BLOCKS.length - 1);
}

/** Without the gaps at both ends; NaN and infinities have no height and are gaps. */
function trim(values: readonly (number | null)[]): readonly (number | null)[] {
  const finite = values.map((value) => (Number.isFinite(value) ? value : null));
  const known = [...finite.entries()].flatMap(([index, value]) => (value === null ? [] : [index]));
  return finite.slice(known[0], (known.at(-1) ?? -1) + 1);
}

/** At most as many points as asked for. */
function average(values: readonly (number | null)[], width: number): readonly (number | null)[] {
  const length = Math.min(values.length, width);
  return Array.from({ length }, (_, index) => {
    const [from, to] = [index, index + 1].map((it) => Math.floor((it * values.length) / length));
    const numbers = values.slice(from, to).filter((value) => value !== null);
    return numbers.length === 0 ? null : numbers.reduce((sum, value) => sum + value / numbers.length, 0);
  });
}
