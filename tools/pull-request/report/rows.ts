import { Operation } from "./changes";

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
