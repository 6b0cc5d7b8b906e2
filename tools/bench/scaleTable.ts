import { Load } from "./onePrometheus";
import { Cells } from "./report";

/** A row per size and, from three sizes on, an extrapolation to the last from the two before it. */
export function loadTable(loads: readonly Load[]): Cells {
  const [first] = loads;
  const [small, large, last] = loads.length < 3 ? [] : loads.slice(-3);
  const rows = loads.map(({ nodes, needs, rest }) => [String(nodes), ...needCells(needs), ...Object.values(rest)]);
  if (small !== undefined && large !== undefined && last !== undefined) {
    const title = `${String(last.nodes)}, from ${String(small.nodes)} and ${String(large.nodes)}`;
    rows.push([title, ...needCells(extrapolate(small, large, last.nodes)), ...Object.keys(last.rest).map(() => "")]);
  }
  return { head: ["nodes", ...Object.keys(first?.needs ?? {}), ...Object.keys(first?.rest ?? {})], rows };
}

/** Linear extrapolation to that many nodes from two smaller sizes. */
export function extrapolate(small: Load, large: Load, nodes: number): Load["needs"] {
  const share = (nodes - large.nodes) / (large.nodes - small.nodes);
  const needs = Object.entries(large.needs);
  return Object.fromEntries(
    needs.map(([need, value]) => [need, value + (value - (small.needs[need] ?? NaN)) * share] as const),
  );
}

function needCells(needs: Load["needs"]): readonly string[] {
  return Object.values(needs).map((value) => value.toFixed(value < 10 ? 1 : 0));
}
