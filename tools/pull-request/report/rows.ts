import { Operation } from "./changes";
import { Pair } from "./differences";

/** A table row: a change of a part of the lab. */
export interface Row {
  readonly operation: Operation;
  readonly kind: string;
  readonly name: string;
  /** Markdown; empty if the operation says everything. */
  readonly detail: string;
}

/** Identifies a row. */
export function rowKey({ kind, name }: Pick<Row, "kind" | "name">): string {
  return `${kind} ${name}`;
}

/** The operation on an item, by its existence before and after. */
export function operationOf(before: unknown, after: unknown): Operation {
  if (before === undefined) {
    return "create";
  }
  return after === undefined ? "delete" : "update";
}

/** A row for each item, with what differs, or what an added or removed one is. */
export function itemRows<T>(
  kind: string,
  pairs: readonly Pair<T>[],
  differs: (before: T, after: T) => string,
  describe: (item: T) => string,
): Row[] {
  return pairs.map(({ name, before, after }) => {
    const only = [before, after].find((it) => it !== undefined);
    const both = before !== undefined && after !== undefined;
    const detail = both ? differs(before, after) : only === undefined ? "" : describe(only);
    return { operation: operationOf(before, after), kind, name, detail };
  });
}
